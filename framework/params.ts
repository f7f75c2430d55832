/** Params and settings read by their zod schema, every problem told in words, path first (framework §4). */
import * as z from 'zod';
import { didYouMean } from '../base/nearest.ts';

export type ObjectSchema = z.ZodObject;
export type Checked = { ok: true; value: Record<string, unknown> } | { ok: false; problems: string[] };

const PROBLEMS_MAX = 10;

/** Read `given` strictly and without coercion. Missing, null or `{}` mean none; null for a key with a default means not given. */
export function checkParams(schema: ObjectSchema | undefined, given: unknown): Checked {
  const strict = (schema ?? z.object({})).strict();
  if (given !== undefined && given !== null && !isPlainObject(given)) {
    return { ok: false, problems: [`params: ${shown(given)} is not an object`] };
  }
  const parsed = strict.safeParse(withoutNulls(strict, given ?? {}));
  if (parsed.success) return { ok: true, value: parsed.data };
  const problems = parsed.error.issues.flatMap((issue) => problemsOf(issue, strict, given ?? {}));
  const more = problems.length - PROBLEMS_MAX;
  return { ok: false, problems: more > 0 ? [...problems.slice(0, PROBLEMS_MAX), `and ${more} more`] : problems };
}

/** The params as they may be shown: `secret` ones as dots. */
export function shownParams(schema: ObjectSchema | undefined, value: Record<string, unknown>): Record<string, unknown> {
  const shape: Record<string, z.core.$ZodType> = schema?.shape ?? {};
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, shape[key] && isSecret(shape[key]) ? '•••' : plain(item)]),
  );
}

/** What a schema has made of a param may be no JSON any more; it is shown as text then. */
function plain(item: unknown): unknown {
  try {
    const text = JSON.stringify(item);
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return String(item);
  }
}

function problemsOf(issue: z.core.$ZodIssue, schema: ObjectSchema, given: Record<string, unknown>): string[] {
  const path = issue.path.join('.') || 'params';
  const found = issue.path.reduce<unknown>(
    (value, key) => (isIndexable(value) ? value[String(key)] : undefined),
    given,
  );
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = Object.keys(schema.shape);
      const prefix = issue.path.length > 0 ? `${path}.` : '';
      return issue.keys.map((key) => `${prefix}${key}: unexpected${didYouMean(key, prefix ? [] : known)}`);
    }
    case 'invalid_type': {
      if (found === undefined) return [`${path}: required, ${issue.expected}${unitOf(schema, issue.path)}`];
      return [`${path}: ${shown(found)} is not ${article(issue.expected)}`];
    }
    case 'invalid_value': {
      const values = issue.values.map((value) => JSON.stringify(value));
      if (found === undefined) return [`${path}: required, ${values.join(' or ')}`];
      return [`${path}: ${shown(found)} is not ${values.join(' or ')}`];
    }
    case 'too_small':
      return [`${path}: ${sized(found)} is less than ${issue.minimum}${unitOf(schema, issue.path)}`];
    case 'too_big':
      return [`${path}: ${sized(found)} is more than ${issue.maximum}${unitOf(schema, issue.path)}`];
    default:
      return [`${path}: ${issue.message}`];
  }
}

/** A null where the key need not be given counts as not given. */
function withoutNulls(schema: ObjectSchema, given: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(given).filter(([key, value]) => {
      const field = Object.hasOwn(schema.shape, key) ? schema.shape[key] : undefined;
      return value !== null || !field || !z.safeParse(field, undefined).success || z.safeParse(field, null).success;
    }),
  );
}

const isPlainObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isIndexable = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const isSecret = (schema: z.core.$ZodType): boolean => z.globalRegistry.get(schema)?.['secret'] === true;
const shown = (value: unknown): string => JSON.stringify(value)?.slice(0, 80) ?? String(value);
const sized = (value: unknown): string =>
  typeof value === 'string' || Array.isArray(value) ? `length ${value.length}` : shown(value);
const article = (type: string): string => (/^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`);

function unitOf(schema: ObjectSchema, path: PropertyKey[]): string {
  const field = path.length === 1 ? schema.shape[String(path[0])] : undefined;
  const unit = field && z.globalRegistry.get(field)?.['unit'];
  return typeof unit === 'string' ? ` in ${unit}` : '';
}
