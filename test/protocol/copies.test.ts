import test from 'ava';
import { admitBytes, newCopies } from '../../protocol/copies.ts';

test('admitBytes() calls identical bytes on one topic a copy for 2 s', (t) => {
  const copies = newCopies();
  t.is(admitBytes(copies, 'a', '{"method":"stop"}', 0), 'new');
  t.is(admitBytes(copies, 'a', '{"method":"stop"}', 1_999), 'copy');
  t.is(admitBytes(copies, 'a', '{"method":"stop"}', 2_000), 'new', 'a person who types it again means it');
});

test('admitBytes() keeps topics and bytes apart', (t) => {
  const copies = newCopies();
  admitBytes(copies, 'a', '{}', 0);
  t.is(admitBytes(copies, 'b', '{}', 0), 'new');
  t.is(admitBytes(copies, 'a', '{ }', 0), 'new');
});

test('admitBytes() is full at a number, and at a size, until the 2 s are over', (t) => {
  const few = newCopies(2);
  admitBytes(few, 'a', '1', 0);
  admitBytes(few, 'a', '2', 0);
  t.is(admitBytes(few, 'a', '3', 1), 'full');
  t.is(admitBytes(few, 'a', '1', 1), 'copy');
  t.is(admitBytes(few, 'a', '3', 2_000), 'new');
  t.is(few.seen.size, 1);
  const small = newCopies(10, 10);
  t.is(admitBytes(small, 'a', '12345678', 0), 'new');
  t.is(admitBytes(small, 'a', 'x', 0), 'full');
  t.is(admitBytes(small, 'a', 'x', 2_000), 'new');
  t.is(small.chars, 3);
});
