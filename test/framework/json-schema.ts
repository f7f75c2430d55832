/** JSON Schema as far as params use it: a checker that knows every keyword or says so, and values that come near a schema. */
import * as fc from 'fast-check';
import { isObject } from '../../protocol/envelope.ts';

export type Schema = Record<string, unknown>;

/** What says nothing of validity. */
const NOTES = new Set(['title', 'description', 'default', 'unit', 'precision', 'secret', 'scan', 'scale', 'examples']);

const schemas = (value: unknown): Schema[] => (Array.isArray(value) ? value.filter(isObject) : []);
const isOf = (value: unknown, type: unknown): boolean => {
  if (Array.isArray(type)) return type.some((one) => isOf(value, one));
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return isObject(value);
  return type === 'null' ? value === null : typeof value === type;
};

/** Does `value` fit? Throws at a keyword that it does not know. */
export function fits(value: unknown, schema: Schema): boolean {
  return Object.entries(schema).every(([keyword, rule]) => NOTES.has(keyword) || fitsOne(value, keyword, rule, schema));
}

function fitsOne(value: unknown, keyword: string, rule: unknown, schema: Schema): boolean {
  const limit = Number(rule);
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  const listed = schemas(schema['prefixItems']);
  switch (keyword) {
    case 'type':
      return isOf(value, rule);
    case 'enum':
      return Array.isArray(rule) && rule.includes(value);
    case 'const':
      return value === rule;
    case 'anyOf':
    case 'oneOf':
      return schemas(rule).some((one) => fits(value, one));
    case 'allOf':
      return schemas(rule).every((one) => fits(value, one));
    case 'minimum':
      return typeof value !== 'number' || value >= limit;
    case 'maximum':
      return typeof value !== 'number' || value <= limit;
    case 'exclusiveMinimum':
      return typeof value !== 'number' || value > limit;
    case 'exclusiveMaximum':
      return typeof value !== 'number' || value < limit;
    case 'minLength':
      return typeof value !== 'string' || value.length >= limit;
    case 'maxLength':
      return typeof value !== 'string' || value.length <= limit;
    case 'pattern':
      return typeof value !== 'string' || new RegExp(String(rule), 'u').test(value);
    case 'minItems':
      return !Array.isArray(value) || value.length >= limit;
    case 'maxItems':
      return !Array.isArray(value) || value.length <= limit;
    case 'prefixItems':
      return !Array.isArray(value) || listed.every((one, i) => i >= value.length || fits(value[i], one));
    case 'items':
      if (!Array.isArray(value)) return true;
      return rule === false
        ? value.length <= listed.length
        : value.slice(listed.length).every((item) => !isObject(rule) || fits(item, rule));
    case 'required':
      return !isObject(value) || (Array.isArray(rule) && rule.every((key) => Object.hasOwn(value, String(key))));
    case 'properties':
      return (
        !isObject(value) ||
        Object.entries(properties).every(
          ([key, one]) => !Object.hasOwn(value, key) || !isObject(one) || fits(value[key], one),
        )
      );
    case 'propertyNames':
      return !isObject(value) || !isObject(rule) || Object.keys(value).every((key) => fits(key, rule));
    case 'additionalProperties': {
      if (!isObject(value)) return true;
      const others = Object.entries(value).filter(([key]) => !Object.hasOwn(properties, key));
      return rule === false ? others.length === 0 : others.every(([, item]) => !isObject(rule) || fits(item, rule));
    }
    default:
      throw new Error(`keyword "${keyword}" not known to this checker`);
  }
}

const EDGES = [0, -0, 1, -1, 0.5, 2, 10, 63, 64, 65, 1_000, 1_001, 86_400, 86_401, 2 ** 53, -(2 ** 53), 1e308];
const anything = fc.oneof(
  fc.constantFrom(null, true, false, '', '0', 'x', ...EDGES),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.string(),
  fc.constant([]),
  fc.constant({}),
  fc.array(fc.string(), { maxLength: 3 }),
);

/** Mostly values that fit, often ones that miss by little. */
export function near(schema: Schema): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 6, arbitrary: wanted(schema) }, { weight: 1, arbitrary: anything });
}

function wanted(schema: Schema): fc.Arbitrary<unknown> {
  const choices = [...schemas(schema['anyOf']), ...schemas(schema['oneOf'])];
  if (choices.length > 0) return fc.oneof(...choices.map(near));
  if (Array.isArray(schema['enum'])) return fc.constantFrom(...schema['enum']);
  if ('const' in schema) return fc.constant(schema['const']);
  const types = [schema['type']].flat();
  const [type] = types;
  if (types.length > 1) return fc.oneof(...types.map((one) => near({ ...schema, type: one })));
  switch (type) {
    case 'string':
      return fc.oneof(
        fc.stringMatching(/^[a-z]{1,8}$/),
        fc.string({ maxLength: 80 }),
        fc.constantFrom('all', 'up', 'down', 'thermo1', 'x'.repeat(64), 'x'.repeat(65)),
      );
    case 'integer':
    case 'number':
      return nearNumber(schema, type);
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array': {
      const listed = schemas(schema['prefixItems']);
      if (listed.length > 0)
        return fc.tuple(...listed.map(near)).chain((all) => fc.constantFrom(all, all.slice(1), [...all, 1]));
      return fc.array(near(isObject(schema['items']) ? schema['items'] : {}), { maxLength: 4 });
    }
    case 'object':
      return nearObject(schema);
    default:
      return anything;
  }
}

/** Mostly between the bounds, else at them, beyond them or anywhere. */
function nearNumber(schema: Schema, type: 'integer' | 'number'): fc.Arbitrary<unknown> {
  const [low, high] = [
    schema['minimum'] ?? schema['exclusiveMinimum'] ?? 0,
    schema['maximum'] ?? schema['exclusiveMaximum'] ?? 1e6,
  ];
  const [least, most] = [Math.max(Number(low), -1e6), Math.min(Number(high), 1e6)];
  const inside =
    type === 'integer'
      ? fc.integer({ min: Math.ceil(least), max: Math.floor(most) })
      : fc.double({ min: least, max: most, noNaN: true });
  return fc.oneof(
    { weight: 6, arbitrary: inside },
    { weight: 1, arbitrary: fc.constantFrom(low, high, least - 1, most + 1, ...EDGES) },
  );
}

function nearObject(schema: Schema): fc.Arbitrary<unknown> {
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  const known = Object.fromEntries(
    Object.entries(properties).map(([key, one]) => [key, near(isObject(one) ? one : {})]),
  );
  const required = Object.keys(properties).filter((key) => [schema['required']].flat().includes(key));
  const { additionalProperties } = schema;
  const more = isObject(additionalProperties) ? near(additionalProperties) : anything;
  const others = fc.dictionary(fc.constantFrom('unexpected', 'x', ''), more, { maxKeys: 2 });
  const own = fc.oneof(
    { weight: 4, arbitrary: fc.record(known, { requiredKeys: required }) },
    { weight: 1, arbitrary: fc.record(known, { requiredKeys: [] }) },
  );
  const extra = fc.oneof({ weight: 6, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: others });
  return fc.tuple(own, extra).map(([mine, beside]) => ({ ...mine, ...beside }));
}
