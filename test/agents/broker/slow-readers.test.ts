import test from 'ava';
import { fakeClock } from '../../../base/fake-clock.ts';
import { type ReaderVerdict, slowReaders } from '../../../agents/broker/slow-readers.ts';

const LIMITS = { backlogDropBytes: 100, backlogCutBytes: 800, backlogCutMs: 5_000 };

const says = test.macro((t, backlogBytes: number, mayDrop: boolean, want: ReaderVerdict) => {
  t.is(slowReaders(fakeClock(), LIMITS).deliver({}, backlogBytes, mayDrop), want);
});
test('deliver() gives to a reader that keeps up', says, 100, true, 'deliver');
test('deliver() drops QoS 0 for one that is behind', says, 101, true, 'drop');
test('deliver() never drops QoS 1 or a stored message', says, 101, false, 'deliver');
test('deliver() cuts one that is far behind', says, 801, false, 'cut');

test('look() cuts a reader that has been behind for 5 s, and not one that caught up in between', (t) => {
  const clock = fakeClock();
  const slow = slowReaders(clock, LIMITS);
  const [lasting, brief] = [{}, {}];
  t.deepEqual([slow.look(lasting, 200), slow.look(brief, 200)], [false, false]);
  clock.advanceSync(4_999);
  t.deepEqual([slow.look(lasting, 200), slow.look(brief, 0)], [false, false]);
  clock.advanceSync(1);
  t.deepEqual([slow.look(lasting, 200), slow.look(brief, 200)], [true, false]);
});
