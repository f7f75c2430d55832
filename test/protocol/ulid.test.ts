import test from 'ava';
import { ulid } from '../../protocol/ulid.ts';

const ZEROS = new Uint8Array(10);
const ONES = new Uint8Array(10).fill(255);

test('ulid() writes time and chance in 26 digits', (t) => {
  t.is(ulid(0, ZEROS), '0'.repeat(26));
  t.is(ulid(2 ** 48 - 1, ONES), '7ZZZZZZZZZZZZZZZZZZZZZZZZZ');
  t.is(ulid(1_469_918_176_385, ZEROS).slice(0, 10), '01ARYZ6S41');
  t.is(
    ulid(0, Uint8Array.of(0x08, 0x42, 0x10, 0x84, 0x21, 0x08, 0x42, 0x10, 0x84, 0x21)),
    `${'0'.repeat(10)}${'1'.repeat(16)}`,
  );
});

test('ulid() of a later moment sorts later, whatever the chance', (t) => {
  t.true(ulid(1_800_000_000_000, ONES) < ulid(1_800_000_000_001, ZEROS));
});

test('ulid() differs by each random byte', (t) => {
  const all = Array.from({ length: 10 }, (_, i) =>
    ulid(
      5,
      Uint8Array.from({ length: 10 }, (_, j) => (i === j ? 1 : 0)),
    ),
  );
  t.is(new Set(all).size, 10);
});
