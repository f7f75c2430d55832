/** One schema over one node: keys in any spelling, unknown keys told, each wrong value complained of at its own place. */
import * as z from 'zod';
import { didYouMean, nearest } from '../base/nearest.ts';
import type { Finding, Severity } from './complaint.ts';
import { type PlainValue, type YamlNode, isNull, plainOf, foundOf } from './node.ts';
import type { Span } from './span.ts';

/** Letters' case, `-` and `_` say nothing in Cupola's keys. */
export const alike = (key: string): string => key.replace(/[-_]/g, '').toLowerCase();

/** `maxDelay` as the docs write it: `max-delay`. */
export const kebab = (key: string): string => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

export interface ShapeContext {
  /** Whose keys these are, as a sentence says it: `"thermo1"`, `host "lab-a"`. */
  readonly where: string;
  /** Of a wrong value. */
  readonly severity: Severity;
  readonly findings: Finding[];
  /** Keys that somebody else reads from the same map. */
  readonly others?: readonly string[];
}

/** Reads a node; undefined after a complaint of the context's severity. */
export type Shape<T> = (node: YamlNode, context: ShapeContext) => T | undefined;

/** Make the reader of `schema`. */
export function shapeOf<T>(schema: z.ZodType<T>): Shape<T> {
  const keys = keysOf(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }));
  return (node, context) => {
    const parsed = schema.safeParse(canonical(node, keys, context, true));
    if (parsed.success) return parsed.data;
    const issues = parsed.error.issues.map(deepest);
    // Of one place the first complaint is enough: a list is also too short for a text.
    const firsts = new Map(issues.toReversed().map((issue) => [JSON.stringify(issue.path), issue]));
    for (const issue of issues)
      if (firsts.get(JSON.stringify(issue.path)) === issue) context.findings.push(findingOf(issue, node, context));
    return undefined;
  };
}

/** What is known of the keys below a place. */
interface Keys {
  readonly properties?: ReadonlyMap<string, { readonly name: string; readonly keys: Keys }>;
  readonly items?: Keys;
}

function keysOf(schema: unknown): Keys {
  if (!isRecord(schema)) return {};
  const choices = Array.isArray(schema.anyOf) ? schema.anyOf.map(keysOf) : [];
  const chosen = choices.find(({ properties }) => properties) ?? choices.find(({ items }) => items) ?? {};
  const items = schema.items === undefined ? chosen.items : keysOf(schema.items);
  const properties = isRecord(schema.properties)
    ? new Map(Object.entries(schema.properties).map(([name, below]) => [alike(name), { name, keys: keysOf(below) }]))
    : chosen.properties;
  return { ...(items ? { items } : {}), ...(properties ? { properties } : {}) };
}

function canonical(node: YamlNode, keys: Keys, context: ShapeContext, top: boolean): PlainValue {
  if (node.kind === 'list' && keys.items)
    return node.items.map((item) => canonical(item, keys.items ?? {}, context, false));
  if (node.kind !== 'map' || !keys.properties) return plainOf(node);
  const object: { [key: string]: PlainValue } = Object.create(null);
  for (const { key, keySpan, value } of node.pairs) {
    const known = keys.properties.get(alike(key));
    if (!known) {
      if (top && context.others?.includes(key)) continue;
      if (!key.startsWith('x-')) context.findings.push(unknownKey(key, keySpan, keys, context, top));
      continue;
    }
    if (known.name in object)
      context.findings.push({
        span: keySpan,
        severity: 'W',
        code: 'CONFIG_KEY_TWICE',
        facts: { key },
        kept: 'the last',
      });
    if (!isNull(value)) object[known.name] = canonical(value, known.keys, context, false);
  }
  return object;
}

function unknownKey(key: string, span: Span, keys: Keys, context: ShapeContext, top: boolean): Finding {
  const names = [...(keys.properties?.values() ?? [])]
    .map(({ name }) => kebab(name))
    .concat(top ? (context.others ?? []) : []);
  return unknownKeyFinding(key, span, names, context.where);
}

/** The warning about a key that nobody reads; `known` are the words to suggest. */
export function unknownKeyFinding(key: string, span: Span, known: readonly string[], where: string): Finding {
  const [word = '', ...rest] = key.split(':');
  if (rest.length > 0 && known.some((name) => alike(name) === alike(word))) {
    return { span, severity: 'W', code: 'CONFIG_COLON_SPACE', facts: { word, rest: rest.join(':') } };
  }
  return { span, severity: 'W', code: 'CONFIG_KEY_UNKNOWN', facts: { key, where, near: didYouMean(key, known) } };
}

type Issue = z.core.$ZodIssue;

/** Of a choice between forms, the complaint of the form that was meant. */
function deepest(issue: Issue): Issue {
  if (issue.code !== 'invalid_union') return issue;
  const branches = issue.errors.filter(
    (branch) => branch.length > 0 && !branch.some(({ code, path }) => code === 'invalid_type' && path.length === 0),
  );
  const [first] = branches.flatMap((branch) => branch.slice(0, 1)).toSorted((a, b) => b.path.length - a.path.length);
  if (!first) return issue;
  const inner = deepest(first);
  return { ...inner, path: [...issue.path, ...inner.path] };
}

function findingOf(issue: Issue, root: YamlNode, { where, severity }: ShapeContext): Finding {
  const { node, span, names } = locate(root, issue.path);
  const key = names.join('.');
  if (issue.code === 'invalid_type' && node === undefined) {
    return { span, severity, code: 'CONFIG_KEY_MISSING', facts: { key, where, remedy: `Add "${key}"` } };
  }
  const { problem, remedy } = problemOf(issue, node);
  const secret = /(?:^|\.)(?:env|settings)(?:\.|$)/.test(key);
  const found = node && !secret ? foundOf(node) : '';
  return {
    span,
    severity,
    code: 'CONFIG_VALUE',
    ...(secret ? { secret } : {}),
    facts: { key: `"${key}"`, found, where, problem, remedy },
  };
}

function problemOf(issue: Issue, node: YamlNode | undefined): { problem: string; remedy: string } {
  if (issue.code === 'invalid_value') {
    const known = issue.values.map(String);
    const near = node?.kind === 'scalar' ? nearest(node.source, known) : undefined;
    const remedy = `Use one of: ${known.join(', ')}`;
    return { problem: near === undefined ? 'it is none of the known words' : `did you mean "${near}"?`, remedy };
  }
  if (issue.code === 'invalid_type') {
    const wanted = TYPE_WORDS[issue.expected] ?? issue.expected;
    const own = issue.message.startsWith('Invalid input') ? `it must be ${wanted}` : issue.message;
    return { problem: own, remedy: `Give ${wanted}` };
  }
  if (issue.code === 'invalid_union')
    return {
      problem: issue.message === 'Invalid input' ? 'it has none of the forms allowed here' : issue.message,
      remedy: 'See the site config reference',
    };
  if (issue.code === 'too_small' || issue.code === 'too_big') {
    const bound = issue.code === 'too_small' ? `at least ${issue.minimum}` : `at most ${issue.maximum}`;
    const own = issue.message.startsWith('Too ') ? `it must be ${bound}` : issue.message;
    return { problem: own, remedy: `Give ${bound}` };
  }
  return { problem: issue.message, remedy: node ? 'See the site config reference' : 'Give it, or leave the key out' };
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  object: 'a map',
  record: 'a map',
  array: 'a list',
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

/** The node at a path of canonical keys and the keys as written; where it is missing, the place of what should hold it. */
function locate(
  root: YamlNode,
  path: readonly PropertyKey[],
): { node: YamlNode | undefined; span: Span; names: string[] } {
  let node: YamlNode | undefined = root;
  let span = root.span;
  const names: string[] = [];
  for (const part of path) {
    const next: { key?: string; value: YamlNode; keySpan: Span } | undefined = node && step(node, part);
    if (typeof part === 'string') names.push(next?.key ?? kebab(part));
    node = next?.value;
    if (next) span = next.value.kind === 'scalar' ? next.value.span : next.keySpan;
  }
  return { node, span, names };
}

function step(node: YamlNode, part: PropertyKey): { key?: string; value: YamlNode; keySpan: Span } | undefined {
  if (node.kind === 'map')
    return (
      node.pairs.find(({ key }) => key === part) ?? node.pairs.findLast(({ key }) => alike(key) === alike(String(part)))
    );
  const item = node.kind === 'list' ? node.items[Number(part)] : undefined;
  return item && { value: item, keySpan: item.span };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
