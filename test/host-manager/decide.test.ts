import test from 'ava';
import { decide } from '../../host-manager/decide.ts';
import type { Event, Surroundings } from '../../host-manager/event.ts';
import type { Instance } from '../../host-manager/instance.ts';
import { EVENTS, exit, PHASES, type PhaseKey, summed } from './cells.ts';
import { inPhase, quiet, stopping, T, up, wanted } from './makers.ts';

const around = (over: Partial<Surroundings>): Surroundings => ({ ...quiet, ...over });
const spawned = EVENTS.spawned;

const afterLaunch = test.macro((t, event: Event, want: string) => {
  const meanwhile = decide(PHASES.launching, event, quiet, T);
  const { instance, actions } = decide(meanwhile.instance, spawned, quiet, T + 1);
  t.is(summed(meanwhile.instance, instance, actions), want);
});
test('a launch completes first, then a target down stops it', afterLaunch, EVENTS['target down'], 'stopping: signal');
test('a launch completes first, then a restart stops it', afterLaunch, EVENTS.restart, 'stopping: signal');
test('a launch completes first, then a replaced one is stopped', afterLaunch, EVENTS.replaced, 'stopping: signal');
test('a launch completes first, then a removed one is stopped', afterLaunch, EVENTS.removed, 'stopping: signal');
test('a launch completes first, then a kill is carried out', afterLaunch, EVENTS.kill, 'stopping: kill');

const sequel = test.macro((t, given: { phase: PhaseKey; event: Event; want: string }) => {
  const meanwhile = decide(PHASES[given.phase], given.event, quiet, T);
  const over: Event =
    PHASES[given.phase].phase.name === 'stopping' && given.phase === 'stopping, to be relaunched'
      ? EVENTS['rest-gone']
      : EVENTS.exited;
  const { instance, actions } = decide(meanwhile.instance, over, quiet, T + 1);
  t.is(summed(meanwhile.instance, instance, actions), given.want);
});
test('a target up while it stops is carried out at its end', sequel, {
  phase: 'stopping',
  event: EVENTS['target up'],
  want: 'launching: launch',
});
test('a target down while it stops to be relaunched holds at its end', sequel, {
  phase: 'stopping, to be relaunched',
  event: EVENTS['target down'],
  want: 'down',
});
test('a removal while it stops makes it gone at its end', sequel, {
  phase: 'stopping',
  event: EVENTS.removed,
  want: 'down: forget',
});
test('one listed again while it stops goes on with its row', sequel, {
  phase: 'stopping, retired',
  event: EVENTS.listed,
  want: 'launching: launch',
});
test('one that becomes inoperable while it stops is inoperable at its end', sequel, {
  phase: 'stopping, to be relaunched',
  event: EVENTS.inoperable,
  want: 'inoperable',
});
test('a request on a retired one changes nothing of its end', sequel, {
  phase: 'stopping, retired',
  event: EVENTS['target up'],
  want: 'down: forget',
});

test('up: after a healthy life it is launched at once, and the wait starts from the beginning', (t) => {
  const old = inPhase(up({ startedAtMs: T - 10_000, healthy: true }), { failuresInRow: 0, launchedAtMs: T - 10_000 });
  const { instance, actions } = decide(old, EVENTS.exited, quiet, T);
  t.like(instance, { failuresInRow: 1, unhealthyInRow: 0, failureTimesMs: [T] });
  t.deepEqual(
    actions.map(({ type }) => type),
    ['launch', 'tell', 'report', 'tell', 'tell'],
    'the launch is asked before anything is said',
  );
});

test('up: 10 s without ever being ready are no healthy life', (t) => {
  const late = inPhase(up({ startedAtMs: T - 60_000, ready: 'late' }), { launchedAtMs: T - 60_000 });
  t.like(decide(late, EVENTS.exited, quiet, T).instance, {
    failuresInRow: 1,
    phase: { name: 'waiting', relaunchAtMs: T + 250 },
  });
});

test('up: its limit tells that it is late, and a later ready is told', (t) => {
  const { instance: late } = decide(PHASES['up, not ready yet'], EVENTS.limit, quiet, T);
  t.like(late.phase, { ready: 'late' });
  t.like(decide(late, EVENTS.ready, quiet, T).actions[0], { text: 'ready, late' });
});

test('up: a healthy life sets the failures in a row to none', (t) => {
  const { instance } = decide({ ...PHASES.up, failuresInRow: 3 }, EVENTS.limit, quiet, T + 5_000);
  t.like(instance, { failuresInRow: 0, phase: { healthy: true } });
});

const policy = (restart: 'on-failure' | 'never'): Instance => ({
  ...PHASES.up,
  wanted: wanted('a', {
    restart: { policy: restart, delayMs: 250, maxDelayMs: 30_000, healthyAfterMs: 10_000, giveUp: null },
  }),
});
const lets = test.macro((t, restart: 'on-failure' | 'never', code: number, want: 'down' | 'waiting') => {
  const { instance } = decide(policy(restart), { ...exit, code, rest: [] }, quiet, T);
  t.is(instance.phase.name, want);
  t.is(instance.target, 'up', 'its target stays up');
  t.is(instance.ended, want === 'down');
});
test('restart on-failure lets exit code 0 stand', lets, 'on-failure', 0, 'down');
test('restart on-failure launches again after another code', lets, 'on-failure', 3, 'waiting');
test('restart never lets every end stand', lets, 'never', 3, 'down');

test('up: exit code 6 before it was ready means one lives outside: blocked, told where, no failure', (t) => {
  const { instance, actions } = decide(
    PHASES['up, not ready yet'],
    { ...exit, code: 6, rest: [], lastLine: 'live on "lab2", pid 7' },
    quiet,
    T,
  );
  t.like(instance, {
    failuresInRow: 0,
    failureTimesMs: [],
    phase: { name: 'blocked', by: 'outside', waitsFor: ['live on "lab2", pid 7'] },
  });
  t.false(actions.some(({ type }) => type === 'report'));
  t.is(instance.counts.outside, 1);
});

test('up: exit code 6 of one that was ready is a failure', (t) => {
  t.is(decide(PHASES.up, { ...exit, code: 6, rest: [] }, quiet, T).instance.counts.crashes, 1);
});

test('stopping: SIGKILL at the grace limit, and two seconds later it is looked at', (t) => {
  const { instance: killed } = decide(PHASES.stopping, EVENTS.limit, around({ alive: true }), T);
  t.like(killed.phase, { step: 'killed', limitAtMs: T + 2_000 });
});

test('stopping: one that will not die is looked at again after 1, 2, 4 … 30 s and nothing is launched beside it', (t) => {
  let instance: Instance = inPhase(stopping({ step: 'killed', next: 'admit' }));
  const waits: number[] = [];
  for (let look = 0; look < 7; look++) {
    const decision = decide(instance, EVENTS.limit, around({ alive: true }), T);
    instance = decision.instance;
    t.false(decision.actions.some(({ type }) => type === 'launch'));
    t.like(instance.phase, { name: 'stopping', step: 'stuck' });
    if (instance.phase.name === 'stopping') waits.push(instance.phase.limitAtMs - T);
  }
  t.deepEqual(waits, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
});

test('stopping: a rest has two seconds, or what is left of the grace', (t) => {
  const late = inPhase(stopping({ limitAtMs: T + 500 }));
  t.like(decide(late, EVENTS['exited, rest left'], quiet, T).instance.phase, { step: 'rest', limitAtMs: T + 500 });
  t.like(decide(PHASES.stopping, EVENTS['exited, rest left'], quiet, T).instance.phase, {
    step: 'rest',
    limitAtMs: T + 2_000,
  });
});

test('stopping: what SIGKILL ended without a word is over after one more look', (t) => {
  const killed = inPhase(stopping({ step: 'killed' }), { target: 'down' });
  const { instance: again } = decide(killed, EVENTS.limit, quiet, T);
  t.is(again.phase.name, 'stopping');
  t.is(decide(again, EVENTS.limit, quiet, T + 1_000).instance.phase.name, 'down');
});

test('only the last 20 changes of phase are kept', (t) => {
  let instance: Instance = PHASES.down;
  for (let turn = 0; turn < 15; turn++) {
    instance = decide(instance, EVENTS['target up'], around({ unmet: { ids: ['x'], atMostMs: 1 } }), T + turn).instance;
    instance = decide(instance, EVENTS['target down'], quiet, T + turn).instance;
  }
  t.is(instance.changes.length, 20);
});

test('a restart or retry of one that is wanted down is refused, and told', (t) => {
  for (const event of [EVENTS.restart, EVENTS.retry]) {
    const { instance, actions } = decide(PHASES.down, event, quiet, T);
    t.is(instance.phase.name, 'down');
    t.regex(JSON.stringify(actions), /refused: its target is down/);
  }
});
