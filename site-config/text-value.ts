/** Words of a command line as the value that a JSON schema asks for; what does not fit stays text, and the schema then says why. */

/** `values` are the words after one flag; none means true. */
export function textValue(values: readonly string[], schema: unknown): unknown {
  const wanted = typesOf(schema);
  const list = wanted.find(({ type }) => type === 'array');
  if (
    list &&
    !(values.length === 1 && wanted.length > 1 && wanted.some(({ type }) => type !== 'array' && type !== 'null'))
  ) {
    const only = values[0];
    const parsed = values.length === 1 && only?.trimStart().startsWith('[') ? jsonOf(only) : undefined;
    return Array.isArray(parsed) ? parsed : values.map((value) => scalarValue(value, typesOf(list.items)));
  }
  if (values.length === 0) return true;
  // Too many words for one value are left a list, which its schema refuses.
  return values.length === 1 ? scalarValue(values[0] ?? '', wanted) : [...values];
}

interface Wanted {
  readonly type: string;
  readonly items?: unknown;
  readonly words?: readonly unknown[];
}

function typesOf(schema: unknown): Wanted[] {
  if (!isRecord(schema)) return [];
  const choices = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(choices)) return choices.flatMap(typesOf);
  const words = Array.isArray(schema.enum) ? schema.enum : 'const' in schema ? [schema.const] : undefined;
  if (words) return [{ type: 'words', words }];
  const types = Array.isArray(schema.type) ? schema.type : [schema.type];
  return types.filter((type) => typeof type === 'string').map((type) => ({ type, items: schema.items }));
}

function scalarValue(text: string, wanted: readonly Wanted[]): unknown {
  for (const { type, words } of wanted) {
    const value = words ? words.find((word) => String(word) === text) : readAs(type, text);
    if (value !== undefined) return value;
  }
  return text;
}

function readAs(type: string, text: string): unknown {
  switch (type) {
    case 'number':
    case 'integer':
      return /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/.test(text) ? Number(text) : undefined;
    case 'boolean':
      return /^(?:true|yes|on|1)$/i.test(text) ? true : /^(?:false|no|off|0)$/i.test(text) ? false : undefined;
    case 'null':
      return /^(?:null|none|~)$/i.test(text) ? null : undefined;
    case 'object': {
      const parsed = jsonOf(text);
      return isRecord(parsed) ? parsed : undefined;
    }
    case 'string':
      return text;
    default:
      return undefined;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
