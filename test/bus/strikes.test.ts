import test from 'ava';
import { STRIKE_REST_MS, type Strikes, acquit, resting, strike } from '../../bus/strikes.ts';

test('strike() has enough at the second time; the topic rests for 5 min', (t) => {
  const strikes: Strikes = new Map();
  t.false(strike(strikes, 'x', 0));
  t.false(resting(strikes, 'x', 1));
  t.true(strike(strikes, 'x', 1_000));
  t.true(resting(strikes, 'x', 1_000 + STRIKE_REST_MS - 1));
  t.false(resting(strikes, 'x', 1_000 + STRIKE_REST_MS));
});

test('acquit() forgets what was held against a topic', (t) => {
  const strikes: Strikes = new Map();
  strike(strikes, 'x', 0);
  acquit(strikes, 'x');
  t.false(strike(strikes, 'x', 1));
});

test('strike() keeps 1 000 topics and forgets the oldest', (t) => {
  const strikes: Strikes = new Map();
  for (let i = 0; i <= 1_000; i++) strike(strikes, `t${i}`, i);
  t.deepEqual([strikes.size, strikes.has('t0'), strikes.has('t1000')], [1_000, false, true]);
});
