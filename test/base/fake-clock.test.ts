/** The clock for tests keeps the promises of the clock of the machine. */
import test from 'ava';
import { every } from '../../base/clock.ts';
import { fakeClock } from '../../base/fake-clock.ts';

test('advance() runs what falls due in order of time, then of asking, and gives promises their turn between', async (t) => {
  const clock = fakeClock();
  const ran: string[] = [];
  clock.after(20, () => ran.push('20'));
  clock.after(10, () => void Promise.resolve().then(() => ran.push('after 10')));
  clock.after(10, () => ran.push('10 again'));
  clock.after(31, () => ran.push('31'));
  await clock.advance(30);
  t.deepEqual(ran, ['after 10', '10 again', '20']);
});

test('advance() ends when timers are set for the fraction that is left of a fraction', async (t) => {
  const clock = fakeClock();
  const dueMs = 1_000 / 3;
  let looks = 0;
  const look = () => {
    looks++;
    if (clock.monotonicMs() < dueMs && looks < 1_000) clock.after(dueMs - clock.monotonicMs(), look);
  };
  clock.after(100.1, look);
  await clock.advance(1_000);
  t.true(looks <= 4, `${looks} looks`);
});

test('sleep() ends with its signal, and does not wait for one that has aborted', async (t) => {
  const clock = fakeClock();
  const over = new AbortController();
  const sleeping = clock.sleep(60_000, over.signal);
  over.abort();
  await sleeping;
  await clock.sleep(60_000, over.signal);
  t.is(clock.nextMs(), null);
});

test('every() keeps its period and drops what it missed', async (t) => {
  const clock = fakeClock();
  const ticks: [number, number][] = [];
  const cancel = every(clock, 1_000, (missed) => ticks.push([clock.monotonicMs(), missed]));
  await clock.advance(3_500);
  cancel();
  await clock.advance(10_000);
  t.deepEqual(ticks, [
    [1_000, 0],
    [2_000, 0],
    [3_000, 0],
  ]);
});

test('nextMs() is the time of the next thing due', (t) => {
  const clock = fakeClock(1_000);
  t.is(clock.nextMs(), null);
  clock.after(20, () => {});
  const cancel = clock.after(10, () => {});
  t.is(clock.nextMs(), 1_010);
  cancel();
  t.is(clock.nextMs(), 1_020);
});
