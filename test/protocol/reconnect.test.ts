import test from 'ava';
import { type Outage, type ReconnectCause, afterEnd, nextConnectMs } from '../../protocol/reconnect.ts';

const half = () => 0.5;
const waits = test.macro((t, cause: ReconnectCause, k: number, outageMs: number, want: number) => {
  t.is(Math.round(nextConnectMs(cause, k, outageMs, half)), want);
});
test('nextConnectMs() waits 0.5 s before the first attempt', waits, 'lost', 0, 0, 500);
test('nextConnectMs() waits 1.6 times as long before each further one', waits, 'lost', 2, 1_300, 1_280);
test('nextConnectMs() waits at most 2.5 s in the first 2 min', waits, 'lost', 9, 119_999, 2_500);
test('nextConnectMs() waits up to 10 s after 2 min', waits, 'lost', 9, 120_000, 10_000);
test('nextConnectMs() stays at 10 s however many attempts failed', waits, 'lost', 100_000, 1e9, 10_000);
test('nextConnectMs() waits 30 s after a refusal, also at the first', waits, 'refused', 0, 0, 30_000);
test('nextConnectMs() takes a close after a sending as a loss', waits, 'closed-after-send', 0, 0, 500);
test('nextConnectMs() dials at once what we closed ourselves', waits, 'closed', 3, 10_000, 0);

for (const [random, want] of [
  [0, 350],
  [0.999_999, 650],
] as const) {
  test(`nextConnectMs() spreads by 30 %: random ${random} gives ${want} ms`, (t) => {
    t.is(Math.round(nextConnectMs('lost', 0, 0, () => random)), want);
  });
}

const ends = test.macro((t, outage: Outage, upMs: number, want: Outage) => {
  t.deepEqual(afterEnd(outage, upMs, 9_000), want);
});
test('afterEnd() begins an outage at the first end', ends, undefined, 60_000, { attempts: 0, sinceMs: 9_000 });
test('afterEnd() counts a failed attempt', ends, { attempts: 2, sinceMs: 1_000 }, 0, { attempts: 3, sinceMs: 1_000 });
test(
  'afterEnd() goes on with the outage when the connection lasted 249 ms',
  ends,
  { attempts: 2, sinceMs: 1_000 },
  249,
  { attempts: 3, sinceMs: 1_000 },
);
test('afterEnd() begins anew when it lasted 250 ms', ends, { attempts: 2, sinceMs: 1_000 }, 250, {
  attempts: 0,
  sinceMs: 9_000,
});
