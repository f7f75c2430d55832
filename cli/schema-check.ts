/** What is wrong with params, told before anything is sent; the agent checks them again and has the last word. */
import { didYouMean } from '../base/nearest.ts';
import { isObject } from '../protocol/envelope.ts';

type Schema = Record<string, unknown>;

/** Every complaint about `value`, each led by its path. Keywords that are not known here are left to the agent. */
export function complaintsOf(value: unknown, schema: Schema, path = ''): string[] {
  const choices = [schema['anyOf'], schema['oneOf']].flatMap((list) =>
    Array.isArray(list) ? list.filter(isObject) : [],
  );
  if (choices.length > 0) {
    const told = choices.map((choice) => complaintsOf(value, choice, path));
    return told.some((complaints) => complaints.length === 0) ? [] : (told[0] ?? []);
  }
  const at = path === '' ? '' : `${path}: `;
  if (Array.isArray(schema['enum']) && !schema['enum'].includes(value)) {
    return [`${at}${show(value)} is not ${schema['enum'].map(show).join(' or ')}`];
  }
  if (schema['const'] !== undefined && value !== schema['const'])
    return [`${at}${show(value)} is not ${show(schema['const'])}`];
  if (typeof schema['type'] === 'string' && !isOfType(value, schema['type']))
    return [`${at}${show(value)} is no ${schema['type']}`];
  if (typeof value === 'number') return rangeComplaints(value, schema, at);
  if (typeof value === 'string')
    return lengthComplaints(value.length, schema, at, 'Length', 'characters').concat(
      patternComplaints(value, schema, at),
    );
  if (Array.isArray(value)) {
    const items = isObject(schema['items']) ? schema['items'] : {};
    return [
      ...lengthComplaints(value.length, schema, at, 'Items', 'items'),
      ...value.flatMap((item, i) => complaintsOf(item, items, `${path}[${i}]`)),
    ];
  }
  return isObject(value) ? keyComplaints(value, schema, path) : [];
}

function keyComplaints(value: Record<string, unknown>, schema: Schema, path: string): string[] {
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  const told: string[] = [];
  for (const [key, item] of Object.entries(value)) {
    const property = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (isObject(property)) told.push(...complaintsOf(item, property, join(path, key)));
    else if (
      schema['additionalProperties'] === false ||
      (path === '' && schema['additionalProperties'] === undefined)
    ) {
      told.push(`${join(path, key)}: unexpected${didYouMean(key, Object.keys(properties))}`);
    }
  }
  for (const key of required) {
    const property = properties[String(key)];
    const hasDefault = isObject(property) && 'default' in property;
    if (!Object.hasOwn(value, String(key)) && !hasDefault)
      told.push(`${join(path, String(key))}: required${describe(property)}`);
  }
  return told;
}

function rangeComplaints(value: number, schema: Schema, at: string): string[] {
  const unit = typeof schema['unit'] === 'string' ? ` ${schema['unit']}` : '';
  const told: string[] = [];
  const bound = (keyword: string, broken: (limit: number) => boolean, words: string): void => {
    const limit = schema[keyword];
    if (typeof limit === 'number' && broken(limit)) told.push(`${at}${value}${unit} is ${words} ${limit}${unit}`);
  };
  bound('minimum', (limit) => value < limit, 'below');
  bound('exclusiveMinimum', (limit) => value <= limit, 'not above');
  bound('maximum', (limit) => value > limit, 'above');
  bound('exclusiveMaximum', (limit) => value >= limit, 'not below');
  return told;
}

function lengthComplaints(
  length: number,
  schema: Schema,
  at: string,
  keyword: 'Length' | 'Items',
  what: string,
): string[] {
  const [least, most] = [schema[`min${keyword}`], schema[`max${keyword}`]];
  if (typeof least === 'number' && length < least) return [`${at}${length} ${what}, at least ${least}`];
  if (typeof most === 'number' && length > most) return [`${at}${length} ${what}, at most ${most}`];
  return [];
}

function patternComplaints(value: string, schema: Schema, at: string): string[] {
  if (typeof schema['pattern'] !== 'string') return [];
  try {
    return new RegExp(schema['pattern'], 'u').test(value)
      ? []
      : [`${at}"${value}" does not match ${schema['pattern']}`];
  } catch {
    return [];
  }
}

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case 'integer':
      return Number.isInteger(value);
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isObject(value);
    case 'null':
      return value === null;
    default:
      return typeof value === type;
  }
}

const describe = (property: unknown): string => {
  if (!isObject(property)) return '';
  const kind = Array.isArray(property['enum']) ? property['enum'].map(show).join(' or ') : property['type'];
  if (typeof kind !== 'string') return '';
  return typeof property['unit'] === 'string' ? `, ${kind} in ${property['unit']}` : `, ${kind}`;
};

const join = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`);
const show = (value: unknown): string => JSON.stringify(value) ?? String(value);
