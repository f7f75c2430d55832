import test from 'ava';
import * as fc from 'fast-check';
import { type Age, BEATS_KEPT, ageBoundMs, isFresh, newBeatLog, noteBeat } from '../../protocol/freshness.ts';

/** Beats 1 to 100, one each 2 s from 0; so 37 to 100 are still known. */
const beats = () => {
  const log = newBeatLog();
  for (let k = 1; k <= 100; k++) noteBeat(log, k, (k - 1) * 2_000);
  return log;
};
const NOW = { monotonicMs: 200_000, wallS: 1_800_000_000 };

const bound = test.macro((t, age: Age, want: number | undefined) => t.is(ageBoundMs(age, beats(), NOW), want));
test('ageBoundMs() is the time since the beat was sent', bound, { beat: 100 }, 2_000);
test(
  'ageBoundMs() goes by the beat, whatever the wall clock says',
  bound,
  { beat: 99, sent: NOW.wallS - 86_400 },
  4_000,
);
test('ageBoundMs() goes by the oldest beat that is kept', bound, { beat: 37 }, 128_000);
test(
  'ageBoundMs() is infinite for a beat that is forgotten',
  bound,
  { beat: 36, sent: NOW.wallS },
  Number.POSITIVE_INFINITY,
);
test('ageBoundMs() goes by the clock where the beat was never sent', bound, { beat: 101, sent: NOW.wallS - 3 }, 3_000);
test('ageBoundMs() goes by the clock where no beat is named', bound, { sent: NOW.wallS - 1.5 }, 1_500);
test('ageBoundMs() forgives a clock that is 5 s ahead', bound, { sent: NOW.wallS + 5 }, 0);
test(
  'ageBoundMs() believes nothing of a clock further ahead',
  bound,
  { sent: NOW.wallS + 5.1 },
  Number.POSITIVE_INFINITY,
);
test('ageBoundMs() knows nothing of a request without either', bound, {}, undefined);
test('ageBoundMs() knows nothing of a beat never sent alone', bound, { beat: 101 }, undefined);

const fresh = test.macro((t, age: Age, ttlMs: number, want: boolean) =>
  t.is(isFresh({ ...age, ttlMs }, beats(), NOW), want),
);
test('isFresh() to the last millisecond of its ttl', fresh, { beat: 100 }, 2_000, true);
test('isFresh() no longer after its ttl', fresh, { beat: 100 }, 1_999, false);
test('isFresh() not with a forgotten beat, however long the ttl', fresh, { beat: 1 }, 120_000, false);
test('isFresh() when typed by hand, without beat and time', fresh, {}, 10_000, true);
test('isFresh() not if all it says is a beat never sent', fresh, { beat: 500 }, 10_000, false);

test('noteBeat() keeps the last 64 and the newest number', (t) => {
  const log = beats();
  t.is(log.sentMs.size, BEATS_KEPT);
  t.is(log.newest, 100);
});

test('isFresh() is false for everything older than its ttl, whatever the wall clocks', (t) => {
  const given = fc.record({
    beat: fc.integer({ min: 1, max: 100 }),
    /** After hearing the beat the caller waits so long before it sends. */
    waitedMs: fc.integer({ min: 0, max: 100_000 }),
    travelledMs: fc.integer({ min: 0, max: 100_000 }),
    clockOffS: fc.integer({ min: -1e6, max: 1e6 }),
    ttlMs: fc.integer({ min: 1, max: 120_000 }),
  });
  fc.assert(
    fc.property(given, ({ beat, waitedMs, travelledMs, clockOffS, ttlMs }) => {
      const heardMs = (beat - 1) * 2_000;
      const now = { monotonicMs: Math.max(198_000, heardMs + waitedMs + travelledMs), wallS: 1_800_000_000 };
      const ageMs = now.monotonicMs - heardMs - waitedMs;
      if (isFresh({ beat, sent: now.wallS + clockOffS, ttlMs }, beats(), now)) t.true(ageMs <= ttlMs);
    }),
    { numRuns: 1_000 },
  );
  t.pass();
});
