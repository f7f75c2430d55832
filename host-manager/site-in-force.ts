/** The site config as this host lives by it: the newest reading, with the last good form of whatever it spoils. */
import { type Outcome, ok } from '../base/fault.ts';
import type { FoundSite } from '../site-config/find-site.ts';
import { type ParseStatus, inForce, isBroken, parseStatus } from '../site-config/last-good.ts';
import type { Entry, HostBlock, SiteConfig } from '../site-config/site.ts';
import { implicitBroker } from './implicit-broker.ts';
import { writeLastGood } from '../store/last-good-file.ts';

export interface SiteInForce {
  config: SiteConfig;
  block: HostBlock;
  /** Entries of this host that are managed. */
  entries: readonly Entry[];
  /** Absolute path of the module of each installed class. */
  classes: ReadonlyMap<string, { module: string }>;
  /** Of the file as it is now, also where an older one stays in force. */
  status: ParseStatus;
  /** One line each. */
  complaints: readonly string[];
  /** Absolute path, or undefined for the built-in site. */
  path: string | undefined;
}

/** Read it anew; fails only where there never was a good one. `runs`: does an instance of this host live now? */
export function readInForce(
  read: () => Outcome<FoundSite>,
  before: SiteInForce | undefined,
  runs: (id: string) => boolean,
  nowMs: number,
): Outcome<SiteInForce> {
  const found = read();
  if (!found.ok) {
    const { message } = found.fault;
    return before ? ok({ ...before, status: [false, nowMs / 1_000, message], complaints: [message] }) : found;
  }
  const { config, complaints, host, classes, stateDir, located, path } = found.value;
  const status = parseStatus(complaints, host, nowMs);
  const force = inForce({ config, complaints: [...complaints] }, before?.config) ?? config;
  const block = force.hosts.get(host) ?? found.value.block;
  if (status[0] && !isBroken(config) && !located.none) writeLastGood(stateDir, host, located.text);
  const implicit = implicitBroker(force, runs('broker'));
  const listed = block.entries.filter(({ ignored }) => !ignored);
  return ok({
    config: force,
    block,
    entries: implicit ? [implicit, ...listed] : listed,
    classes,
    status,
    complaints: status[2] === '' ? [] : status[2].split('\n'),
    path,
  });
}
