import test from 'ava';
import { DEFAULT_RESTART } from '../../host-manager/wanted.ts';
import { lab } from './lab.ts';
import { wanted } from './makers.ts';

const next = (host: ReturnType<typeof lab>) =>
  Object.fromEntries(host.supervisor.rows().map((row) => [row.instance_id, `${row.target_state} ${row.next_action}`]));

test('a stop of all changes no kept target: the next HostManager brings all back', async (t) => {
  const file = [wanted('a'), wanted('b')];
  const host = lab(file);
  host.supervisor.request([['b', 'down']], 'ana');
  host.step(2_000);
  void host.supervisor.stopAll('die');
  host.step(1_000);
  host.crashAndReturn(file);
  host.step(1_000);
  t.deepEqual(next(host), { a: 'up up', b: 'down down' });
});

test('a start of the manager by a person resets targets and failures to the file', (t) => {
  const host = lab([wanted('a'), wanted('b')]);
  host.step(2_000);
  host.world.end('a', { code: 3, signal: null });
  host.supervisor.request([['b', 'down']], 'ana');
  host.step(2_000);
  void host.supervisor.stopAll('manager.stop');
  host.step(1_000);
  host.supervisor.load([wanted('a'), wanted('b')], { keepTargets: false });
  host.step(1_000);
  t.deepEqual(next(host), { a: 'up up', b: 'up up' });
  t.is(host.supervisor.row('a')?.stability, 1);
});

test('a stop of all names what will not die, and stops the broker last', async (t) => {
  const host = lab([
    wanted('broker', { agentClass: 'Broker' }),
    wanted('a'),
    wanted('b', { after: [{ instance: 'a', until: 'ready', atMostMs: 30_000 }] }),
  ]);
  host.step(2_000);
  host.world.behave('b', { unkillable: true });
  const stopped = host.supervisor.stopAll('manager.stop');
  host.step(12_900);
  t.true(host.world.living('broker').length === 0 && host.world.living('a').length === 0);
  t.deepEqual(await stopped, { success: false, stuck: ['b'] });
  t.deepEqual(host.world.signals.map(({ instanceId, signal }) => `${instanceId} ${signal}`).slice(0, 2), [
    'b SIGINT',
    'b SIGKILL',
  ]);
  t.deepEqual(
    host.world.signals.filter(({ signal }) => signal === 'SIGINT').map(({ instanceId }) => instanceId),
    ['b', 'a', 'broker'],
  );
  t.like(host.supervisor.row('b'), { health: 'stuck', next_action: 'wait_dead' });
});

test('a stop at its grace limit becomes SIGKILL', (t) => {
  const host = lab([wanted('a')]);
  host.step(2_000);
  host.world.behave('a', { ignoresPolite: true });
  host.supervisor.request([['a', 'down']], 'ana');
  host.step(9_999);
  t.is(host.world.living('a').length, 1);
  host.step(10);
  t.deepEqual(next(host), { a: 'down down' });
});

test('an adopted one keeps its pid, its generation and its history of failures', (t) => {
  const host = lab([wanted('a')]);
  host.step(15_000);
  host.world.end('a', { code: 3, signal: null });
  host.step(15_000);
  const { pid, generation } = host.supervisor.row('a') ?? {};
  host.crashAndReturn([wanted('a')]);
  t.like(host.supervisor.row('a'), {
    next_action: 'up',
    pid,
    generation,
    adopted: true,
    watch: 'lifeline',
    ready: 'yes',
  });
  t.true((host.supervisor.row('a')?.stability ?? 1) < 1);
  host.world.end('a', { code: null, signal: null });
  host.step(10);
  t.true(host.supervisor.row('a')?.next_action === 'up' && host.world.leader('a')?.pid !== pid);
});

test('what is found running and is listed nowhere, or wanted down, is stopped', (t) => {
  const host = lab([wanted('a'), wanted('b')]);
  host.step(2_000);
  host.crashAndReturn([wanted('b', { start: 'down' })]);
  t.like(host.supervisor.row('a'), { management: 'retired', next_action: 'wait_dead' });
  host.step(100);
  t.deepEqual(next(host), { b: 'down down' });
  t.deepEqual(host.world.living(), []);
});

test('one found running from another definition is told as restart required', (t) => {
  const host = lab([wanted('a')]);
  host.step(2_000);
  host.crashAndReturn([wanted('a', { definitionHash: 'two' })]);
  t.like(host.supervisor.row('a'), { next_action: 'up', restart_required: true });
  host.supervisor.restart(['a'], 'ana');
  host.step(100);
  t.like(host.supervisor.row('a'), { next_action: 'up', restart_required: false });
});

test('the broker is launched first, the others when it is ready, and `after` is heeded', (t) => {
  const after = [{ instance: 'a', until: 'ready', atMostMs: 30_000 }] as const;
  const host = lab([wanted('b', { after }), wanted('a'), wanted('broker', { agentClass: 'Broker' })]);
  t.deepEqual(
    host.world.launches.map(({ instanceId }) => instanceId),
    ['broker'],
  );
  t.deepEqual(host.supervisor.row('a')?.waits_for, ['broker']);
  host.step(30);
  t.deepEqual(
    host.world.launches.map(({ instanceId }) => instanceId),
    ['broker', 'a'],
  );
  host.step(30);
  t.deepEqual(
    host.world.launches.map(({ instanceId }) => instanceId),
    ['broker', 'a', 'b'],
  );
});

test('a broker that does not come is waited for 30 s, and no longer by one that a person asks for', (t) => {
  const host = lab([wanted('a'), wanted('b'), wanted('broker', { agentClass: 'Broker' })]);
  host.world.behave('broker', { spawnFails: true });
  host.crashAndReturn([wanted('a'), wanted('b'), wanted('broker', { agentClass: 'Broker' })]);
  host.world.end('broker', { code: 1, signal: null });
  host.step(1_000);
  host.supervisor.request([['b', 'up']], 'ana');
  t.is(host.supervisor.row('b')?.next_action, 'wait_start');
  t.is(host.supervisor.row('a')?.next_action, 'start');
  host.step(31_000);
  t.is(host.supervisor.row('a')?.next_action, 'up');
});

test('at a start no more than the agreed number of launches is under way', (t) => {
  const host = lab(
    Array.from({ length: 9 }, (_, n) => wanted(`i${n}`)),
    { launchesAtOnce: 4 },
  );
  const underWay = () =>
    host.supervisor.rows().filter(({ next_action, ready }) => next_action === 'wait_start' || ready === 'waiting')
      .length;
  let most = 0;
  for (let ms = 0; ms < 100; ms++) {
    most = Math.max(most, underWay());
    host.step(1);
  }
  t.is(most, 4);
  t.true(host.supervisor.rows().every(({ next_action }) => next_action === 'up'));
});

test('one outside is waited for, and nothing is launched beside it', (t) => {
  const host = lab([wanted('a', { start: 'down' })]);
  host.world.outsiders.set('a', 77);
  host.supervisor.request([['a', 'up']], 'ana');
  host.step(20_000);
  t.like(host.supervisor.row('a'), { next_action: 'start', waits_for: ['a process outside, pid 77'] });
  host.world.outsiders.delete('a');
  host.step(30_000);
  t.is(host.supervisor.row('a')?.next_action, 'up');
});

test('a program that its policy lets end is not launched again by a HostManager of the same boot', (t) => {
  const once = wanted('a', { restart: { ...DEFAULT_RESTART, policy: 'on-failure' } });
  const host = lab([once]);
  host.step(1_000);
  host.world.end('a', { code: 0, signal: null });
  host.step(1);
  t.deepEqual(next(host), { a: 'up down' });
  host.crashAndReturn([once]);
  host.step(60_000);
  t.is(host.world.launches.length, 1);
  host.supervisor.restart(['a'], 'ana');
  host.step(100);
  t.deepEqual(next(host), { a: 'up up' });
});

test('a replaced one is begun when the old one is gone', (t) => {
  const host = lab([wanted('a')]);
  host.world.behave('a', { slowMs: 1_000 });
  host.step(2_000);
  host.supervisor.reload([wanted('a', { agentClass: 'OtherAgent', definitionHash: 'two' })]);
  t.is(host.supervisor.row('a')?.next_action, 'wait_dead');
  host.step(1_100);
  t.like(host.supervisor.row('a'), { next_action: 'up', agent_class: 'OtherAgent', restart_required: false });
  t.deepEqual(host.world.doubles, []);
});

test('retry skips the wait before the next launch, kill what is left of a grace', (t) => {
  const host = lab([wanted('a')]);
  host.step(2_000);
  host.world.end('a', { code: 3, signal: null });
  host.step(1);
  host.supervisor.retry(['a'], 'ana');
  t.is(host.supervisor.row('a')?.next_action, 'wait_start');
  host.step(1_000);
  host.world.behave('a', { ignoresPolite: true });
  host.supervisor.request([['a', 'down']], 'ana');
  host.supervisor.kill(['a'], 'ana');
  host.step(10);
  t.is(host.supervisor.row('a')?.next_action, 'down');
});

test('disown leaves every process and ends every timer', (t) => {
  const host = lab([wanted('a'), wanted('b')]);
  host.step(5);
  host.supervisor.disown();
  host.step(3_600_000);
  t.is(host.world.living().length, 2);
  t.is(host.clock.nextMs(), null);
});

test('until() resolves when the state has come, and says so when it has not', async (t) => {
  const host = lab([wanted('a')]);
  const ready = host.supervisor.until(
    'a',
    (instance) => instance?.phase.name === 'up' && instance.phase.ready === 'yes',
    5_000,
  );
  const gone = host.supervisor.until('a', (instance) => instance === undefined, 5_000);
  host.step(6_000);
  t.deepEqual(await Promise.all([ready, gone]), [true, false]);
});

test('a stop of all in a hurry waits for no grace, and nothing is launched any more', async (t) => {
  const host = lab([
    wanted('broker', { agentClass: 'Broker' }),
    wanted('a'),
    wanted('b', { after: [{ instance: 'a', until: 'ready', atMostMs: 30_000 }] }),
    wanted('c'),
  ]);
  host.step(2_000);
  host.world.behave('b', { ignoresPolite: true });
  host.world.end('c', { code: 3, signal: null });
  host.world.end('c', { code: 3, signal: null });
  const stopped = host.supervisor.stopAll('signal SIGINT');
  host.step(100);
  t.is(host.world.living('b').length, 1);
  host.supervisor.hurry('second signal');
  host.step(100);
  t.deepEqual(host.world.living(), []);
  t.deepEqual(await stopped, { success: true, stuck: [] });
  host.step(60_000);
  t.deepEqual(host.world.living(), []);
});

test('order() is that of a launch, without what is retired', (t) => {
  const broker = wanted('broker', { agentClass: 'Broker' });
  const b = wanted('b', { after: [{ instance: 'c', until: 'ready', atMostMs: 30_000 }] });
  const host = lab([wanted('a'), b, wanted('c'), broker]);
  host.step(2_000);
  host.world.behave('a', { ignoresPolite: true });
  host.supervisor.reload([b, wanted('c'), broker]);
  t.is(host.supervisor.row('a')?.management, 'retired');
  t.deepEqual(host.supervisor.order(), ['broker', 'c', 'b']);
});
