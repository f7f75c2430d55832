/** A value of the site config with its place in the text at every node. */
import type { Scalar, ScalarValue } from './scalar.ts';
import type { Span } from './span.ts';

export interface ScalarNode {
  readonly kind: 'scalar';
  readonly span: Span;
  readonly scalar: Scalar;
  /** As written, quotes and escapes resolved. */
  readonly source: string;
}

export interface ListNode {
  readonly kind: 'list';
  readonly span: Span;
  readonly items: YamlNode[];
}

export interface Pair {
  /** The key as Python's str() shows it. */
  readonly key: string;
  readonly keySpan: Span;
  readonly value: YamlNode;
}

export interface MapNode {
  readonly kind: 'map';
  readonly span: Span;
  /** Each key once, merges resolved. */
  readonly pairs: Pair[];
}

export type YamlNode = ScalarNode | ListNode | MapNode;

export type PlainValue = ScalarValue | PlainValue[] | { [key: string]: PlainValue };

export const isNull = (node: YamlNode): boolean => node.kind === 'scalar' && node.scalar.type === 'null';

export const pairOf = (node: YamlNode | undefined, key: string): Pair | undefined =>
  node?.kind === 'map' ? node.pairs.find((pair) => pair.key === key) : undefined;

export const childOf = (node: YamlNode | undefined, key: string): YamlNode | undefined => pairOf(node, key)?.value;

/** The value without its places. Objects have no prototype, so that no key can reach one. */
export function plainOf(node: YamlNode): PlainValue {
  if (node.kind === 'scalar') return node.scalar.value;
  if (node.kind === 'list') return node.items.map(plainOf);
  const object: { [key: string]: PlainValue } = Object.create(null);
  for (const { key, value } of node.pairs) object[key] = plainOf(value);
  return object;
}

/** The same as it follows the name of a key: nothing where a sentence would not gain by it. */
export const foundOf = (node: YamlNode): string => (node.kind === 'scalar' ? ` ${shownOf(node)}` : '');

/** How a found value is named in a sentence: short, in quotes where it is text. */
export function shownOf(node: YamlNode): string {
  if (node.kind === 'list') return 'a list';
  if (node.kind === 'map') return 'a map';
  if (node.scalar.type === 'null') return 'nothing';
  const short = node.source.length > 60 ? `${node.source.slice(0, 60)}…` : node.source;
  return typeof node.scalar.value === 'string' ? `"${short.replaceAll('\n', '\\n')}"` : short;
}
