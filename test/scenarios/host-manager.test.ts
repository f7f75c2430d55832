/** The HostManager with real processes: scenarios S01 to S18, asked over its socket. Those of virtual time are told by its cores. */
import { existsSync } from 'node:fs';
import test from 'ava';
import { systemClock } from '../../base/clock.ts';
import { must } from '../../base/fault.ts';
import { mqttDialer } from '../../bus/mqtt-connection.ts';
import { busCaller } from '../../client/bus-caller.ts';
import type { Row } from '../../protocol/rows.ts';
import { startSite } from './site.ts';

const isUp = (rows: Map<string, Row>, ...ids: string[]) =>
  ids.every((id) => rows.get(id)?.next_action === 'up' && rows.get(id)?.ready === 'yes');
const isDown = (rows: Map<string, Row>, ...ids: string[]) => ids.every((id) => rows.get(id)?.next_action === 'down');
const alive = (pid: number | null | undefined) => pid !== null && pid !== undefined && existsSync(`/proc/${pid}`);
const dummy = (id: string, more = '') => `- {agent-class: DummyAgent, instance-id: ${id}${more && `, ${more}`}}`;

test('S01: what "manage" says is what an instance starts as', async (t) => {
  const manage = [
    'yes',
    'no',
    'docker',
    'host',
    'up',
    'down',
    'ignore',
    'host/up',
    'host/down',
    'docker/up',
    'docker/down',
  ];
  const idOf = (word: string) => word.replace('/', '-');
  const site = await startSite(
    t,
    [...manage.map((word) => dummy(`m-${idOf(word)}`, `manage: '${word}'`)), dummy('m-absent')].join('\n'),
  );
  const up = ['m-yes', 'm-host', 'm-up', 'm-host-up', 'm-absent'];
  const rows = await site.until('the five that are wanted up are up', (seen) => isUp(seen, ...up));
  t.is(rows.has('m-no'), false);
  t.is(rows.has('m-ignore'), false);
  for (const id of up) t.is(rows.get(id)?.target_state, 'up');
  for (const id of ['m-down', 'm-host-down'])
    t.deepEqual([rows.get(id)?.target_state, rows.get(id)?.next_action], ['down', 'down']);
  for (const id of ['m-docker', 'm-docker-up', 'm-docker-down']) {
    const row = rows.get(id);
    t.deepEqual([row?.agent_class, row?.next_action, row?.operable], ['DummyAgent[d?]', '?', false]);
    t.is(row?.target_state, id === 'm-docker-down' ? 'down' : 'up');
  }
});

test('S02: entries that cannot be managed are left out and told, the file stays good', async (t) => {
  const site = await startSite(
    t,
    [
      '- {agent-class: DummyAgent}',
      dummy('a'),
      '- {agent-class: FakeDataAgent, instance-id: a}',
      dummy('b', 'manage: bogus'),
    ].join('\n'),
  );
  const rows = await site.until('a is up', (seen) => isUp(seen, 'a'));
  t.deepEqual(
    [...rows.keys()].filter((id) => id !== 'broker'),
    ['a'],
  );
  t.is(rows.get('a')?.agent_class, 'DummyAgent');
  const told = (await site.messages()).join('\n');
  for (const part of ['instance-id', '"a"', 'bogus']) t.true(told.includes(part), part);
  await site.until('the status of the file holds the complaints', (_, { config_parse_status: status }) => {
    const [good, , text] = status['[SCF]'] ?? [false, 0, ''];
    return good && text.includes('bogus');
  });
});

for (const state of ['up', 'down'] as const) {
  test(`S03: --initial-state ${state} counts over "manage"`, async (t) => {
    const site = await startSite(t, [dummy('a', 'manage: host/up'), dummy('b', 'manage: host/down')].join('\n'), {
      args: ['--initial-state', state],
    });
    const rows = await site.until(`both are ${state}`, (seen) =>
      state === 'up' ? isUp(seen, 'a', 'b') : isDown(seen, 'a', 'b'),
    );
    t.deepEqual([rows.get('a')?.target_state, rows.get('b')?.target_state], [state, state]);
  });
}

test('S04, S05: requests are taken in order; an unknown id or state is ignored and told', async (t) => {
  const site = await startSite(t, [dummy('a'), dummy('b')].join('\n'));
  await site.until('both are up', (seen) => isUp(seen, 'a', 'b'));
  await site.op('update', {
    requests: [
      ['all', 'up'],
      ['b', 'down'],
    ],
  });
  await site.until(
    'a up, b down',
    (seen) => isUp(seen, 'a') && isDown(seen, 'b') && seen.get('b')?.target_state === 'down',
  );
  const pid = (await site.row('a'))?.pid;
  const ignored = await site.op('update', {
    requests: [
      ['nosuch', 'up'],
      ['a', 'sideways'],
    ],
  });
  t.is(ignored.session?.success, true);
  const said = ignored.session?.messages.map(([, text]) => text).join('\n') ?? '';
  t.true(said.includes('invalid target "nosuch"') && said.includes('invalid state "sideways"'), said);
  t.is((await site.row('a'))?.pid, pid);
  await site.op('update', {
    requests: [
      ['b', 'up'],
      ['all', 'down'],
    ],
  });
  await site.until('both are down: order matters', (seen) => isDown(seen, 'a', 'b'));
});

test('S06, S07: wrong params make no session; without a manager nothing is done', async (t) => {
  const site = await startSite(t, dummy('a'));
  await site.until('a is up', (seen) => isUp(seen, 'a'));
  const unknown = await site.op('update', { foo: 1 });
  t.deepEqual([unknown.code, unknown.session], [-1, undefined]);
  t.true(unknown.message.includes('foo'));
  const mistyped = await site.op('update', { reload_config: 'yes' });
  t.true(mistyped.code === -1 && mistyped.message.includes('reload_config: "yes" is not a boolean'), mistyped.message);
  const again = await site.op('manager');
  t.deepEqual([again.code, again.message], [-1, 'Operation "manager" already in progress.']);
  t.is((await site.stopOp('manager')).code, 0);
  await site.until('all is down', (seen) => isDown(seen, 'a'));
  const late = await site.op('update', { requests: [['a', 'up']] });
  t.deepEqual([late.code, late.session?.success], [0, false]);
  t.true(late.session?.messages.some(([, text]) => text.includes('manager is not running')));
});

test('S08: one that is killed is launched again, counted once, and its stderr is told', async (t) => {
  const site = await startSite(t, dummy('a', 'settings: {lines: 60}'));
  const first = (await site.until('a is up', (seen) => isUp(seen, 'a'))).get('a')?.pid ?? 0;
  process.kill(first, 'SIGKILL');
  const rows = await site.until('a new one is up', (seen) => isUp(seen, 'a') && seen.get('a')?.pid !== first, 5_000);
  const row = rows.get('a');
  t.deepEqual([row?.failures_in_row, row?.exit?.signal, row?.exit?.expected], [1, 'SIGKILL', false]);
  const told = (await site.messages()).join('\n');
  t.true(told.includes('SIGKILL') && told.includes('a line 60'), told);
  t.false(told.includes('a line 40\n'));
  const reports = await site.op('crash_reports', { instance: 'a' });
  const [report] = (reports.session?.data['reports'] ?? []) as { stderr: string[]; signal: string }[];
  t.is(report?.signal, 'SIGKILL');
  t.true(report?.stderr.some((line) => line.includes('a line 60')));
  const why = await site.op('why', { instance: 'a' });
  t.true(JSON.stringify(why.session?.data).includes('SIGKILL'));
});

test('S12, S13: a launch completes before it is ended, and nothing is launched beside one that still ends', async (t) => {
  const site = await startSite(t, [dummy('a', 'manage: down'), dummy('slow', 'settings: {slow: 2}')].join('\n'));
  const before = (await site.until('slow is up', (seen) => isUp(seen, 'slow'))).get('slow')?.pid;
  await site.op('update', {
    requests: [
      ['a', 'up'],
      ['a', 'down'],
    ],
  });
  await site.until('a is down again', (seen) => isDown(seen, 'a'));
  await site.op('update', { requests: [['slow', 'down']] });
  await site.until('it is ending', (seen) => seen.get('slow')?.next_action === 'wait_dead');
  await site.op('update', { requests: [['slow', 'up']] });
  const rows = await site.until('a new one is up', (seen) => isUp(seen, 'slow') && seen.get('slow')?.pid !== before);
  t.false(alive(before));
  t.true(alive(rows.get('slow')?.pid));
});

test('S14, S15: a reload adds, keeps and retires', async (t) => {
  const site = await startSite(t, [dummy('a'), dummy('b', 'settings: {slow: 2}'), dummy('e')].join('\n'));
  const first = await site.until('all are up', (seen) => isUp(seen, 'a', 'b', 'e'));
  site.write([dummy('a'), dummy('c'), dummy('d', 'manage: down'), dummy('e', 'manage: ignore')].join('\n'));
  const reload = await site.op('update', { reload_config: true });
  t.is(reload.session?.success, true);
  const ending = await site.until('b is ending', (seen) => seen.get('b')?.next_action === 'wait_dead');
  t.deepEqual([ending.get('b')?.target_state, ending.get('b')?.management], ['down', 'retired']);
  const refused = await site.op('update', { requests: [['b', 'up']] });
  t.true(refused.session?.messages.some(([, text]) => text.includes('invalid target "b"')));
  const rows = await site.until(
    'the new ones are there, the old ones gone',
    (seen) => isUp(seen, 'a', 'c') && isDown(seen, 'd') && !seen.has('b') && !seen.has('e'),
  );
  t.is(rows.get('a')?.pid, first.get('a')?.pid);
  t.false(alive(first.get('b')?.pid));
  t.false(alive(first.get('e')?.pid));
});

test('S16: a broken file stops nothing, requests beside it are carried out, a mended one is good again', async (t) => {
  const site = await startSite(t, [dummy('a'), dummy('c')].join('\n'));
  const first = await site.until('both are up', (seen) => isUp(seen, 'a', 'c'));
  site.write('- {agent-class: DummyAgent, instance-id: [');
  const update = await site.op('update', { reload_config: true, requests: [['a', 'down']] });
  t.is(update.session?.success, true);
  const broken = await site.until(
    'the file is told as not ok',
    (seen, { config_parse_status: status }) => isDown(seen, 'a') && status['[SCF]']?.[0] === false,
  );
  t.is(broken.get('c')?.pid, first.get('c')?.pid);
  site.write([dummy('a'), dummy('c')].join('\n'));
  await site.op('update', { reload_config: true });
  const mended = await site.until(
    'the file is ok',
    (_, { config_parse_status: status }) => status['[SCF]']?.[0] === true,
  );
  t.is(mended.get('c')?.pid, first.get('c')?.pid);
  t.is(mended.get('a')?.target_state, 'down');
});

test('S16: a HostManager that starts on a broken file runs on the last good one', async (t) => {
  const site = await startSite(t, dummy('a'));
  const first = await site.until('a is up', (seen) => isUp(seen, 'a'));
  await site.kill();
  site.write('- {agent-class: DummyAgent, instance-id: [');
  await site.restart();
  const rows = await site.until(
    'a is adopted',
    (seen, { config_parse_status: status }) => isUp(seen, 'a') && status['[SCF]']?.[0] === false,
  );
  t.is(rows.get('a')?.pid, first.get('a')?.pid);
  process.kill(rows.get('a')?.pid ?? 0, 'SIGKILL');
  await site.until(
    'a is launched again from its last good entry',
    (seen) => isUp(seen, 'a') && seen.get('a')?.pid !== first.get('a')?.pid,
  );
});

test('S17: a class that is not installed is told, never launched, and disturbs nobody', async (t) => {
  const site = await startSite(t, [dummy('a'), '- {agent-class: NoSuchClass, instance-id: z}'].join('\n'));
  await site.until('a is up', (seen) => isUp(seen, 'a'));
  await site.op('update', { requests: [['z', 'up']] });
  const row = await site.row('z');
  t.deepEqual([row?.next_action, row?.operable, row?.target_state, row?.pid], ['?', false, 'up', null]);
  t.true(row?.why.includes('NoSuchClass'));
});

test('S18: manager.stop ends everything in bounded time, a second start keeps the rows it is told to keep', async (t) => {
  const site = await startSite(t, [dummy('a', 'settings: {slow: 2}'), dummy('b', 'manage: down')].join('\n'));
  await site.until('a is up', (seen) => isUp(seen, 'a'));
  t.is((await site.stopOp('manager')).code, 0);
  await site.until('all is down', (seen) => isDown(seen, 'a', 'b'));
  t.deepEqual(await site.stopOp('manager'), { code: -1, message: 'The operation is already stopping' });
  t.is((await site.op('update', { requests: [['a', 'up']] })).session?.success, false);
  t.is((await site.op('manager', { requests: [['all', 'down']] })).code, 0);
  await site.until('all stays down', (seen) => isDown(seen, 'a', 'b'));
  await site.stopOp('manager');
  await site.caller.call('hm', { method: 'wait', class: 'read', op: 'manager' });
  await site.op('manager', { reload_config: false, requests: [['b', 'up']] });
  const rows = await site.until('b is up', (seen) => isUp(seen, 'b'));
  t.is(rows.get('a')?.next_action, 'down');
});

test('kill -9 of the HostManager with 20 children: every child keeps its pid, targets are kept, a second one refuses', async (t) => {
  const ids = Array.from({ length: 20 }, (_, i) => `c${i}`);
  const command = "command: [/bin/sleep, '1000']";
  const site = await startSite(
    t,
    ids.map((id) => `- {agent-class: Command, instance-id: ${id}, ${command}}`).join('\n'),
  );
  await site.until('all are up', (seen) => isUp(seen, ...ids));
  await site.op('update', { requests: [['c7', 'down']] });
  const before = await site.until('c7 is down', (seen) => isDown(seen, 'c7'));
  await site.kill();
  await site.restart();
  const after = await site.until('all is as it was', (seen) =>
    ids.every((id) => seen.get(id)?.next_action === before.get(id)?.next_action),
  );
  for (const id of ids) t.is(after.get(id)?.pid, before.get(id)?.pid, id);
  t.is(after.get('c7')?.target_state, 'down');
  t.true(ids.filter((id) => id !== 'c7').every((id) => after.get(id)?.adopted));
  await t.throwsAsync(site.restart(), { message: /ALREADY_RUNNING/ });
});

test('another HostManager of its name on the bus ends this one, and no process of its host', async (t) => {
  const clock = systemClock();
  const site = await startSite(t, dummy('a'), { broker: true });
  const rows = await site.until('broker and a are up', (seen) => isUp(seen, 'broker', 'a'));
  const pids = [rows.get('broker')?.pid, rows.get('a')?.pid];
  const dialer = mqttDialer({ urls: [`mqtt://127.0.0.1:${site.port}`], user: 'hm', protocol: 4, clock });
  const caller = must(await busCaller({ dialer, root: 'observatory', clock, connectMs: 15_000 }));
  while (caller.roster.get('hm') === undefined) await clock.sleep(50);
  const held = caller.roster.get('hm')?.presence;
  const rival = must(await dialer.dial({ clientId: 'hm-rival' }));
  t.teardown(async () => Promise.all([caller.close(), rival.close()]));
  const g = (held?.g ?? 0) + 1;
  const gone = new Promise((resolve) => site.hostManager.once('exit', resolve));
  const presence = JSON.stringify({ ...held, g, generation: g, host: 'h2', pid: 1 });
  await rival.publish('observatory/agents/hm/presence', presence, { qos: 1, retain: true });
  await gone;
  t.true(pids.every(alive));
});

test('a second signal ends what is slow to end, and leaves nothing behind', async (t) => {
  const site = await startSite(t, dummy('a', "arguments: ['--slow', '30']"));
  const rows = await site.until('a is up', (seen) => isUp(seen, 'a'));
  const gone = new Promise((resolve) => site.hostManager.once('exit', resolve));
  site.hostManager.kill('SIGINT');
  await site.until('a is being stopped', (seen) => seen.get('a')?.next_action === 'wait_dead');
  t.true(alive(rows.get('a')?.pid));
  site.hostManager.kill('SIGINT');
  t.is(await gone, 130);
  t.false(alive(rows.get('a')?.pid));
});

test('a change of class ends the old process before the new one begins; one of other settings only says that it is due', async (t) => {
  const site = await startSite(t, [dummy('a', 'settings: {slow: 1}'), dummy('b')].join('\n'));
  const first = await site.until('both are up', (seen) => isUp(seen, 'a', 'b'));
  site.write(
    [
      "- {agent-class: Command, instance-id: a, command: [/bin/sleep, '1000']}",
      dummy('b', 'settings: {lines: 2}'),
    ].join('\n'),
  );
  await site.op('update', { reload_config: true });
  await site.until('the old one is ending', (seen) => seen.get('a')?.next_action === 'wait_dead');
  const rows = await site.until(
    'the new one is up',
    (seen) => isUp(seen, 'a') && seen.get('a')?.agent_class === 'Command',
  );
  t.false(alive(first.get('a')?.pid));
  t.deepEqual(
    [rows.get('b')?.pid, rows.get('b')?.restart_required, rows.get('b')?.restart_reasons],
    [first.get('b')?.pid, true, ['config']],
  );
  const restarted = await site.op('restart', { instances: ['b'] });
  t.is(restarted.code, 0);
  const after = await site.until(
    'b is another one',
    (seen) => isUp(seen, 'b') && seen.get('b')?.pid !== first.get('b')?.pid,
  );
  t.is(after.get('b')?.restart_required, false);
});

test('a program that is to run as another user is not run at all; keys without effect are told', async (t) => {
  const command = "agent-class: Command, command: [/bin/sleep, '1000']";
  const site = await startSite(
    t,
    [`- {${command}, instance-id: u, user: nobody}`, `- {${command}, instance-id: l, limits: {nice: 5}}`].join('\n'),
  );
  const rows = await site.until('the other one is up', (seen) => isUp(seen, 'l'));
  t.deepEqual([rows.get('u')?.next_action, rows.get('u')?.pid], ['?', null]);
  t.true(rows.get('u')?.why.includes('nobody'));
  t.true((await site.messages()).some((text) => text.includes('limits.nice')));
});

test('two HostManagers at once on one folder: one of them runs, and no child is started twice', async (t) => {
  const ids = ['a', 'b', 'c'];
  const site = await startSite(
    t,
    ids.map((id) => `- {agent-class: Command, instance-id: ${id}, command: [/bin/sleep, '1000']}`).join('\n'),
  );
  const before = await site.until('all are up', (seen) => isUp(seen, ...ids));
  await site.kill();
  const raced = await Promise.allSettled([site.restart(), site.restart(), site.restart()]);
  t.is(raced.filter(({ status }) => status === 'fulfilled').length, 1);
  const rows = await site.until('all are adopted', (seen) => isUp(seen, ...ids));
  for (const id of ids) t.is(rows.get(id)?.pid, before.get(id)?.pid);
});
