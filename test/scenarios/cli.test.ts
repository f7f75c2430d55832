/** The program `cupola` as an operator uses it: the built binary, a real site, what it says and how it exits. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import * as z from 'zod';
import { ManagerData, Why } from '../../protocol/rows.ts';
import { Session } from '../../protocol/session.ts';
import { readPidRecord } from '../../store/pid-record.ts';
import { type CliSite, cliSite } from './cli-site.ts';

const FAKER = '{agent-class: FakeDataAgent, instance-id: faker1}';
const IDLE = '{agent-class: FakeDataAgent, instance-id: faker2, manage: down}';
const TALKER =
  "{agent-class: Command, instance-id: talker, command: [/bin/sh, -c, 'echo hello; echo bad >&2; exec sleep 1000']}";
const CRASHER =
  "{agent-class: Command, instance-id: crasher, manage: down, command: [/bin/sh, -c, 'echo ENODEV >&2; exit 1']}";

const Status = z.looseObject({
  source: z.enum(['socket', 'bus', 'disk']),
  hosts: z.array(z.looseObject({ host: z.literal('h1'), is: z.string(), manager: ManagerData.nullable() })).length(1),
});
const Outcomes = z.looseObject({
  outcomes: z.array(
    z.looseObject({ instance_id: z.string(), ok: z.boolean(), is: z.string(), took_ms: z.number().min(0) }),
  ),
});

async function rowsOf(site: CliSite) {
  const [host] = Status.parse(await site.json('status')).hosts;
  return new Map(host?.manager?.child_states.map((row) => [row.instance_id, row]));
}

test('a site is started, looked at, operated and stopped by its commands', async (t) => {
  const site = await cliSite(t, [FAKER, IDLE, TALKER, CRASHER]);
  const { cupola, json } = site;
  const says = async (args: string[], exit: number, ...parts: RegExp[]) => {
    const ended = await cupola(...args);
    const said = `${ended.out}${ended.err}`;
    t.is(ended.exit, exit, `cupola ${args.join(' ')}: ${said}`);
    for (const part of parts) t.regex(said, part, `cupola ${args.join(' ')}`);
    return ended;
  };

  // Nothing runs yet.
  await says(['status'], 3, /HostManager of host "h1" not running/, /next: Start it: "cupola start"/);
  await says(['stop'], 0, /does not run/);

  // start
  await says(['start'], 0, /HostManager "hm" started, pid \d+/, /faker1 .*● up/, /next: cupola status/);
  await says(['start'], 0, /runs already, pid \d+/);
  await says(['start', '--force'], 6, /error ALREADY_RUNNING/);
  await says(['agent', 'run', 'FakeDataAgent', '--instance-id', 'faker1'], 6, /error AGENT_DUPLICATE/);

  // status
  const table = await says(['status'], 0, /h1 ● up/, /talker +Command +up +● up/);
  t.is(table.err, '');
  const status = Status.parse(await json('status'));
  t.is(status.source, 'socket');
  t.deepEqual([...(await rowsOf(site)).keys()].toSorted(), ['broker', 'crasher', 'faker1', 'faker2', 'talker']);
  await says(['status', 'faker1'], 0, /wants +up \(.*site\.yaml:7 starts it up\)/, /process +pid \d+/);
  await says(['status', 'hm'], 0, /h1 ● up/);
  await says(['status', 'fakr1'], 5, /did you mean "faker1"/);
  await says(['status', '--host', 'h2'], 5, /Host "h2" not known; did you mean "h1"/);
  await says(['status', '--is', 'lost'], 0, /no instance is so/);
  await says(['status', 'faker1.delay_task'], 0, /never ran/);
  t.is((await cupola('status', '--class', 'FakeDataAgent', '-q')).out, 'faker1\nfaker2\n');

  // up, down, retry, restart
  await says(['up', 'faker2', '--dry-run'], 0, /\+ start +faker2/);
  await says(['retry', 'faker2'], 6, /Cannot try again "faker2": it is wanted down/);
  await says(['restart', 'faker2'], 6, /it is wanted down/, /next: Run "cupola up faker2"/);
  const some = await says(['restart', 'faker*'], 0, /✓ faker1 up/);
  t.notRegex(some.out, /faker2/);
  const up = await json('up', 'faker2');
  t.like(Outcomes.parse(up).outcomes[0], { instance_id: 'faker2', ok: true, is: 'up' });
  const once = await says(['down', 'faker2'], 0, /✓ faker2 down/);
  t.is(once.err, '', 'told once');
  await says(['up', 'nosuch'], 5, /"nosuch" not known/);
  await says(['up', 'faker1.acq'], 2, /"faker1.acq" is an operation/);
  await says(['down'], 2, /needs a target/);
  const before = (await rowsOf(site)).get('faker1')?.pid;
  await says(['restart', 'faker1'], 0, /✓ faker1 up/);
  t.not((await rowsOf(site)).get('faker1')?.pid, before);

  // operations
  await says(['run', 'faker1.delay_task', 'delay=0.1'], 0, /✓ succeeded in 0\.1/);
  const failure = await json('run', 'faker1.delay_task', 'delay=0.1', 'succeed=no');
  t.like(failure, { exit: 1, ok: false, fault: { code: 'SESSION_FAILED' } });
  t.is(Session.parse(failure['session']).success, false);
  await says(['run', 'faker1.delay_task', 'delay=abc', 'foo=1'], 2, /"abc" is not a number; foo: unexpected/);
  await says(['run', 'faker1.nosuch'], 5, /OPERATION_UNKNOWN/);
  await says(['run', 'faker1'], 2, /"faker1" is an agent/);
  await says(['run', 'faker1.delay_task', 'delay=60', '--timeout', '200ms'], 7, /not over after 200 ms/);
  await says(['wait', 'faker1.delay_task', '--timeout', '200ms'], 7, /cupola wait faker1\.delay_task/);
  await says(['start', 'faker1.delay_task'], 6, /already in progress/);
  await says(['stop'], 6, /faker1\.delay_task would be cut off/, /Add "--yes"/);
  await says(['stop', 'faker1.delay_task'], 2, /is a task/);
  await says(['abort', 'faker1.delay_task', '--wait'], 0, /✓ ended in/);
  await says(['wait', 'faker1.delay_task'], 1, /✗ failed/);
  await says(['start', 'faker1.acq'], 0, /started: session/);
  await says(['status', 'faker1.acq'], 0, /faker1\.acq running/);
  const detached = await site.cut(['wait', 'faker1.acq'], { on: /faker1\.acq {2}running/, signal: 'SIGINT' });
  t.is(detached.exit, 130);
  t.regex(detached.err, /runs on; "cupola stop faker1\.acq" ends it/);

  // feeds
  const feed = await site.cut(['feed', 'tail', 'faker1.false_temperatures', '--jsonl'], { on: /\n/, signal: 'SIGINT' });
  t.is(feed.exit, 130);
  const Samples = z.looseObject({ instance_id: z.literal('faker1'), feed: z.string(), ts: z.array(z.number()).min(1) });
  t.true(Samples.safeParse(JSON.parse(feed.out.split('\n')[0] ?? '')).success, feed.out);
  await says(['feed', 'tail', 'faker1.nosuch'], 5, /Use one of: false_temperatures/);
  await says(['stop', 'faker1.acq', 'faker1.delay_task'], 8, /Requested stop/, /is a task/);

  // logs, why
  t.is((await says(['logs', 'talker'], 0)).out, 'hello\nbad\n');
  t.is((await cupola('logs', 'talker', '--stream', 'err')).out, 'bad\n');
  const Lines = z.looseObject({
    lines: z.array(z.looseObject({ instance_id: z.string(), text: z.string() })).length(2),
  });
  t.true(Lines.safeParse(await json('logs', 'talker')).success);
  t.is((await site.cut(['logs', 'talker', '-f'], { on: /bad/, signal: 'SIGINT' })).exit, 130);
  await says(['logs', 'hm', '--tail', '5'], 0);
  await says(['logs', 'talker', '--crash'], 0, /no crash report of "talker"/);
  const healthy = await says(['why', 'faker1'], 0, /next: nothing to do/);
  t.notRegex(healthy.out, /then:/);
  await says(['why', 'hm'], 0, /hm runs and supervises/);

  // one that crashes
  await says(['up', 'crasher', '--no-wait'], 0, /crasher asked/);
  const watched = await site.cut(['status', '-w'], { on: /crasher waiting/, signal: 'SIGINT' });
  t.is(watched.exit, 130);
  await says(['status', 'crasher'], 3, /▲ waiting|● up|launching/);
  await says(['logs', 'crasher', '--crash'], 0, /crasher exit: exit 1/, /stderr:\n +ENODEV/);
  const why = await json('why', 'crasher');
  t.regex(JSON.stringify(Why.parse(why).because), /exited with code 1/);
  await says(['up', 'crasher'], 7, /"crasher" not up after \d+ ms: it is waiting \(.*exited with code 1/);
  await says(['down', 'crasher'], 0, /✓ crasher down/);

  // the HostManager alone, then all
  const pids = async () => [...(await rowsOf(site)).values()].map(({ pid }) => pid);
  const kept = await pids();
  await says(['restart'], 0, /HostManager "hm" started/);
  t.deepEqual(await pids(), kept, 'children untouched');
  await says(['stop'], 0, /hm stopped in/);
  t.is(readPidRecord(site.run, 'faker1'), undefined);
});

test('without a broker, then without a HostManager, an operator still sees and steers', async (t) => {
  const site = await cliSite(t, [FAKER, IDLE, TALKER]);
  const { cupola } = site;
  t.is((await cupola('start')).exit, 0);
  t.is((await cupola('down', 'broker', '--yes')).exit, 0);

  t.is((await cupola('status')).exit, 0);
  t.is((await cupola('up', 'faker2')).exit, 0);
  t.is((await cupola('down', 'faker2')).exit, 0);
  t.is((await cupola('why', 'faker1')).exit, 0);
  t.regex((await cupola('logs', 'talker')).out, /hello/);
  t.is((await cupola('run', 'faker1.delay_task', 'delay=0.1')).exit, 0, 'by its own socket');
  const unreached = await cupola('run', 'faker2.delay_task');
  t.is(unreached.exit, 4);
  t.regex(unreached.err, /error BUS_DOWN: .*nothing listens there/);

  const pid = await site.hostManagerPid();
  if (pid === undefined) return t.fail('no HostManager');
  process.kill(pid, 'SIGKILL');
  const dead = await site.json('status');
  t.like(dead, { exit: 3, source: 'disk', fault: { code: 'HOST_MANAGER_ABSENT' } });
  t.regex((await cupola('status')).out, /faker1 +up +● pid \d+, unsupervised/);
  for (const [args, said] of [
    [['why', 'faker1'], /pid \d+ runs, unsupervised/],
    [['why', 'hm'], /HostManager of host "h1" not running/],
    [['logs', 'talker'], /hello\n/],
    [['logs', 'talker', '--crash'], /no crash report/],
    [['down', 'faker1'], /HOST_MANAGER_ABSENT/],
    [['restart'], /HOST_MANAGER_ABSENT/],
  ] as const) {
    const { exit, out, err } = await cupola(...args);
    t.is(exit, 3, args.join(' '));
    t.regex(out + err, said);
  }

  const before = readPidRecord(site.run, 'faker1')?.pid;
  t.is((await cupola('start')).exit, 0);
  t.is((await rowsOf(site)).get('faker1')?.pid, before, 'adopted');
  t.is((await cupola('stop')).exit, 0);
});

test('start --foreground serves until Ctrl-C, which stops all in order', async (t) => {
  const site = await cliSite(t, [FAKER]);
  const ended = await site.cut(['start', '--foreground'], { on: /Ctrl-C stops all/, signal: 'SIGINT' });
  t.is(ended.exit, 0, ended.err);
  t.is(await site.hostManagerPid(), undefined);
  t.is(readPidRecord(site.run, 'faker1'), undefined);
});

test('what needs no site answers without one', async (t) => {
  const site = await cliSite(t, [FAKER]);
  const { cupola, json } = site;
  writeFileSync(join(site.folder, 'torn.yaml'), 'hosts: [\n');
  writeFileSync(
    join(site.folder, 'wrong.yaml'),
    'hub: {}\nhosts:\n  h1:\n    agent-instances:\n      - {agent-class: Termometer, instance-id: t1}\n',
  );
  const cases: [string[], number, RegExp][] = [
    [['version'], 0, /^\d+\.\d+\.\d+\n$/],
    [['--version'], 0, /^\d+\.\d+\.\d+\n$/],
    [['help'], 0, /Usage: cupola/],
    [['help', 'exit-codes'], 0, /130 +interrupted/],
    [['help', 'AGENT_ABSENT'], 0, /next: /],
    [['help', 'nosuch'], 2, /No help on "nosuch"/],
    [['statsu'], 2, /Did you mean "status"/],
    [['status', '--bogus'], 2, /next: Run "cupola help status"/],
    [['validate'], 0, /0 errors, 0 warnings/],
    [['validate', 'torn.yaml'], 9, /torn\.yaml:1:9: error CONFIG_SYNTAX/],
    [['validate', 'wrong.yaml'], 9, /wrong\.yaml:5:23: error CONFIG_CLASS_UNINSTALLED/],
    [['validate', 'none.yaml'], 9, /CONFIG_MISSING/],
    ...['start', 'run', 'wait', 'stop', 'abort', 'status', 'up', 'down', 'retry', 'restart', 'why', 'logs'].map(
      (name): [string[], number, RegExp] => [['help', name], 0, new RegExp(`Usage: cupola ${name}[^]*Examples:`)],
    ),
  ];
  for (const [args, exit, said] of cases) {
    const ended = await cupola(...args);
    t.is(ended.exit, exit, args.join(' '));
    t.regex(ended.out + ended.err, said);
  }
  const Problems = z.looseObject({ exit: z.literal(9), problems: z.array(z.looseObject({ line: z.number() })).min(1) });
  t.true(Problems.safeParse(await json('validate', 'wrong.yaml')).success);
});
