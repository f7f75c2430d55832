import test from 'ava';
import { lab } from './lab.ts';
import { wanted } from './makers.ts';

const SLOW_AS_SAID = { slowMs: 3_000 };
const next = (host: ReturnType<typeof lab>) =>
  Object.fromEntries(host.supervisor.rows().map((row) => [row.instance_id, `${row.target_state} ${row.next_action}`]));

test('S01: entries start as the file says; a docker one is shown and not operable', (t) => {
  const docker = {
    management: 'docker',
    operable: false,
    inoperableWhy: 'containers are not managed in this version',
  } as const;
  const host = lab([
    wanted('yes'),
    wanted('off', { start: 'down' }),
    wanted('box', docker),
    wanted('boxdown', { ...docker, start: 'down' }),
  ]);
  host.step(2_000);
  t.deepEqual(next(host), { yes: 'up up', off: 'down down', box: 'up ?', boxdown: 'down ?' });
  t.like(host.supervisor.row('box'), { agent_class: 'DummyAgent[d?]', operable: false });
});

test('S03: --initial-state wins over the file and is kept like a request', (t) => {
  for (const [initialState, want] of [
    ['down', 'down down'],
    ['up', 'up up'],
  ] as const) {
    const host = lab([wanted('a'), wanted('b', { start: 'down' })], { initialState });
    host.step(2_000);
    t.deepEqual(next(host), { a: want, b: want });
    host.crashAndReturn([wanted('a'), wanted('b', { start: 'down' })]);
    host.step(2_000);
    t.deepEqual(next(host), { a: want, b: want });
  }
});

test('S04: the order of requests matters', (t) => {
  const host = lab([wanted('a'), wanted('b')]);
  host.step(2_000);
  host.supervisor.request(
    [
      ['all', 'up'],
      ['b', 'down'],
    ],
    'ana',
  );
  host.step(1_000);
  t.deepEqual(next(host), { a: 'up up', b: 'down down' });
  host.supervisor.request(
    [
      ['b', 'up'],
      ['all', 'down'],
    ],
    'ana',
  );
  host.step(1_000);
  t.deepEqual(next(host), { a: 'down down', b: 'down down' });
  t.is(host.world.launches.length, 2, 'b was not launched in between');
});

test('S05: an unknown id and an invalid state are told and touch nobody', (t) => {
  const host = lab([wanted('a')]);
  host.step(2_000);
  const pid = host.world.leader('a')?.pid;
  const outcome = host.supervisor.request(
    [
      ['nosuch', 'up'],
      ['a', 'sideways'],
    ],
    'ana',
  );
  t.true(outcome.ok);
  t.deepEqual(
    host.messages.filter(({ instance }) => instance === null).map(({ text }) => text),
    [
      'request ignored: invalid target "nosuch"',
      'request ignored: invalid state "sideways" for "a": use "up" or "down"',
    ],
  );
  t.is(host.world.leader('a')?.pid, pid);
});

test('S07: with the manager stopped a request is refused and nothing is launched', async (t) => {
  const host = lab([wanted('a')]);
  host.step(2_000);
  const stopped = host.supervisor.stopAll('manager.stop');
  host.step(1_000);
  t.deepEqual(await stopped, { success: true, stuck: [] });
  const before = host.world.launches.length;
  for (const outcome of [
    host.supervisor.request([['a', 'up']], 'ana'),
    host.supervisor.restart(['a'], 'ana'),
    host.supervisor.reload([wanted('a')]),
  ]) {
    t.like(outcome, { ok: false, fault: { code: 'MANAGER_NOT_RUNNING' } });
  }
  host.step(60_000);
  t.is(host.world.launches.length, before);
});

test('S08: one that is killed is up again with a new pid; one failure, its stability, its stderr', (t) => {
  const host = lab([wanted('a')]);
  host.step(20_000);
  const pid = host.world.leader('a')?.pid;
  host.world.end('a', { code: null, signal: 'SIGKILL' });
  host.step(100);
  t.not(host.world.leader('a')?.pid, pid);
  t.like(host.supervisor.row('a'), { next_action: 'up', failures_in_row: 1 });
  host.step(9_900);
  t.is(host.supervisor.row('a')?.stability, 0.5);
  host.step(10_000);
  t.is(host.supervisor.row('a')?.stability, 0.75);
  t.is(host.crashes.length, 1);
  t.like(host.crashes[0], { cause: 'signal', signal: 'SIGKILL', uptimeMs: 20_000 });
});

test('S10: one that crashes every 2.5 s is relaunched with growing gaps, none above 36 s, and told as unstable', (t) => {
  const host = lab([wanted('a')], { random: () => 1 });
  host.world.behave('a', { endsAfterMs: 2_500 });
  host.step(60_000);
  t.true(host.supervisor.row('a')?.unstable);
  host.step(400_000);
  const gaps = host.world.launches
    .map(({ atMs }, n) => atMs - (host.world.launches[n - 1]?.atMs ?? atMs) - 2_502)
    .slice(1);
  t.true(gaps.length > 10);
  t.true(
    gaps.every((gap, n) => gap >= (gaps[n - 1] ?? 0)),
    String(gaps),
  );
  t.is(Math.max(...gaps), 36_000);
  host.supervisor.request([['a', 'down']], 'ana');
  host.step(100);
  t.like(host.supervisor.row('a'), { next_action: 'down', unstable: false });
});

test('S11: a down request cancels a pending launch', (t) => {
  const host = lab([wanted('a')]);
  host.step(2_000);
  host.world.end('a', { code: 3, signal: null });
  host.step(1);
  t.is(host.supervisor.row('a')?.next_action, 'start_at');
  host.supervisor.request([['a', 'down']], 'ana');
  host.step(60_000);
  t.deepEqual(next(host), { a: 'down down' });
  t.is(host.world.launches.length, 1);
  t.true(host.texts('a').includes('pending launch cancelled'));
});

test('S12: a down request during a launch lets it complete, then stops it: one start, one stop signal', (t) => {
  const host = lab([wanted('a')]);
  host.world.behave('a', { spawnDelayMs: 500 });
  host.supervisor.restart(['a'], 'ana');
  t.is(host.supervisor.row('a')?.next_action, 'wait_start');
  host.supervisor.request([['a', 'down']], 'ana');
  host.step(60_000);
  t.deepEqual(next(host), { a: 'down down' });
  t.is(host.world.launches.length, 1);
  t.deepEqual(
    host.world.signals.map(({ signal }) => signal),
    ['SIGINT'],
  );
});

test('S13: an up request while it ends is carried out when it has ended, never beside it', (t) => {
  const host = lab([wanted('a')]);
  host.world.behave('a', { slowMs: 2_000 });
  host.step(2_000);
  const pid = host.world.leader('a')?.pid;
  host.supervisor.request([['a', 'down']], 'ana');
  host.step(1_000);
  t.is(host.supervisor.row('a')?.next_action, 'wait_dead');
  host.supervisor.request([['a', 'up']], 'ana');
  t.is(host.world.living('a').length, 1);
  host.step(1_100);
  t.is(host.supervisor.row('a')?.next_action, 'up');
  t.not(host.world.leader('a')?.pid, pid);
  t.deepEqual(host.world.doubles, []);
});

test('S14: a reload starts what is new and up, and touches neither targets nor processes of the known', (t) => {
  const host = lab([wanted('a'), wanted('b')]);
  host.step(1_000);
  host.supervisor.request([['b', 'down']], 'ana');
  host.step(1_000);
  const pid = host.world.leader('a')?.pid;
  host.supervisor.reload([
    wanted('a'),
    wanted('b', { config: { file: 'site.yaml', line: 99 } }),
    wanted('c'),
    wanted('d', { start: 'down' }),
  ]);
  host.step(1_000);
  t.deepEqual(next(host), { a: 'up up', b: 'down down', c: 'up up', d: 'down down' });
  t.is(host.world.leader('a')?.pid, pid);
  t.is(host.supervisor.row('b')?.config?.line, 99);
});

test('S15: what is no longer listed is retired: target down, ended, gone, not addressable', (t) => {
  const host = lab([wanted('a'), wanted('b'), wanted('c')]);
  host.world.behave('b', SLOW_AS_SAID);
  host.step(2_000);
  const pid = host.world.leader('c')?.pid;
  host.supervisor.reload([wanted('c')]);
  t.like(host.supervisor.row('b'), { target_state: 'down', next_action: 'wait_dead', management: 'retired' });
  const outcome = host.supervisor.request([['b', 'up']], 'ana');
  t.true(outcome.ok && outcome.value.ignored[0]?.text.startsWith('request ignored: invalid target "b"'));
  host.step(3_500);
  t.deepEqual(next(host), { c: 'up up' });
  t.is(host.world.leader('c')?.pid, pid);
  t.is(host.world.living('b').length, 0);
});

test('S15: one listed again before it has ended keeps its row and is launched when the old one is gone', (t) => {
  const host = lab([wanted('b')]);
  host.world.behave('b', SLOW_AS_SAID);
  host.step(2_000);
  host.supervisor.reload([]);
  host.step(1_000);
  host.supervisor.reload([wanted('b')]);
  t.like(host.supervisor.row('b'), { next_action: 'wait_dead', management: 'host', target_state: 'up' });
  host.step(2_500);
  t.is(host.supervisor.row('b')?.next_action, 'up');
  t.deepEqual(host.world.doubles, []);
});

test('S17: one whose class is not installed is never launched, and disturbs nobody', (t) => {
  const host = lab([wanted('z', { operable: false, inoperableWhy: 'class "NoSuchClass" not installed' }), wanted('a')]);
  host.supervisor.request([['z', 'up']], 'ana');
  host.step(2_000);
  t.deepEqual(next(host), { z: 'up ?', a: 'up up' });
  t.deepEqual(
    host.world.launches.map(({ instanceId }) => instanceId),
    ['a'],
  );
  t.regex(host.texts('z').join(), /NoSuchClass/);
});

test('S18: a stop of all ends by itself, a second one is the same, rows are kept for a start without config', async (t) => {
  const host = lab([wanted('a'), wanted('b', { start: 'down' })]);
  host.world.behave('a', SLOW_AS_SAID);
  host.step(2_000);
  const stopped = host.supervisor.stopAll('manager.stop');
  t.is(host.supervisor.stopAll('manager.stop'), stopped);
  host.step(4_000);
  t.deepEqual(await stopped, { success: true, stuck: [] });
  t.deepEqual(next(host), { a: 'down down', b: 'down down' });
  host.supervisor.resume();
  host.supervisor.request([['b', 'up']], 'ana');
  host.step(1_000);
  t.deepEqual(next(host), { a: 'down down', b: 'up up' });
});
