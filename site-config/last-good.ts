/** What stays in force when a file is broken: a broken file never stops, retires or changes a running agent (spec: site config, §5). */
import { type Complaint, headline } from './complaint.ts';
import type { SiteReading } from './read.ts';
import type { Entry, HostBlock, SiteConfig } from './site.ts';

/** The config in force: the new one, with the last good form of whatever it spoils. Undefined where there never was one. */
export function inForce(reading: SiteReading, lastGood: SiteConfig | undefined): SiteConfig | undefined {
  const { config } = reading;
  if (!config) return lastGood;
  if (!lastGood) return config;
  const hosts = new Map<string, HostBlock>();
  for (const [name, block] of config.hosts)
    hosts.set(name, block.broken ? mended(block, lastGood.hosts.get(name)) : block);
  // Only a good file takes a host away; of a broken one nobody knows what was meant.
  if (isBroken(config)) {
    for (const [name, block] of lastGood.hosts) if (!hosts.has(name)) hosts.set(name, block);
  }
  return { ...config, hosts };
}

/** Does the reading leave something out because it was wrong? Such a config does not become the last good one by itself. */
export const isBroken = (config: SiteConfig): boolean =>
  config.brokenHosts.length > 0 || [...config.hosts.values()].some(({ broken }) => broken);

/** A row of `config_parse_status`: ok, Unix seconds, the complaints of this host. */
export type ParseStatus = readonly [ok: boolean, atS: number, text: string];
/** The name that the site config has among the files of `config_parse_status`. */
export const SITE_CONFIG_STATUS = '[SCF]';

/** Not ok only where the file or this host's block was refused. */
export function parseStatus(complaints: readonly Complaint[], host: string, nowMs: number): ParseStatus {
  const own = complaints.filter((complaint) => complaint.host === undefined || complaint.host === host);
  const refused = own.some(({ severity }) => severity === 'F' || severity === 'B');
  return [!refused, nowMs / 1000, own.map(headline).join('\n')];
}

function mended(block: HostBlock, lastGood: HostBlock | undefined): HostBlock {
  if (!lastGood) return block;
  const entries = new Map<string, Entry>(lastGood.entries.map((entry) => [entry.instanceId, entry]));
  for (const entry of block.entries) {
    const before = entries.get(entry.instanceId);
    if (entry.ignored && before && !before.ignored) continue;
    entries.set(entry.instanceId, entry);
  }
  return { ...block, entries: [...entries.values()], hostManager: lastGood.hostManager };
}
