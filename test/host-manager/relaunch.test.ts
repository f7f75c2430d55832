import test from 'ava';
import { backoffMs, relaunch } from '../../host-manager/relaunch.ts';
import { DEFAULT_RESTART } from '../../host-manager/wanted.ts';
import { inPhase, quiet, T, wanted } from './makers.ts';

const backsOff = test.macro((t, n: number, random: number, wantMs: number) => {
  t.is(Math.round(backoffMs(n, DEFAULT_RESTART, random)), wantMs);
});
test('backoffMs() is none after a healthy life', backsOff, 0, 0.9, 0);
test('backoffMs() is 250 ms after the first unhealthy life', backsOff, 1, 0.5, 250);
test('backoffMs() doubles', backsOff, 5, 0.5, 4_000);
test('backoffMs() ends at 30 s', backsOff, 8, 0.5, 30_000);
test('backoffMs() stays finite in a very long row', backsOff, 5_000, 0.5, 30_000);
test('backoffMs() spreads from 0.8', backsOff, 3, 0, 800);
test('backoffMs() spreads to 1.2, so no wait is above 36 s', backsOff, 99, 1, 36_000);

const why = { cause: 'exited with code 3', actor: 'crash' };
const scene = { surroundings: quiet, nowMs: T };
const died = (over: object) => inPhase({ name: 'down' }, { unhealthyInRow: 1, launchedAtMs: T - 20_000, ...over });

const relaunches = test.macro((t, over: object, want: object) => {
  t.like(relaunch(died(over), why, scene).instance.phase, want);
});
test('relaunch() is at once after a healthy life', relaunches, { unhealthyInRow: 0 }, { name: 'launching' });
test('relaunch() waits after an unhealthy one', relaunches, {}, { name: 'waiting', relaunchAtMs: T + 250 });
test(
  'relaunch() keeps launches a second apart',
  relaunches,
  { launchedAtMs: T - 100 },
  { name: 'waiting', relaunchAtMs: T + 900 },
);
test(
  'relaunch() waits a second at most for a clock that was set back',
  relaunches,
  { launchedAtMs: T + 3_600_000 },
  { name: 'waiting', relaunchAtMs: T + 1_000 },
);

const rule = wanted('a', { restart: { ...DEFAULT_RESTART, giveUp: { failures: 3, withinMs: 60_000 } } });
test(
  'relaunch() never gives up by itself',
  relaunches,
  { failureTimesMs: Array.from({ length: 200 }, () => T) },
  { name: 'waiting' },
);
test(
  'relaunch() gives up after 3 failures within the minute',
  relaunches,
  { wanted: rule, failureTimesMs: [T - 60_000, T - 1, T] },
  { name: 'gave-up' },
);
test(
  'relaunch() does not give up when one of the three is older',
  relaunches,
  { wanted: rule, failureTimesMs: [T - 60_001, T - 1, T] },
  { name: 'waiting' },
);

test('relaunch() tells that it gave up as an error', (t) => {
  const { actions } = relaunch(died({ wanted: rule, failureTimesMs: [T, T, T] }), why, scene);
  t.like(actions[0], { type: 'tell', level: 'error' });
});
