/** YAML text to one value with a place at each node, understood as PyYAML understands it (spec: site config, §8). */
import { EVENT_ID, type Event, SCALAR_STYLE, YAMLException, getScalarValue, parseEvents } from 'js-yaml';
import type { FaultCode } from '../base/fault.ts';
import type { Finding } from './complaint.ts';
import { PaddedError, type Padded, parsePadded } from './flow-indent.ts';
import { mergePairs } from './merge-keys.ts';
import type { YamlNode } from './node.ts';
import { type CoreTag, type Scalar, resolvePlain, resolveTagged, text as textScalar } from './scalar.ts';
import type { Span } from './span.ts';
import { troubleOf } from './yaml-trouble.ts';

export const LIMITS = { bytes: 4 * 1024 * 1024, depth: 64, aliases: 1000, nodes: 500_000 } as const;

export interface YamlReading {
  /** Undefined where a finding spoils the file. */
  readonly node: YamlNode | undefined;
  readonly findings: Finding[];
}

/** Read `source` (without a byte order mark). Never throws. */
export function readYaml(source: string): YamlReading {
  const findings: Finding[] = [];
  try {
    return { node: compose(source, findings), findings };
  } catch (thrown) {
    if (thrown instanceof Refusal) findings.push(thrown.finding);
    else if (thrown instanceof PaddedError && thrown.thrown instanceof YAMLException) {
      const { reason, mark } = thrown.thrown;
      findings.push(troubleOf(source, reason, thrown.padded.origin(mark?.position ?? 0)));
    } else throw thrown;
    return { node: undefined, findings };
  }
}

/** Leaves the composer at the first thing that spoils the file. */
class Refusal extends Error {
  readonly finding: Finding;
  constructor(span: Span, code: FaultCode, facts: Record<string, unknown>) {
    super(code);
    this.finding = { span, severity: 'F', code, facts };
  }
}

const NOWHERE: Span = { start: 0, end: 0 };
const CORE = /^(?:!!|!<tag:yaml\.org,2002:)(\w+)>?$/;

/** A node with what it weighs when every alias in it is written out. */
interface Weighed {
  readonly node: YamlNode;
  readonly nodes: number;
  readonly depth: number;
}

interface Composer {
  /** Offsets of events count in its text; those of spans in what was written. */
  readonly padded: Padded;
  readonly events: readonly Event[];
  readonly findings: Finding[];
  readonly anchors: Map<string, Weighed | 'open'>;
  next: number;
  aliases: number;
}

function compose(source: string, findings: Finding[]): YamlNode {
  if (Buffer.byteLength(source) > LIMITS.bytes)
    throw new Refusal(NOWHERE, 'CONFIG_LIMIT', { problem: 'more than 4 MiB of text' });
  // One level beyond the limit is parsed, so that the complaint is ours and names the place.
  const { parsed: events, padded } = parsePadded(
    source,
    (text) => parseEvents(text, { maxDepth: LIMITS.depth + 2 }),
    deficientAt,
  );
  const composer: Composer = { padded, events, findings, anchors: new Map(), next: 1, aliases: 0 };
  const first = events[1];
  if (first === undefined || first.type === EVENT_ID.POP) throw new Refusal(NOWHERE, 'CONFIG_EMPTY', {});
  const { node } = composeNode(composer, 1);
  refuseSign(node);
  const second = events
    .slice(composer.next)
    .find((event) => event.type !== EVENT_ID.POP && event.type !== EVENT_ID.DOCUMENT);
  if (second)
    throw new Refusal(spanOf(second, padded), 'CONFIG_SYNTAX', {
      problem: 'a second document begins here, and a site config is one',
    });
  return node;
}

function composeNode(composer: Composer, depth: number): Weighed {
  const event = composer.events[composer.next++];
  if (event === undefined) throw new Refusal(NOWHERE, 'CONFIG_SYNTAX', { problem: 'it ends in the middle of a value' });
  const span = spanOf(event, composer.padded);
  if (event.type === EVENT_ID.ALIAS)
    return aliased(composer, composer.padded.text.slice(event.anchorStart, event.anchorEnd), span, depth);
  if (depth > LIMITS.depth) throw new Refusal(span, 'CONFIG_LIMIT', { problem: `nested deeper than ${LIMITS.depth}` });
  if (event.type === EVENT_ID.DOCUMENT || event.type === EVENT_ID.POP)
    throw new Refusal(span, 'CONFIG_SYNTAX', { problem: 'a value is missing' });
  const anchor = event.anchorStart >= 0 ? composer.padded.text.slice(event.anchorStart, event.anchorEnd) : undefined;
  const tag = event.tagStart >= 0 ? composer.padded.text.slice(event.tagStart, event.tagEnd) : undefined;
  if (anchor !== undefined) {
    if (composer.anchors.has(anchor))
      throw new Refusal(span, 'CONFIG_SYNTAX', { problem: `anchor "${anchor}" is set twice` });
    composer.anchors.set(anchor, 'open');
  }
  const made = makeNode(composer, event, { span, tag, depth });
  if (made.nodes > LIMITS.nodes)
    throw new Refusal(span, 'CONFIG_LIMIT', { problem: `more than ${LIMITS.nodes} values, aliases written out` });
  if (anchor !== undefined) composer.anchors.set(anchor, made);
  return made;
}

interface Given {
  readonly span: Span;
  readonly tag: string | undefined;
  readonly depth: number;
}

function makeNode(composer: Composer, event: Event, { span, tag, depth }: Given): Weighed {
  if (event.type === EVENT_ID.SCALAR) {
    const source = getScalarValue(composer.padded.text, event);
    const scalar = scalarOf(source, event.style === SCALAR_STYLE.PLAIN, tag, span);
    return { node: { kind: 'scalar', span, scalar, source }, nodes: 1, depth: 1 };
  }
  const type = event.type === EVENT_ID.SEQUENCE ? 'seq' : 'map';
  if (tag !== undefined && tag !== '!' && CORE.exec(tag)?.[1] !== type) throw new Refusal(span, 'CONFIG_TAG', { tag });
  return type === 'seq' ? composeList(composer, span, depth) : composeMap(composer, span, depth);
}

function scalarOf(source: string, plain: boolean, tag: string | undefined, span: Span): Scalar {
  if (tag !== undefined && tag !== '!') {
    const core = CORE.exec(tag)?.[1];
    if (!isCoreTag(core)) throw new Refusal(span, 'CONFIG_TAG', { tag });
    const scalar = resolveTagged(core, source);
    if (scalar) return scalar;
    throw new Refusal(span, 'CONFIG_SYNTAX', { problem: `"${source}" is no ${core}` });
  }
  if (!plain && tag !== '!') return textScalar(source);
  const scalar = resolvePlain(source);
  if (scalar) return scalar;
  throw new Refusal(span, 'CONFIG_SYNTAX', {
    problem: `"${source}" looks like a date or a number and is none; quote it`,
  });
}

function aliased(composer: Composer, name: string, span: Span, depth: number): Weighed {
  if (++composer.aliases > LIMITS.aliases)
    throw new Refusal(span, 'CONFIG_LIMIT', { problem: `more than ${LIMITS.aliases} aliases` });
  const found = composer.anchors.get(name);
  if (found === undefined)
    throw new Refusal(span, 'CONFIG_SYNTAX', { problem: `alias "*${name}" names no anchor before it` });
  if (found === 'open')
    throw new Refusal(span, 'CONFIG_SYNTAX', { problem: `alias "*${name}" stands inside the value it names` });
  if (depth + found.depth > LIMITS.depth + 1)
    throw new Refusal(span, 'CONFIG_LIMIT', { problem: `nested deeper than ${LIMITS.depth}` });
  return found;
}

function composeList(composer: Composer, span: Span, depth: number): Weighed {
  const items: YamlNode[] = [];
  let [nodes, below, end] = [1, 0, span.end];
  while (composer.events[composer.next]?.type !== EVENT_ID.POP) {
    const at = composer.events[composer.next];
    const item = composeNode(composer, depth + 1);
    refuseSign(item.node);
    items.push(item.node);
    nodes += item.nodes;
    below = Math.max(below, item.depth);
    end = Math.max(end, at?.type === EVENT_ID.ALIAS ? composer.padded.origin(at.anchorEnd) : item.node.span.end);
  }
  composer.next++;
  return { node: { kind: 'list', span: { start: span.start, end }, items }, nodes, depth: below + 1 };
}

function composeMap(composer: Composer, span: Span, depth: number): Weighed {
  const raw: { keyNode: YamlNode; value: YamlNode }[] = [];
  let [nodes, below, end] = [1, 0, span.end];
  while (composer.events[composer.next]?.type !== EVENT_ID.POP) {
    const key = composeNode(composer, depth + 1);
    const at = composer.events[composer.next];
    const value = composeNode(composer, depth + 1);
    refuseSign(value.node);
    raw.push({ keyNode: key.node, value: value.node });
    nodes += key.nodes + value.nodes;
    below = Math.max(below, key.depth, value.depth);
    end = Math.max(end, at?.type === EVENT_ID.ALIAS ? composer.padded.origin(at.anchorEnd) : value.node.span.end);
  }
  composer.next++;
  const merged = mergePairs(raw, composer.findings);
  if (!merged.ok) throw new Refusal(merged.span, 'CONFIG_SYNTAX', { problem: merged.problem });
  return { node: { kind: 'map', span: { start: span.start, end }, pairs: merged.pairs }, nodes, depth: below + 1 };
}

function spanOf(event: Event, { text, origin }: Padded): Span {
  const [start, end] = rangeOf(event, text.length);
  return { start: origin(start), end: origin(end) };
}

function rangeOf(event: Event, length: number): readonly [number, number] {
  if (event.type === EVENT_ID.ALIAS) return [event.anchorStart - 1, event.anchorEnd];
  if (event.type === EVENT_ID.SEQUENCE || event.type === EVENT_ID.MAPPING) return [event.start, event.start + 1];
  if (event.type !== EVENT_ID.SCALAR) return [0, 0];
  if (event.valueStart < 0) return [Math.max(0, event.tagStart), Math.max(0, event.tagEnd)];
  const quoted = event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED;
  return [
    quoted ? event.valueStart - 1 : event.valueStart,
    Math.min(quoted ? event.valueEnd + 1 : event.valueEnd, length),
  ];
}

/** A plain `=` or `<<` says something as a key and nothing as a value. */
function refuseSign(node: YamlNode): void {
  if (node.kind !== 'scalar' || (node.scalar.type !== 'merge' && node.scalar.type !== 'equals')) return;
  throw new Refusal(node.span, 'CONFIG_SYNTAX', { problem: `a plain "${node.source}" is no value; quote it` });
}

/** The one complaint that is thrown only inside brackets and quotes. */
const deficientAt = (thrown: unknown): number | undefined =>
  thrown instanceof YAMLException && thrown.reason === 'deficient indentation' ? thrown.mark?.position : undefined;

const isCoreTag = (tag: string | undefined): tag is CoreTag =>
  tag !== undefined && ['null', 'bool', 'int', 'float', 'timestamp', 'str'].includes(tag);
