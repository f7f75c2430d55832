import test from 'ava';
import { Row } from '../../protocol/rows.ts';
import type { Instance, Phase } from '../../host-manager/instance.ts';
import { rowOf } from '../../host-manager/rows.ts';
import { whyAnswer } from '../../host-manager/why.ts';
import { blocked, inPhase, launching, stopping, T, up, wanted } from './makers.ts';

const shows = test.macro((t, phase: Phase, over: Partial<Instance>, want: Partial<Row>) => {
  const row = rowOf(inPhase(phase, over), T);
  t.deepEqual(Row.parse(row), row, 'it is a row of the wire');
  t.like(row, want);
});

test(
  'a row of one that is up',
  shows,
  up(),
  {},
  { next_action: 'up', is: 'up', pid: 4_242, generation: 5, started_at: (T - 5_000) / 1_000, ready: 'yes' },
);
test(
  'a row of one whose heartbeat is lost',
  shows,
  up({ health: 'lost' }),
  {},
  { next_action: 'up', is: 'lost', why: 'its heartbeat is lost' },
);
test('a row of one that is degraded', shows, up({ degraded: true }), {}, { is: 'degraded', degraded: true });
test(
  'a row of one that is late',
  shows,
  up({ ready: 'late' }),
  {},
  { is: 'up', ready: 'late', why: 'not ready after 15000 ms' },
);
test(
  'a row of one that waits for others',
  shows,
  blocked(),
  {},
  { next_action: 'start', is: 'waiting', waits_for: ['mux1'], why: 'waits for mux1' },
);
test(
  'a row of one that is launching',
  shows,
  launching(),
  {},
  { next_action: 'wait_start', is: 'launching', pid: null, generation: 5 },
);
test('a row of one that is stopping', shows, stopping(), {}, { next_action: 'wait_dead', is: 'stopping', pid: 4_242 });
test(
  'a row of one that will not die',
  shows,
  stopping({ step: 'stuck' }),
  {},
  { health: 'stuck', why: 'it will not die: nothing is launched beside it' },
);
test('a row of one that gave up', shows, { name: 'gave-up' }, {}, { next_action: 'down', is: 'waiting' });
test(
  'a row of one that is down',
  shows,
  { name: 'down' },
  { target: 'down' },
  { next_action: 'down', is: 'down', target_state: 'down', pid: null },
);
test(
  'a row of one that is not operable',
  shows,
  { name: 'inoperable', why: 'class not installed' },
  { operable: false },
  { next_action: '?', is: 'inoperable', operable: false, why: 'class not installed' },
);
test(
  'a row of one that backs off',
  shows,
  { name: 'waiting', relaunchAtMs: T + 1_500 },
  { failuresInRow: 3 },
  {
    next_action: 'start_at',
    is: 'waiting',
    retry_at: (T + 1_500) / 1_000,
    failures_in_row: 3,
    unstable: true,
    why: 'launched again in 1500 ms; 3 failures in a row',
  },
);
test(
  'a row of a docker-managed one',
  shows,
  { name: 'inoperable', why: 'containers are not managed in this version' },
  { operable: false, wanted: wanted('a', { management: 'docker' }) },
  { agent_class: 'DummyAgent[d?]', management: 'docker', next_action: '?', target_state: 'up' },
);
test(
  'a row of a retired one',
  shows,
  stopping({ next: 'gone' }),
  { retired: true, target: 'down' },
  { management: 'retired', target_state: 'down' },
);
test(
  'a row of one launched from another definition',
  shows,
  up({ definitionHash: 'old' }),
  {},
  { restart_required: true, restart_reasons: ['config'] },
);
test(
  'a row is unstable at stability 0.5',
  shows,
  up(),
  { failureTimesMs: [T - 10_000] },
  { stability: 0.5, unstable: true },
);
test(
  'a row that is down is never unstable',
  shows,
  { name: 'down' },
  { failureTimesMs: [T], target: 'down' },
  { stability: 0, unstable: false },
);
test(
  'a row counts its relaunches',
  shows,
  up(),
  { relaunchTimesMs: [T - 86_400_001, T - 7_200_000, T - 5] },
  { restarts_1h: 1, restarts_24h: 2 },
);

test('why tells target, actor, line of the config, the changes, and what comes next', (t) => {
  const instance = inPhase(
    { name: 'waiting', relaunchAtMs: T + 1_500 },
    { changes: [{ atMs: T - 10, from: 'up', to: 'waiting', cause: 'exited with code 3', actor: 'crash' }] },
  );
  const why = whyAnswer(instance, T);
  t.like(why, { target: 'a', next: { act: 'launch', at: (T + 1_500) / 1_000 } });
  t.deepEqual(why.because.slice(1), [
    { at: (T - 60_000) / 1_000, text: 'target up, set by ana', actor: 'ana' },
    { at: null, text: 'DummyAgent, starts up', file: 'site.yaml', line: 7 },
    { at: (T - 10) / 1_000, text: 'up → waiting: exited with code 3', actor: 'crash' },
  ]);
  t.regex(why.remedy, /cupola logs a/);
});

test('why has nothing to come and nothing to do for one that is up as wanted', (t) => {
  const why = whyAnswer(inPhase(up()), T);
  t.deepEqual(why.next, { act: '', at: null });
  t.is(why.remedy, '');
});
