import test from 'ava';
import { type Outcome, failed, ok } from '../../../base/fault.ts';
import type { Caller } from '../../../client/caller.ts';
import type { Launched, Launcher } from '../../../cli/parts.ts';
import { type World, row, waitingRow, world } from '../world.ts';

/** A machine whose HostManager answers once `there` is set; its launcher remembers what it was asked. */
function machine(rows = [row('thermo1')]) {
  const state = {
    there: false,
    started: [] as (readonly string[])[],
    end: (code: number): void => void code,
    changed: () => {},
    signals: [] as string[],
  };
  const inner = world({ rows });
  const { socket: answering } = inner.parts.connect;
  const launch = (args: readonly string[]): Outcome<Launched> => {
    state.started.push(args);
    const ended = new Promise<number>((resolve) => (state.end = resolve));
    return ok({ pid: 77, ended, signal: (signal) => void state.signals.push(signal) });
  };
  const launcher: Launcher = {
    ...inner.parts.launcher,
    background: launch,
    foreground: launch,
    watchFolder: (_, changed) => {
      state.changed = changed;
      return () => {};
    },
  };
  const socket = async (path: string, key: string): Promise<Outcome<Caller>> =>
    state.there ? answering(path, key) : failed('BUS_DOWN', { url: path, cause: 'nobody' });
  inner.parts.launcher = launcher;
  inner.parts.connect = { ...inner.parts.connect, socket };
  return { w: inner, state };
}

async function appear({ w, state }: { w: World; state: { there: boolean; changed(): void } }): Promise<void> {
  await w.clock.advance(100);
  state.there = true;
  state.changed();
  await w.clock.advance(10);
}

test('start launches the HostManager with the flags of the site and waits for its socket and its children', async (t) => {
  const m = machine([row('thermo1', { ready: 'waiting' })]);
  const run = m.w.run('start', '--initial-state', 'down', '--state-dir', '/tmp/x');
  await appear(m);
  m.w.setRows([row('thermo1')]);
  t.is(await run, 0);
  t.deepEqual(m.state.started, [
    [
      'agent',
      'run',
      'HostManager',
      '--instance-id',
      'hm-lab-a',
      '--site-file',
      'site.yaml',
      '--site-host',
      'lab-a',
      '--state-dir',
      '/tmp/x',
      '--initial-state',
      'down',
    ],
  ]);
  t.regex(m.w.out.join(''), /HostManager "hm-lab-a" started, pid 77\nlab-a ● up/);
  t.regex(m.w.out.join(''), /next: cupola status .* cupola stop/);
});
test('start does not wait for a child that backs off', async (t) => {
  const m = machine([waitingRow('cam1')]);
  const run = m.w.run('start');
  await appear(m);
  t.is(await run, 0);
});
test('start shows the table after 30 s whatever the children do', async (t) => {
  const m = machine([row('thermo1', { ready: 'waiting' })]);
  const run = m.w.run('start');
  await appear(m);
  await m.w.clock.advance(30_000);
  t.is(await run, 0);
  t.regex(m.w.out.join(''), /not ready/);
});
test('start exits 0 and says so where it runs already', async (t) => {
  const m = machine();
  m.state.there = true;
  t.is(await m.w.run('start'), 0);
  t.deepEqual(m.state.started, []);
  t.regex(m.w.out.join(''), /runs already, pid 42/);
});
test('start --force exits 6 where it runs already', async (t) => {
  const m = machine();
  m.state.there = true;
  t.is(await m.w.run('start', '--force', '--json'), 6);
  t.like(m.w.document(), { ok: false, fault: { code: 'ALREADY_RUNNING', facts: { pid: 42 } } });
});
test('start exits 7 when the socket does not answer in 10 s', async (t) => {
  const m = machine();
  const run = m.w.run('start');
  await m.w.clock.advance(10_000);
  t.is(await run, 7);
  t.regex(m.w.notes.join(''), /START_TIMEOUT.*10000 ms/);
});
test('start tells the last line of a HostManager that ended at once', async (t) => {
  const m = machine();
  m.w.parts.disk = {
    ...m.w.parts.disk,
    lines: async () => ok([{ at: null, stream: 'err', level: null, text: 'error CONFIG_INVALID: no hosts' }]),
  };
  const run = m.w.run('start');
  await m.w.clock.advance(10);
  m.state.end(9);
  t.is(await run, 9);
  t.regex(m.w.notes.join(''), /ended with exit 9: error CONFIG_INVALID: no hosts/);
});
test('start --foreground passes Ctrl-C on and exits as the HostManager does', async (t) => {
  const m = machine();
  const run = m.w.run('start', '--foreground');
  await appear(m);
  m.w.interrupt();
  t.deepEqual(m.state.signals, ['SIGINT']);
  m.state.end(0);
  t.is(await run, 0);
  t.regex(m.w.notes.join(''), /next: cupola status .*Ctrl-C stops all/);
});
