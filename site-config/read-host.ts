/** One host block: its own keys, its HostManager, its children. */
import * as z from 'zod';
import type { Finding } from './complaint.ts';
import { EntryKeys } from './entry-keys.ts';
import { type MapNode, type YamlNode, childOf, isNull, pairOf, foundOf } from './node.ts';
import { type HostGiven, type Identity, readArguments, readEntry, readIdentity } from './read-entry.ts';
import { isIdleKey, noteIdleKeys, readMqtt } from './read-hub.ts';
import { shapeOf } from './shape.ts';
import type { AutoRefresh, Entry, EntryPlace, HostBlock, Mqtt } from './site.ts';
import { type Span } from './span.ts';
import { orderProblems } from './start-order.ts';

export const ENTRIES_MAX = 1000;

/** What a block has from the rest of the file, and from who reads it. */
export interface SiteGiven {
  readonly file: string;
  readonly mqtt: Mqtt;
  readonly plugins: readonly string[];
  readonly autoRefresh: AutoRefresh;
  readonly user?: string | undefined;
  readonly classes?: ReadonlySet<string> | undefined;
  readonly asRoot?: boolean | undefined;
  readonly placeOf: (span: Span) => { line: number; column: number };
  /** Where each instance-id of the site was first seen, letters' case not counted. */
  readonly taken: Map<string, number>;
}

const Text = z.string({ error: 'it must be text; put it in quotes' }).min(1, { error: 'it is empty' });
export const AutoRefreshKey = z.union([z.boolean(), z.literal('lab')], { error: 'it must be false, true or lab' });
export const PluginsKey = z.array(Text, { error: 'it must be a list of packages or folders' });
const readKeys = shapeOf(
  z.object({
    autoRefresh: AutoRefreshKey.optional(),
    user: Text.optional(),
    ocsPython: Text.optional(),
    plugins: PluginsKey.optional(),
  }),
);
const readDefaults = shapeOf(EntryKeys);

const OCS_KEYS = [
  'agent-instances',
  'log-dir',
  'wamp_server',
  'wamp_http',
  'wamp_realm',
  'crossbar',
  'crossbar_timeout',
  'crossbar-timeout',
];

/** Read a block; undefined after a complaint that spoils it whole. */
export function readHost(
  name: string,
  block: YamlNode,
  keySpan: Span,
  site: SiteGiven,
  findings: Finding[],
): HostBlock | undefined {
  const where = `host "${name}"`;
  const own: Finding[] = [];
  const read = readBlock(name, block, keySpan, { site, where, findings: own });
  findings.push(...own.map((finding) => ({ ...finding, host: name })));
  return own.some(({ severity }) => severity === 'B' || severity === 'F') ? undefined : read;
}

interface Reading {
  readonly site: SiteGiven;
  readonly where: string;
  readonly findings: Finding[];
}

function readBlock(
  name: string,
  block: YamlNode,
  keySpan: Span,
  { site, where, findings }: Reading,
): HostBlock | undefined {
  const bad = (node: YamlNode, key: string, problem: string, remedy: string): undefined => {
    findings.push({
      span: node.span,
      severity: 'B',
      code: 'CONFIG_VALUE',
      facts: { key, found: foundOf(node), where, problem, remedy },
    });
  };
  const map: MapNode | undefined =
    block.kind === 'map' ? block : isNull(block) ? { kind: 'map', span: keySpan, pairs: [] } : undefined;
  if (!map) return bad(block, 'the block', 'it must be a map', 'Write "agent-instances: []" below it');
  noteIdleKeys(map, where, findings);
  const others = [...OCS_KEYS, 'mqtt', 'defaults', ...map.pairs.map(({ key }) => key).filter(isIdleKey)];
  const keys = readKeys(map, { where, severity: 'B', findings, others });
  const mqttNode = childOf(map, 'mqtt');
  const mqtt =
    mqttNode && !isNull(mqttNode) ? readMqtt(mqttNode, site.mqtt, { where, severity: 'B', findings }) : site.mqtt;
  const defaultsNode = childOf(map, 'defaults');
  const defaults =
    defaultsNode && !isNull(defaultsNode)
      ? readDefaults(defaultsNode, { where: `the defaults of ${where}`, severity: 'B', findings })
      : {};
  const logDir = childOf(map, 'log-dir');
  if (logDir && !isNull(logDir) && logDir.kind !== 'scalar')
    return bad(logDir, '"log-dir"', 'it must be the name of a folder', 'Give a folder');
  const list = pairOf(map, 'agent-instances');
  if (list && !isNull(list.value) && list.value.kind !== 'list')
    return bad(list.value, '"agent-instances"', 'it must be a list', 'Begin each entry with "- "');
  if (!list)
    findings.push({
      span: keySpan,
      severity: 'W',
      code: 'CONFIG_KEY_MISSING',
      facts: { key: 'agent-instances', where, remedy: 'Add "agent-instances: []"' },
      kept: 'no agents',
    });
  if (!keys || !mqtt || !defaults) return undefined;
  const items = list?.value.kind === 'list' ? list.value.items : [];
  if (list && items.length > ENTRIES_MAX) {
    findings.push({
      span: list.keySpan,
      severity: 'F',
      code: 'CONFIG_LIMIT',
      facts: { problem: `${items.length} entries on ${where}, at most ${ENTRIES_MAX}` },
    });
    return undefined;
  }
  const given = {
    defaults,
    ...nearestOf(keys, site),
    ocsPython: keys.ocsPython,
    classes: site.classes,
    asRoot: site.asRoot,
  };
  const { identities, hostManager } = readIdentities(name, items, site, findings);
  const entries = readEntries(name, identities, given, site, findings);
  return {
    name,
    logDir: logDir?.kind === 'scalar' && !isNull(logDir) ? logDir.scalar.python : undefined,
    entries,
    hostManager,
    plugins: [...site.plugins, ...(keys.plugins ?? [])],
    mqtt,
    autoRefresh: given.autoRefresh,
    user: given.user,
    ocsPython: keys.ocsPython,
    broken: findings.some(({ severity }) => severity === 'E'),
  };
}

const nearestOf = (keys: { autoRefresh?: AutoRefresh | undefined; user?: string | undefined }, site: SiteGiven) => ({
  autoRefresh: keys.autoRefresh ?? site.autoRefresh,
  user: keys.user ?? site.user,
});

/** Names first: which entries there are, each id once at the site, the HostManager apart. */
function readIdentities(name: string, items: readonly YamlNode[], site: SiteGiven, findings: Finding[]) {
  const identities: Identity[] = [];
  let hostManager: HostBlock['hostManager'] | undefined;
  for (const item of items) {
    const identity = readIdentity(item, findings);
    if (!identity || !free(identity, site, findings)) continue;
    if (identity.agentClass !== 'HostManager') identities.push(identity);
    else hostManager = hostManagerOf(name, identity, hostManager, findings) ?? hostManager;
  }
  return {
    identities,
    hostManager: hostManager ?? { instanceId: `hm-${name.replaceAll('.', '-')}`.slice(0, 64), args: [] },
  };
}

function free({ node, instanceId, idSpan }: Identity, site: SiteGiven, findings: Finding[]): boolean {
  // An ignored entry is not managed, so that an agent can be moved by ignoring it at the old host.
  const manage = childOf(node, 'manage');
  if (manage?.kind === 'scalar' && (manage.scalar.value === false || ['ignore', 'no'].includes(manage.source)))
    return true;
  const line = site.taken.get(instanceId.toLowerCase());
  if (line !== undefined) {
    findings.push({
      span: idSpan,
      severity: 'E',
      code: 'CONFIG_ID_TWICE',
      facts: { instanceId, line },
      instanceId,
      kept: 'the first',
    });
    return false;
  }
  site.taken.set(instanceId.toLowerCase(), site.placeOf(idSpan).line);
  return true;
}

function hostManagerOf(
  name: string,
  { node, instanceId, idSpan }: Identity,
  first: HostBlock['hostManager'] | undefined,
  findings: Finding[],
) {
  const where = `"${instanceId}"`;
  if (first) {
    const facts = {
      key: 'instance-id',
      where,
      why: `: "${first.instanceId}" is the HostManager of this host already`,
      remedy: 'Leave one of them out',
    };
    findings.push({ span: idSpan, severity: 'W', code: 'CONFIG_KEY_IDLE', facts, instanceId, kept: first.instanceId });
    return undefined;
  }
  if (instanceId !== `hm-${name}`) {
    findings.push({
      span: idSpan,
      severity: 'N',
      code: 'CONFIG_MANAGER_NAME',
      facts: { host: name, instanceId },
      instanceId,
    });
  }
  const args = readArguments(childOf(node, 'arguments'), where, findings);
  return { instanceId, args: args ?? [] };
}

function readEntries(
  name: string,
  identities: readonly Identity[],
  host: HostGiven,
  site: SiteGiven,
  findings: Finding[],
): Entry[] {
  const entries = new Map<Entry, Identity>();
  for (const identity of identities) {
    const own: Finding[] = [];
    const { line, column } = site.placeOf(identity.node.span);
    const place: EntryPlace = { file: site.file, line, column };
    const entry = readEntry(identity, host, place, own);
    for (const finding of own) findings.push({ ...finding, instanceId: identity.instanceId });
    if (entry) entries.set(entry, identity);
  }
  const managed = [...entries.keys()].filter(({ ignored }) => !ignored);
  const ignored = new Set([...entries.keys()].filter(({ ignored }) => ignored).map(({ instanceId }) => instanceId));
  const known = new Set(identities.map(({ instanceId }) => instanceId).filter((id) => !ignored.has(id)));
  const refused = new Set<string>();
  for (const problem of orderProblems(managed, known)) {
    const identity = identities.find(({ instanceId }) => instanceId === problem.instanceId);
    const span = (identity && childOf(identity.node, 'after')?.span) ?? identity?.idSpan ?? { start: 0, end: 0 };
    refused.add(problem.instanceId);
    const code = problem.kind === 'unknown' ? 'CONFIG_AFTER_UNKNOWN' : 'CONFIG_AFTER_CYCLE';
    findings.push({ span, severity: 'E', code, facts: { ...problem, host: name }, instanceId: problem.instanceId });
  }
  return [...entries.keys()].filter(({ instanceId, ignored }) => ignored || !refused.has(instanceId));
}
