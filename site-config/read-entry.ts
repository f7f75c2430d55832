/** One entry of `agent-instances`: who it is, and what is wanted of it. */
import { nameProblem } from '../protocol/topics.ts';
import type { Finding } from './complaint.ts';
import { entryOf } from './entry.ts';
import { EntryKeys, OCS_ENTRY_KEYS } from './entry-keys.ts';
import { readManage } from './manage.ts';
import { type MapNode, type YamlNode, childOf, isNull, pairOf, foundOf } from './node.ts';
import { reviewClass, reviewIdleKeys, reviewNeeds } from './review-entry.ts';
import { alike, shapeOf } from './shape.ts';
import type { AutoRefresh, Entry, EntryPlace } from './site.ts';
import type { Span } from './span.ts';

/** Who an entry is; read before its keys, so that a bad entry still has a name. */
export interface Identity {
  readonly node: MapNode;
  readonly instanceId: string;
  readonly idSpan: Span;
  readonly agentClass: string;
}

export interface HostGiven {
  readonly defaults: EntryKeys;
  readonly autoRefresh: AutoRefresh;
  readonly user?: string | undefined;
  readonly ocsPython?: string | undefined;
  /** Installed classes; undefined where nobody knows them. */
  readonly classes?: ReadonlySet<string> | undefined;
  /** This HostManager runs as root, so that `user` can be obeyed; undefined where nobody knows. */
  readonly asRoot?: boolean | undefined;
}

const readKeys = shapeOf(EntryKeys);
const CLASS = /^[A-Za-z][A-Za-z0-9_.]{0,63}$/;
/** Read class and id; undefined after a complaint. */
export function readIdentity(node: YamlNode, findings: Finding[]): Identity | undefined {
  const bad = (span: Span, code: Finding['code'], facts: Record<string, unknown>): undefined => {
    findings.push({ span, severity: 'E', code, facts });
  };
  if (node.kind !== 'map') {
    return bad(node.span, 'CONFIG_VALUE', {
      key: 'entry',
      found: foundOf(node),
      where: '"agent-instances"',
      problem: 'it must be a map',
      remedy: 'Write "{agent-class: CLASS, instance-id: NAME}"',
    });
  }
  const classNode = childOf(node, 'agent-class');
  const agentClass = classNode && textOf(classNode);
  const idPair = pairOf(node, 'instance-id');
  if (!idPair || isNull(idPair.value)) {
    const misspelt = node.pairs.find(({ key }) => key !== 'instance-id' && alike(key) === 'instanceid');
    const near = misspelt === undefined ? '' : `; did you mean "instance-id" by "${misspelt.key}"?`;
    const span = (idPair ?? misspelt)?.keySpan ?? node.span;
    return bad(span, 'CONFIG_ID_MISSING', {
      agentClass: agentClass === undefined ? 'unknown' : `"${agentClass}"`,
      near,
    });
  }
  const instanceId = textOf(idPair.value);
  const problem = instanceId === undefined ? 'it must be text' : nameProblem(instanceId);
  if (instanceId === undefined || problem !== undefined) {
    return bad(idPair.value.span, 'CONFIG_VALUE', {
      key: '"instance-id"',
      found: foundOf(idPair.value),
      where: 'an entry',
      problem,
      remedy: 'Use letters, digits, "_" and "-", at most 64',
    });
  }
  if (!classNode || isNull(classNode))
    return bad(idPair.keySpan, 'CONFIG_KEY_MISSING', {
      key: 'agent-class',
      where: `"${instanceId}"`,
      remedy: 'Add "agent-class: CLASS"',
    });
  if (agentClass === undefined || !CLASS.test(agentClass)) {
    return bad(classNode.span, 'CONFIG_VALUE', {
      key: '"agent-class"',
      found: foundOf(classNode),
      where: `"${instanceId}"`,
      problem: 'it must be a letter, then letters, digits, "_" and ".", at most 64',
      remedy: 'Name a class',
    });
  }
  return { node, instanceId, idSpan: idPair.value.span, agentClass };
}

/** Read the rest; undefined after a complaint. */
export function readEntry(
  identity: Identity,
  host: HostGiven,
  place: EntryPlace,
  findings: Finding[],
): Entry | undefined {
  const { node, instanceId, agentClass } = identity;
  const where = `"${instanceId}"`;
  const args = readArguments(pairOf(node, 'arguments')?.value, where, findings);
  const { manage, findings: aboutManage } = readManage(childOf(node, 'manage'), instanceId);
  findings.push(...aboutManage);
  const own = readKeys(node, { where, severity: 'E', findings, others: OCS_ENTRY_KEYS });
  if (!args || !manage || !own) return undefined;
  if (!manage.ignored) reviewClass(identity, host, findings);
  reviewIdleKeys(identity, own, manage.manage, findings);
  const keys: EntryKeys = { ...host.defaults, ...own };
  if (!reviewNeeds(identity, keys, host, manage.manage, findings)) return undefined;
  const known = host.classes?.has(agentClass) ?? true;
  const foreign = host.ocsPython !== undefined && !known;
  return entryOf({ instanceId, agentClass, args, manage, keys, foreign, inherited: host, place });
}

/** OCS's `arguments`: nested lists flattened, each scalar as Python's str() shows it. */
export function readArguments(node: YamlNode | undefined, where: string, findings: Finding[]): string[] | undefined {
  if (!node || isNull(node)) return [];
  if (node.kind !== 'list') {
    findings.push({
      span: node.span,
      severity: 'E',
      code: 'CONFIG_VALUE',
      facts: {
        key: '"arguments"',
        found: foundOf(node),
        where,
        problem: 'it must be a list',
        remedy: "Write \"arguments: ['--flag', 'value']\"",
      },
    });
    return undefined;
  }
  const words: string[] = [];
  const problem = flatten(node.items, words);
  if (!problem) return words;
  findings.push({
    span: problem.span,
    severity: 'E',
    code: 'CONFIG_VALUE',
    facts: {
      key: '"arguments"',
      found: foundOf(problem),
      where,
      problem: 'it holds a map',
      remedy: 'Give words and lists of words',
    },
  });
  return undefined;
}

function flatten(items: readonly YamlNode[], words: string[]): YamlNode | undefined {
  for (const item of items) {
    if (item.kind === 'map') return item;
    if (item.kind === 'scalar') words.push(item.scalar.python);
    else {
      const problem = flatten(item.items, words);
      if (problem) return problem;
    }
  }
  return undefined;
}

/** The text of a scalar that may look like a number: names are often digits. */
export const textOf = (node: YamlNode): string | undefined =>
  node.kind === 'scalar' && node.scalar.type !== 'null'
    ? node.scalar.type === 'text'
      ? node.source
      : node.scalar.python
    : undefined;
