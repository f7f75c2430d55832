import test from 'ava';
import { failed, ok } from '../../base/fault.ts';
import { type Schema, readParams } from '../../cli/params.ts';

const schema: Schema = {
  type: 'object',
  additionalProperties: false,
  required: ['range'],
  properties: {
    range: { type: 'number', unit: 'K', minimum: 0, maximum: 300 },
    channel: { type: 'integer', minimum: 1, maximum: 8, default: 1 },
    on: { type: 'boolean' },
    mode: { enum: ['cur', 'volt'] },
    channels: { type: 'array', items: { type: 'integer' } },
    label: { anyOf: [{ type: 'string' }, { type: 'null' }] },
    limit: { anyOf: [{ type: 'number' }, { type: 'null' }] },
    nested: { type: 'object' },
  },
};
const source = {
  readText: async (path: string) =>
    path === 'all.json'
      ? ok('{"range": 2}')
      : path === 'note'
        ? ok('hello')
        : failed('USAGE', { problem: 'no file', remedy: '' }),
  readStdin: async () => '{"channel": 3}',
};

const reads = test.macro(async (t, words: string[], want: Record<string, unknown>) => {
  const read = await readParams(['range=1', ...words], schema, source);
  t.deepEqual(read.ok ? read.value : read.fault.message, { range: 1, ...want });
});
test('readParams() reads an integer', reads, ['channel=3'], { channel: 3 });
test('readParams() reads a prefix of the unit', reads, ['range=100mK'], { range: 0.1 });
test('readParams() reads the unit itself, with a space', reads, ['range=4.2 K'], { range: 4.2 });
test('readParams() reads yes and off', reads, ['on=yes'], { on: true });
test('readParams() reads a choice', reads, ['mode=volt'], { mode: 'volt' });
test('readParams() reads a list', reads, ['channels=1,2'], { channels: [1, 2] });
test('readParams() reads a list as JSON', reads, ['channels=[1,2]'], { channels: [1, 2] });
test('readParams() reads text where text or null is allowed', reads, ['label=x=y'], { label: 'x=y' });
test('readParams() reads null where a number or null is allowed', reads, ['limit=null'], { limit: null });
test('readParams() reads raw JSON', reads, ['nested:={"a":[1]}'], { nested: { a: [1] } });
test('readParams() reads the text of a file', reads, ['label=@note'], { label: 'hello' });
test('readParams() reads all keys from a file', reads, ['@all.json'], { range: 2 });
test('readParams() reads all keys from stdin', reads, ['-'], { channel: 3 });

const complains = test.macro(async (t, words: string[], says: RegExp) => {
  const read = await readParams(words, schema, source);
  t.false(read.ok);
  if (read.ok) return;
  t.is(read.fault.code, 'PARAMS_INVALID');
  t.regex(read.fault.message, says);
});
test(
  'readParams() refuses an unknown key with a suggestion',
  complains,
  ['range=1', 'chanel=1'],
  /chanel: unexpected; did you mean "channel"\?/,
);
test('readParams() refuses a missing key', complains, [], /range: required, number in K/);
test('readParams() refuses a number out of range', complains, ['range=400'], /range: 400 K is above 300 K/);
test('readParams() refuses a foreign unit', complains, ['range=3V'], /range: "V" is no unit here: it is given in K/);
test(
  'readParams() refuses a fraction where an integer is wanted',
  complains,
  ['range=1', 'channel=1.5'],
  /channel: 1.5 is no integer/,
);
test(
  'readParams() refuses an unknown choice',
  complains,
  ['range=1', 'mode=curr'],
  /mode: "curr" is not "cur" or "volt"; did you mean "cur"\?/,
);
test('readParams() refuses a word without a value', complains, ['range=1', 'on'], /"on" is no key=value/);
test('readParams() refuses JSON that is none', complains, ['range=1', 'nested:={'], /nested: not JSON/);
test(
  'readParams() tells every complaint at once',
  complains,
  ['on=perhaps', 'channel=9'],
  /perhaps.*channel: 9 is above 8.*range: required/,
);
