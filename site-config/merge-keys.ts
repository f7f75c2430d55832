/** The pairs of a YAML map: `<<` resolved, a key that comes twice told and its last value held. */
import type { Finding } from './complaint.ts';
import type { MapNode, Pair, YamlNode } from './node.ts';
import type { Span } from './span.ts';

export interface RawPair {
  readonly keyNode: YamlNode;
  readonly value: YamlNode;
}

export type Merged =
  | { readonly ok: true; readonly pairs: Pair[] }
  | { readonly ok: false; readonly span: Span; readonly problem: string };

/** Keys of the map itself win over merged ones; of merged maps in a list the first wins. */
export function mergePairs(raw: readonly RawPair[], findings: Finding[]): Merged {
  const pairs = new Map<string, Pair>();
  const own: Pair[] = [];
  for (const { keyNode, value } of raw) {
    if (keyNode.kind !== 'scalar') return { ok: false, span: keyNode.span, problem: 'a list or a map cannot be a key' };
    if (keyNode.scalar.type !== 'merge') {
      own.push({ key: keyNode.scalar.python, keySpan: keyNode.span, value });
      continue;
    }
    const sources = mergeSources(value);
    if (!sources) return { ok: false, span: value.span, problem: '"<<" takes a map or a list of maps' };
    for (const source of sources.toReversed()) {
      for (const pair of source.pairs) pairs.set(pair.key, pair);
    }
  }
  const seen = new Map<string, Span>();
  for (const pair of own) {
    const earlier = seen.get(pair.key);
    if (earlier) findings.push(twice(pair.key, earlier), twice(pair.key, pair.keySpan));
    seen.set(pair.key, pair.keySpan);
    pairs.set(pair.key, pair);
  }
  return { ok: true, pairs: [...pairs.values()] };
}

function mergeSources(value: YamlNode): MapNode[] | undefined {
  if (value.kind === 'map') return [value];
  if (value.kind !== 'list') return undefined;
  const maps = value.items.filter((item) => item.kind === 'map');
  return maps.length === value.items.length ? maps : undefined;
}

const twice = (key: string, span: Span): Finding => ({
  span,
  severity: 'W',
  code: 'CONFIG_KEY_TWICE',
  facts: { key },
  kept: 'the last',
});
