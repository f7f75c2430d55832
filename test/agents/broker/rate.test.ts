import test from 'ava';
import { fakeClock } from '../../../base/fake-clock.ts';
import { rate } from '../../../agents/broker/rate.ts';

test('pass() lets a burst through at once and the rest at the rate, in order', async (t) => {
  const clock = fakeClock();
  const passed: number[] = [];
  const limit = rate(clock, { perS: 100, burst: 3 });
  for (let i = 0; i < 6; i++) limit.pass(() => passed.push(i));
  t.deepEqual(passed, [0, 1, 2]);
  await clock.advance(20);
  t.deepEqual(passed, [0, 1, 2, 3, 4]);
  await clock.advance(20);
  t.deepEqual(passed, [0, 1, 2, 3, 4, 5]);
});

test('pass() saves up no more than a burst', async (t) => {
  const clock = fakeClock();
  let passed = 0;
  const limit = rate(clock, { perS: 100, burst: 3 });
  await clock.advance(60_000);
  for (let i = 0; i < 10; i++) limit.pass(() => passed++);
  t.is(passed, 3);
});

test('close() forgets who waits', async (t) => {
  const clock = fakeClock();
  let passed = 0;
  const limit = rate(clock, { perS: 1, burst: 1 });
  for (let i = 0; i < 3; i++) limit.pass(() => passed++);
  limit.close();
  await clock.advance(10_000);
  t.is(passed, 1);
});
