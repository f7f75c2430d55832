import test from 'ava';
import * as fc from 'fast-check';
import { Heartbeat, Reply, Request, decode, encode, read } from '../../protocol/envelope.ts';
import { PAYLOAD_BYTES_MAX } from '../../protocol/topics.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test('decode() never throws, whatever the bytes', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (payload) => {
      const outcome = decode(payload);
      if (!outcome.ok) t.is(outcome.fault.code, 'REQUEST_INVALID');
    }),
    { numRuns: 2_000 },
  );
  t.pass();
});

test('read() by every schema never throws, whatever the JSON', (t) => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
      for (const schema of [Request, Reply, Heartbeat]) read<unknown>(schema, bytes(JSON.stringify(value)));
    }),
    { numRuns: 1_000 },
  );
  t.pass();
});

test('decode() gives back the object that encode() was given', (t) => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 5 })), (given) => {
      const encoded = encode(given);
      t.true(encoded.ok);
      if (encoded.ok) t.deepEqual(decode(bytes(encoded.value)), { ok: true, value: JSON.parse(JSON.stringify(given)) });
    }),
    { numRuns: 300 },
  );
});

const refused = test.macro((t, text: string | Uint8Array, problem: RegExp) => {
  const outcome = decode(typeof text === 'string' ? bytes(text) : text);
  t.regex(outcome.ok ? '' : outcome.fault.message, problem);
});
test('decode() refuses an array', refused, '[1]', /not a JSON object/);
test('decode() refuses null', refused, 'null', /not a JSON object/);
test('decode() refuses nothing', refused, '', /not UTF-8 JSON/);
test('decode() refuses half an object', refused, '{"a":', /not UTF-8 JSON/);
test(
  'decode() refuses bytes that are not UTF-8',
  refused,
  Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d),
  /not UTF-8 JSON/,
);
test('decode() refuses 33 levels', refused, `${'{"a":'.repeat(33)}{}${'}'.repeat(33)}`, /deeper than 32/);
test(
  'decode() refuses 40 000 levels as calmly',
  refused,
  `{"a":${'['.repeat(40_000)}${']'.repeat(40_000)}}`,
  /deeper|not UTF-8 JSON/,
);
test('decode() refuses more than 96 KiB', refused, new Uint8Array(PAYLOAD_BYTES_MAX + 1), /98305 bytes/);

test('decode() takes 32 levels', (t) => {
  t.true(decode(bytes(`${'{"a":'.repeat(32)}1${'}'.repeat(32)}`)).ok);
});

test('encode() writes a non-finite number as null', (t) => {
  t.deepEqual(encode({ a: Number.NaN, b: [Number.POSITIVE_INFINITY], c: 1 }), {
    ok: true,
    value: '{"a":null,"b":[null],"c":1}',
  });
});

test('encode() counts bytes, not characters', (t) => {
  t.true(encode('é'.repeat(49), 100).ok);
  const over = encode('é'.repeat(50), 100);
  t.is(over.ok ? '' : over.fault.code, 'TOO_LARGE');
});

const unencodable = test.macro((t, value: unknown) => {
  const outcome = encode(value);
  t.is(outcome.ok ? '' : outcome.fault.code, 'REQUEST_INVALID');
});
test('encode() refuses what JSON has no word for', unencodable, undefined);
test('encode() refuses a bigint', unencodable, { a: 1n });
test('encode() refuses a circle', (t) => {
  const circle: Record<string, unknown> = {};
  circle['self'] = circle;
  t.false(encode(circle).ok);
});

test('a key "__proto__" from the wire changes no prototype and passes no strict schema', (t) => {
  const evil = bytes('{"method":"ping","__proto__":{"id":"x","client":"y"}}');
  const decoded = decode(evil);
  t.true(decoded.ok);
  if (decoded.ok) t.is(Object.getPrototypeOf(decoded.value), Object.prototype);
  t.false(read(Request, evil).ok);
});

test('a key "__proto__" in marks and params reaches no prototype', (t) => {
  const beat = read(
    Heartbeat,
    bytes('{"g":1,"k":1,"t":1,"codes":{},"marks":{"__proto__":5,"op/a":1},"lag_ms":0,"__proto__":{"x":1}}'),
  );
  if (beat.ok) {
    t.is(Object.getPrototypeOf(beat.value), Object.prototype);
    t.is(Object.getPrototypeOf(beat.value.marks), Object.prototype);
    t.false('x' in beat.value);
  }
  const asked = read(Request, bytes('{"method":"start","params":{"__proto__":{"force":true}}}'));
  if (asked.ok) t.false('force' in (asked.value.params ?? {}));
  t.false('force' in {});
});

test('Request refuses an unknown field and takes each known one', (t) => {
  const known = {
    id: 'i',
    client: 'c',
    method: 'start',
    op: 'acquire',
    params: { a: 1 },
    session: 's',
    sent: 1,
    ttl_ms: 5_000,
    g: 1,
    beat: 2,
    token: 3,
    proof: 'p',
    note: 'n',
  };
  t.true(Request.safeParse(known).success);
  t.false(Request.safeParse({ ...known, parms: {} }).success);
  t.false(Request.safeParse({ ...known, ttl_ms: 120_001 }).success);
  t.false(Request.safeParse({ ...known, ttl_ms: 0 }).success);
  t.false(Request.safeParse({ ...known, client: 'a/b' }).success);
});

test('Reply takes a session, an empty one, and fields of a later version', (t) => {
  const reply = { id: 'i', g: 1, t: 1, code: 0, message: '', session: {}, final: true, later: 1 };
  t.deepEqual(Reply.parse(reply), reply);
  t.false(Reply.safeParse({ ...reply, session: { op_name: 'x' } }).success);
});
