import test from 'ava';
import { fault } from '../../../base/fault.ts';
import { downRow, ended, managerData, row, session, waitingRow, world } from '../world.ts';

test('up sends one request, waits until the instance is ready and says so', async (t) => {
  const w = world({ rows: [downRow('thermo1')] });
  w.answers.set('hm-lab-a.start.update', () => {
    w.setRows([row('thermo1', { is: 'launching', phase: 'launching', ready: 'no' })]);
    return ended('update', true);
  });
  const run = w.run('up', 'thermo1');
  await w.clock.advance(500);
  w.setRows([row('thermo1', { ready: 'waiting' })]);
  await w.clock.advance(100);
  w.setRows([row('thermo1')]);
  t.is(await run, 0);
  t.like(
    w.asks.find(({ ask }) => ask.op === 'update'),
    { agent: 'hm-lab-a', ask: { class: 'operate', params: { requests: [['thermo1', 'up']], reload_config: false } } },
  );
  t.regex(w.out.join(''), /✓ thermo1 up 0\.6 s/);
});
test('up exits 7 when the instance is not there in time', async (t) => {
  const w = world({ rows: [waitingRow('cam1')] });
  w.answers.set('hm-lab-a.start.update', ended('update', true));
  const run = w.run('up', 'cam1', '--timeout', '5s', '--json');
  await w.clock.advance(5_000);
  t.is(await run, 7);
  t.like(w.document(), {
    outcomes: [{ instance_id: 'cam1', ok: false, is: 'waiting', fault: { code: 'NOT_REACHED' } }],
  });
});
test('up does not wait for what can never come', async (t) => {
  const w = world({ rows: [row('thermo1', { is: 'inoperable', phase: 'inoperable', ready: 'no' })] });
  w.answers.set('hm-lab-a.start.update', ended('update', true));
  t.is(await w.run('up', 'thermo1'), 7);
});
test('down waits until the instance has ended', async (t) => {
  const w = world();
  w.answers.set('hm-lab-a.start.update', ended('update', true));
  const run = w.run('down', 'thermo1');
  await w.clock.advance(10);
  w.setRows([row('thermo1', { target_state: 'down', is: 'stopping', phase: 'stopping' })]);
  await w.clock.advance(10);
  w.setRows([downRow('thermo1')]);
  t.is(await run, 0);
});
test('down exits 8 when some of several fail', async (t) => {
  const w = world({ rows: [downRow('a1'), row('b1')] });
  w.answers.set('hm-lab-a.start.update', ended('update', true));
  const run = w.run('down', '--all', '--timeout', '1s');
  await w.clock.advance(1_000);
  t.is(await run, 8);
});
test('down --no-wait leaves at once', async (t) => {
  const w = world();
  w.answers.set('hm-lab-a.start.update', ended('update', true));
  t.is(await w.run('down', 'thermo1', '--no-wait', '-q'), 0);
  t.deepEqual(w.out, ['thermo1\n']);
});
test('down --dry-run asks for nothing', async (t) => {
  const w = world();
  t.is(await w.run('down', 'thermo1', '--dry-run', '--json'), 0);
  t.like(w.document(), { plan: { acts: [{ instance_id: 'thermo1', act: 'stop' }] } });
  t.false(w.asks.some(({ ask }) => ask.method === 'start'));
});
test('down --now needs --yes off a terminal', async (t) => {
  const w = world();
  t.is(await w.run('down', 'thermo1', '--now'), 6);
  t.false(w.asks.some(({ ask }) => ask.method === 'start'));
});
test('down of an infrastructure class asks as admin', async (t) => {
  const w = world({ rows: [row('broker', { agent_class: 'Broker' })] });
  w.answers.set('hm-lab-a.start.update', ended('update', true));
  await w.run('down', 'broker', '--no-wait');
  t.is(w.asks.find(({ ask }) => ask.op === 'update')?.ask.class, 'admin');
});
test('up exits with what the HostManager refuses', async (t) => {
  const w = world();
  w.answers.set('hm-lab-a.start.update', fault('DENIED', { needed: 'admin', held: 'operate' }));
  t.is(await w.run('up', 'thermo1'), 6);
  t.regex(w.notes.join(''), /error DENIED: Request refused/);
});
test('up exits with what the finished session says', async (t) => {
  const w = world();
  w.answers.set(
    'hm-lab-a.start.update',
    ended('update', false, {
      messages: [[1, 'manager is not running']],
      fault: { code: 'MANAGER_NOT_RUNNING', remedy: '', facts: {} },
    }),
  );
  t.is(await w.run('up', 'thermo1'), 3);
});
test('up exits 3 where the HostManager is dead', async (t) => {
  const w = world({ hostManager: false });
  t.is(await w.run('up', 'thermo1'), 3);
  t.regex(w.notes.join(''), /HOST_MANAGER_ABSENT/);
});
test('Ctrl-C in up only stops watching', async (t) => {
  const w = world({ rows: [waitingRow('cam1')] });
  w.answers.set('hm-lab-a.start.update', ended('update', true));
  const run = w.run('up', 'cam1');
  await w.clock.advance(10);
  w.interrupt();
  t.is(await run, 130);
  t.regex(w.notes.join(''), /the HostManager goes on: cupola status/);
});

test('up asks for the whole state where the topic left rows out', async (t) => {
  const w = world({ rows: [row('thermo1')] });
  w.answers.set('hm-lab-a.start.update', ended('update', true));
  const whole = session('manager', { data: managerData([row('thermo1')]) });
  w.push('hm-lab-a', session('manager', { data: {}, cut: ['child_states'] }));
  w.answers.set('hm-lab-a.status.manager', whole);
  t.is(await w.run('up', 'thermo1'), 0);
});
