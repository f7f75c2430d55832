/** Arguments of an operation as words, read by its JSON Schema: `key=value`, `key:=JSON`, `key=@FILE`, `@FILE.json`, `-`. */
import { nearest } from '../base/nearest.ts';
import { type Fault, type Outcome, causeOf, failed, ok } from '../base/fault.ts';
import { isObject } from '../protocol/envelope.ts';
import { complaintsOf } from './schema-check.ts';
import { scaleOf } from './units.ts';

export type Schema = Record<string, unknown>;

export interface TextSource {
  readText(path: string): Promise<Outcome<string>>;
  readStdin(): Promise<string>;
}

/** Read all words and check the whole against the schema: every complaint at once. */
export async function readParams(
  words: readonly string[],
  schema: Schema,
  source: TextSource,
): Promise<Outcome<Record<string, unknown>>> {
  const params: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const word of words) {
    const read = await readWord(word, schema, source);
    if (read.ok) Object.assign(params, read.value);
    else problems.push(read.fault.message);
  }
  problems.push(...complaintsOf(params, schema));
  return problems.length === 0 ? ok(params) : failed('PARAMS_INVALID', { problems: problems.join('; '), op: '' });
}

async function readWord(word: string, schema: Schema, source: TextSource): Promise<Outcome<Record<string, unknown>>> {
  if (word === '-') return readObject(await source.readStdin(), 'stdin');
  if (word.startsWith('@')) {
    const text = await source.readText(word.slice(1));
    return text.ok ? readObject(text.value, word.slice(1)) : text;
  }
  const [, key = '', mark, text = ''] = /^([^=:]+)(:?=)(.*)$/s.exec(word) ?? [];
  if (mark === undefined) return complain(`"${word}" is no key=value`);
  if (mark === ':=') {
    const value = parseJson(text);
    return value.ok ? ok({ [key]: value.value }) : complain(`${key}: ${value.fault.message}`);
  }
  const property = propertyOf(schema, key);
  // A key that is not there is told by the check of the whole, with its suggestion.
  if (property === undefined) return ok({ [key]: text });
  const whole = text.startsWith('@') ? await source.readText(text.slice(1)) : ok(text);
  if (!whole.ok) return whole;
  const value = readValue(whole.value, property);
  return value.ok ? ok({ [key]: value.value }) : complain(`${key}: ${value.fault.message}`);
}

/** One value as its schema means it; text that fits nothing is a complaint. */
export function readValue(text: string, schema: Schema): Outcome<unknown> {
  const choices = [schema['anyOf'], schema['oneOf']].flatMap((list) =>
    Array.isArray(list) ? list.filter(isObject) : [],
  );
  if (choices.length > 0) {
    const outer = schema['unit'] === undefined ? {} : { unit: schema['unit'] };
    const read = choices.map((choice) => readValue(text, { ...outer, ...choice }));
    return (
      read.find((outcome, i) => outcome.ok && complaintsOf(outcome.value, choices[i] ?? {}).length === 0) ??
      read.find(({ ok }) => ok) ??
      read[0] ??
      ok(text)
    );
  }
  if (Array.isArray(schema['enum'])) return readChoice(text, schema['enum']);
  if (Array.isArray(schema['type']))
    return readValue(text, { ...schema, type: undefined, anyOf: schema['type'].map((type) => ({ ...schema, type })) });
  switch (schema['type']) {
    case 'number':
    case 'integer':
      return readNumber(text, schema);
    case 'boolean':
      return readBoolean(text);
    case 'null':
      return text === 'null' || text === '' ? ok(null) : complain(`"${text}" is not null`);
    case 'array':
      return readList(text, schema);
    case 'object':
      return parseJson(text);
    case 'string':
      return ok(text);
    default:
      return ok(looseValue(text));
  }
}

function readNumber(text: string, schema: Schema): Outcome<number> {
  const [, digits, unit = ''] = /^\s*([+-]?(?:\d[\d_ ]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(\S*)\s*$/.exec(text) ?? [];
  if (digits === undefined) return complain(`"${text}" is not a number`);
  const value = Number(digits.replace(/[_ ]/g, ''));
  const base = typeof schema['unit'] === 'string' ? schema['unit'] : '';
  const scale = scaleOf(unit, base);
  if (scale === undefined)
    return complain(base === '' ? `"${text}" is not a number` : `"${unit}" is no unit here: it is given in ${base}`);
  // Scaling by powers of ten must not turn 100 m into 0.10000000000000001.
  return ok(scale === 1 ? value : Number((value * scale).toPrecision(15)));
}

function readBoolean(text: string): Outcome<boolean> {
  if (/^(yes|true|on|1)$/i.test(text)) return ok(true);
  if (/^(no|false|off|0)$/i.test(text)) return ok(false);
  return complain(`"${text}" is neither yes nor no`);
}

function readChoice(text: string, choices: readonly unknown[]): Outcome<unknown> {
  const exact = choices.find((choice) => String(choice) === text);
  if (exact !== undefined) return ok(exact);
  const near = nearest(text, choices.map(String));
  return complain(
    `"${text}" is not ${choices.map((choice) => `"${choice}"`).join(' or ')}${near ? `; did you mean "${near}"?` : ''}`,
  );
}

function readList(text: string, schema: Schema): Outcome<unknown> {
  if (text.trim().startsWith('[')) return parseJson(text);
  const items = isObject(schema['items']) ? schema['items'] : {};
  const values: unknown[] = [];
  for (const word of text === '' ? [] : text.split(',')) {
    const value = readValue(word.trim(), items);
    if (!value.ok) return value;
    values.push(value.value);
  }
  return ok(values);
}

/** Where the schema leaves it open: JSON if it is JSON, else text. */
function looseValue(text: string): unknown {
  const json = parseJson(text);
  return json.ok ? json.value : text;
}

export const propertyOf = (schema: Schema, key: string): Schema | undefined => {
  const properties = schema['properties'];
  const property = isObject(properties) && Object.hasOwn(properties, key) ? properties[key] : undefined;
  return isObject(property) ? property : undefined;
};

function parseJson(text: string): Outcome<unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return ok(value);
  } catch (thrown) {
    return complain(`not JSON: ${causeOf(thrown)}`);
  }
}

function readObject(text: string, where: string): Outcome<Record<string, unknown>> {
  const value = parseJson(text);
  if (!value.ok) return complain(`${where}: ${value.fault.message}`);
  return isObject(value.value) ? ok(value.value) : complain(`${where}: not a JSON object`);
}

const complain = (problem: string): { ok: false; fault: Fault } =>
  failed('PARAMS_INVALID', { problems: problem, op: '' });
