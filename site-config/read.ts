/** A site file's text to a typed site config and everything that is wrong with it, all in one pass. Pure. */
import { createHash } from 'node:crypto';
import { didYouMean } from '../base/nearest.ts';
import * as z from 'zod';
import { type Complaint, type Finding, complaintOf, complaintsFor, spoils } from './complaint.ts';
import { type MapNode, type YamlNode, isNull, pairOf, foundOf } from './node.ts';
import { AutoRefreshKey, PluginsKey, type SiteGiven, readHost } from './read-host.ts';
import { type Hub, readHub } from './read-hub.ts';
import { shapeOf } from './shape.ts';
import type { HostBlock, SiteConfig } from './site.ts';
import { type Lines, linesOf } from './span.ts';
import { readYaml } from './yaml.ts';

export interface SiteText {
  readonly text: string;
  /** As it is to be named in complaints. */
  readonly file: string;
  /** The host block that the reader is for: what spoils only others is a warning here, its own absence a complaint. */
  readonly host?: string | undefined;
  /** Installed agent classes; without them no class is complained of. */
  readonly classes?: ReadonlySet<string> | undefined;
  /** Whether the HostManager runs as root and so can obey `user`; without it no `user` is complained of. */
  readonly asRoot?: boolean | undefined;
}

export interface SiteReading {
  /** Undefined where a complaint spoils the file. */
  readonly config: SiteConfig | undefined;
  readonly complaints: Complaint[];
}

const readSiteKeys = shapeOf(
  z.object({
    autoRefresh: AutoRefreshKey.optional(),
    user: z.string({ error: 'it must be text; put it in quotes' }).min(1).optional(),
    plugins: PluginsKey.optional(),
  }),
);
/** Sections of other rooms, each read there. */
const OTHER_SECTIONS = ['hub', 'hosts', 'resources', 'scheduler', 'executor', 'alarms', 'recorder', 'notifier'];
const HOST_NAME = /^(?!\.{1,2}$)[A-Za-z0-9_.-]{1,64}$/;

/** Read a site file. Never throws, whatever the text; reads nothing else and starts nothing. */
export function readSiteConfig(given: SiteText): SiteReading {
  const text = given.text.replace(/^\uFEFF/, '');
  const lines = linesOf(text);
  const { node, findings } = readYaml(text);
  const config = node && readSite(node, given, lines, findings);
  const complaints = findings
    .map((finding) => complaintOf(finding, given.file, lines))
    .toSorted((a, b) => a.line - b.line || a.column - b.column);
  const spoilt = findings.some(({ severity }) => severity === 'F');
  return {
    config: spoilt ? undefined : config,
    complaints: given.host === undefined ? complaints : complaintsFor(given.host, complaints),
  };
}

function readSite(node: YamlNode, given: SiteText, lines: Lines, findings: Finding[]): SiteConfig | undefined {
  if (node.kind !== 'map') {
    const empty = isNull(node);
    const facts = empty
      ? {}
      : {
          key: 'the file',
          found: foundOf(node),
          where: 'the site',
          problem: 'it must be a map',
          remedy: 'Give it "hub" and "hosts"',
        };
    findings.push({ span: node.span, severity: 'F', code: empty ? 'CONFIG_EMPTY' : 'CONFIG_VALUE', facts });
    return undefined;
  }
  const keys = readSiteKeys(node, { where: 'the site', severity: 'F', findings, others: OTHER_SECTIONS });
  const hub = readHub(node, findings);
  const hosts = hostsOf(node, findings);
  if (!keys || !hub || !hosts) return undefined;
  reviewBrokers(hub, hosts, findings);
  const site: SiteGiven = {
    file: given.file,
    mqtt: hub.mqtt,
    plugins: keys.plugins ?? [],
    autoRefresh: keys.autoRefresh ?? false,
    user: keys.user,
    classes: given.classes,
    asRoot: given.asRoot,
    placeOf: (span) => lines.at(span),
    taken: new Map(),
  };
  const { blocks, brokenHosts } = readHosts(hosts, site, given.host, findings);
  return {
    file: given.file,
    revision: createHash('sha256').update(given.text).digest('hex'),
    root: hub.root,
    mqtt: hub.mqtt,
    access: hub.access,
    plugins: site.plugins,
    autoRefresh: site.autoRefresh,
    user: site.user,
    hosts: blocks,
    brokenHosts,
  };
}

function hostsOf(site: MapNode, findings: Finding[]): MapNode | undefined {
  const hosts = pairOf(site, 'hosts');
  if (hosts?.value.kind === 'map' && hosts.value.pairs.length > 0) return hosts.value;
  const said = hosts && !isNull(hosts.value) && hosts.value.kind !== 'map';
  const facts = said
    ? {
        key: '"hosts"',
        found: foundOf(hosts.value),
        where: 'the site',
        problem: 'it must be a map of host names',
        remedy: 'Write "hosts: {localhost: {agent-instances: []}}"',
      }
    : { key: 'hosts', where: 'the site', remedy: 'Write "hosts: {localhost: {agent-instances: []}}"' };
  findings.push({
    span: said ? hosts.value.span : (hosts?.keySpan ?? { start: 0, end: 1 }),
    severity: 'F',
    code: said ? 'CONFIG_VALUE' : 'CONFIG_KEY_MISSING',
    facts,
  });
  return undefined;
}

function readHosts(hosts: MapNode, site: SiteGiven, wanted: string | undefined, findings: Finding[]) {
  const blocks = new Map<string, HostBlock>();
  const brokenHosts: string[] = [];
  for (const { key, keySpan, value } of hosts.pairs) {
    if (!HOST_NAME.test(key)) {
      const facts = {
        key: 'host name',
        found: ` "${key}"`,
        where: '"hosts"',
        problem: 'a host name is letters, digits, "_", "." and "-", at most 64',
        remedy: 'Rename it',
      };
      findings.push({ span: keySpan, severity: 'B', code: 'CONFIG_VALUE', facts, host: key });
      brokenHosts.push(key);
      continue;
    }
    const block = readHost(key, value, keySpan, site, findings);
    if (block) blocks.set(key, block);
    else brokenHosts.push(key);
  }
  if (wanted !== undefined && !blocks.has(wanted) && !brokenHosts.includes(wanted)) {
    const known = hosts.pairs.map(({ key }) => key);
    findings.push({
      span: hosts.span,
      severity: 'B',
      code: 'CONFIG_HOST_UNKNOWN',
      facts: { host: wanted, known, near: didYouMean(wanted, known) },
      host: wanted,
    });
    brokenHosts.push(wanted);
  }
  return { blocks, brokenHosts };
}

/** Several machines and no word about the broker: each would look for one on itself. */
function reviewBrokers(hub: Hub, hosts: MapNode, findings: Finding[]): void {
  if (hub.mqttSaid || hosts.pairs.length < 2 || hosts.pairs.every(({ value }) => pairOf(value, 'mqtt'))) return;
  const machine = hub.machine === undefined ? '' : `; "wamp_server" names the machine ${hub.machine}`;
  findings.push({
    span: hosts.pairs[0]?.keySpan ?? hosts.span,
    severity: 'W',
    code: 'CONFIG_BROKER_UNSAID',
    facts: { machine },
  });
}

/** Is there anything here that keeps some part of the file from being used? */
export const anySpoils = (complaints: readonly Complaint[]): boolean => complaints.some(spoils);
