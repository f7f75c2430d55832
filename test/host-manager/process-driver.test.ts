import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { readPidRecord, recordPath, writePidRecord } from '../../store/pid-record.ts';
import { bootId, pidNamespace, processStat } from '../../store/proc.ts';
import { fileThere, newFolder, realDriver, specOf, within } from './real-driver.ts';

test('launch() tells `spawned` after it has returned, then `exited` with the code', async (t) => {
  const { driver, folder, next, seen } = realDriver(t);
  driver.launch(specOf(folder, 'exit 3'));
  t.deepEqual(seen, []);
  t.true((await next('spawned')).pid > 1);
  t.like(await next('exited'), { instanceId: 'thermo1', generation: 1, code: 3, signal: null, rest: [] });
  t.false(driver.alive('thermo1'));
  t.false(existsSync(recordPath(folder.run, 'thermo1')), 'the record is of a process that is gone');
});

test('launch() gives the child its own session, its life, the given environment alone and no stdin', async (t) => {
  const { driver, folder, next } = realDriver(t);
  driver.launch(
    specOf(folder, 'env; read line || echo no stdin; echo $$; cut -d" " -f1,5,6 /proc/$$/stat >&2', {
      env: { PATH: '/usr/bin:/bin', LAMP: 'on' },
    }),
  );
  const { pid } = await next('spawned');
  await next('exited');
  const out = readFileSync(join(folder.log, 'thermo1.out.log'), 'utf8');
  t.regex(out, /^CUPOLA_LIFE=thermo1:1:[\w-]{12}$/m);
  t.regex(out, /^LAMP=on$/m);
  t.notRegex(out, /^HOME=/m);
  t.regex(out, /^no stdin$/m);
  t.is(readFileSync(join(folder.log, 'thermo1.err.log'), 'utf8'), `${pid} ${pid} ${pid}\n`);
});

test('launch() writes logs and record for this user alone, the record naming the process', async (t) => {
  const { driver, folder, next } = realDriver(t);
  driver.launch(specOf(folder, 'echo ready >&3; exec sleep 60', { generation: 8 }));
  const { pid } = await next('spawned');
  for (const path of [recordPath(folder.run, 'thermo1'), join(folder.log, 'thermo1.err.log')]) {
    t.is(statSync(path).mode & 0o777, 0o600);
  }
  const stat = processStat(pid);
  t.like(readPidRecord(folder.run, 'thermo1'), {
    instance_id: 'thermo1',
    pid,
    generation: 8,
    start_ticks: stat?.startTicks,
    boot_id: bootId(),
    pid_namespace: pidNamespace(),
    definition_hash: 'sha256:definition',
    target: 'up',
    draining: [],
  });
});

test('launch() from within `exited` starts the next one: that is the relaunch', async (t) => {
  const { driver, folder, next } = realDriver(t);
  for (let generation = 1; generation <= 5; generation++) {
    driver.launch(specOf(folder, `exit ${generation}`, { generation }));
    t.like(await next('exited'), { generation, code: generation });
  }
});

test('launch() is refused with EBUSY while a process of the instance lives', async (t) => {
  const { driver, folder, next } = realDriver(t);
  driver.launch(specOf(folder, 'exec sleep 60'));
  const { pid } = await next('spawned');
  driver.launch(specOf(folder, 'exec sleep 60', { generation: 2 }));
  t.like(await next('spawn-failed'), { generation: 2, errno: 'EBUSY' });
  t.deepEqual(
    driver.remains('thermo1').map(({ pid }) => pid),
    [pid],
  );
});

const refuses = test.macro(async (t, argv: readonly string[], cwd: string | undefined, errno: string, text: RegExp) => {
  const { driver, folder, next, seen } = realDriver(t);
  const plain = join(folder.root, 'plain');
  writeFileSync(plain, 'no program');
  chmodSync(plain, 0o600);
  driver.launch(
    specOf(
      folder,
      argv.map((arg) => (arg === 'PLAIN' ? plain : arg)),
      cwd === undefined ? {} : { cwd },
    ),
  );
  t.deepEqual(seen, []);
  const event = await next('spawn-failed');
  t.is(event.errno, errno);
  t.regex(event.text, text);
  t.false(driver.alive('thermo1'));
  t.false(existsSync(recordPath(folder.run, 'thermo1')));
});
test(
  'launch() tells `spawn-failed` when the program is not there',
  refuses,
  ['/nonexistent/program'],
  undefined,
  'ENOENT',
  /program "\/nonexistent\/program" not found/,
);
test(
  'launch() tells `spawn-failed` when the folder is not there',
  refuses,
  ['/bin/true'],
  '/nonexistent',
  'ENOENT',
  /folder "\/nonexistent" not found/,
);
test(
  'launch() tells `spawn-failed` when the file is no program',
  refuses,
  ['PLAIN'],
  undefined,
  'EACCES',
  /not executed/,
);

test('launch() goes on without a log that cannot be opened, and says so', async (t) => {
  const { driver, folder, next, troubles } = realDriver(t);
  driver.launch(specOf(folder, 'echo lost; exit 4', { logOut: '/nonexistent/out.log' }));
  t.is((await next('exited')).code, 4);
  t.regex(troubles.join(), /Cannot open log "\/nonexistent\/out.log"/);
});

test('`exited` brings the last 51 lines of stderr of this life (one more than is told whole), and not those of the life before', async (t) => {
  const { driver, folder, next } = realDriver(t);
  driver.launch(specOf(folder, 'echo of the first >&2'));
  t.deepEqual((await next('exited')).stderrTail, ['of the first']);
  driver.launch(
    specOf(folder, 'i=0; while [ $i -lt 60 ]; do i=$((i+1)); echo line $i >&2; done; kill -9 $$', { generation: 2 }),
  );
  const exited = await next('exited');
  t.like(exited, { code: null, signal: 'SIGKILL', lastLine: 'line 60' });
  t.is(exited.stderrTail.length, 51);
  t.is(exited.stderrTail[0], 'line 10');
});

test('`exited` brings what had been written then, even when it is read after the next one has written', async (t) => {
  const { driver, folder, next } = realDriver(t);
  driver.launch(specOf(folder, 'echo first >&2; exit 1'));
  const exited = await next('exited');
  driver.launch(specOf(folder, 'echo second >&2', { generation: 2 }));
  await next('exited');
  t.deepEqual(exited.stderrTail, ['first']);
});

test('`exited` brings the last line of stdout when stderr is empty', async (t) => {
  const { driver, folder, next } = realDriver(t);
  driver.launch(specOf(folder, 'echo goodbye'));
  t.is((await next('exited')).lastLine, 'goodbye');
});

test('`ready` is told when the child writes it to its lifeline, and kept in the record', async (t) => {
  const { driver, folder, next } = realDriver(t);
  driver.launch(specOf(folder, 'echo ready >&3; exec sleep 60'));
  t.like(await next('ready'), { instanceId: 'thermo1', generation: 1 });
  t.true(readPidRecord(folder.run, 'thermo1')?.ready);
});

test('signal() reaches the leader, whose handler decides', async (t) => {
  const { driver, folder, next } = realDriver(t);
  driver.launch(specOf(folder, 'trap "exit 7" INT; echo ready >&3; while :; do sleep 0.02; done'));
  await next('ready');
  driver.signal('thermo1', 'SIGINT', 'leader');
  t.like(await next('exited'), { code: 7, rest: [] });
});

test('signal() to the group reaches what the leader has started', async (t) => {
  const { driver, folder, next } = realDriver(t);
  driver.launch(specOf(folder, 'trap "" TERM; (trap - TERM; exec sleep 60) & echo ready >&3; wait; exit 9'));
  await next('ready');
  driver.signal('thermo1', 'SIGTERM', 'group');
  t.is((await next('exited')).code, 9);
});

test('kill() ends what ignores SIGTERM', async (t) => {
  const { driver, folder, next } = realDriver(t);
  driver.launch(specOf(folder, 'trap "" TERM; echo ready >&3; while :; do sleep 0.02; done'));
  await next('ready');
  driver.signal('thermo1', 'SIGTERM', 'leader');
  t.true(driver.alive('thermo1'));
  driver.kill('thermo1');
  t.is((await next('exited')).signal, 'SIGKILL', 'SIGTERM has not ended it');
});

test('a process left in the group is a rest: nothing is launched beside it, terminateRest() ends it', async (t) => {
  const { driver, folder, next } = realDriver(t);
  driver.launch(specOf(folder, 'sleep 60 & echo $! > child; exit 3'));
  const { rest, code } = await next('exited');
  t.is(code, 3);
  t.deepEqual(rest, [Number(readFileSync(join(folder.root, 'child'), 'utf8'))]);
  t.true(driver.alive('thermo1'));
  driver.launch(specOf(folder, 'true', { generation: 2 }));
  t.is((await next('spawn-failed')).errno, 'EBUSY');
  driver.terminateRest('thermo1');
  t.like(await next('rest-gone'), { instanceId: 'thermo1', generation: 1 });
  t.false(driver.alive('thermo1'));
  driver.launch(specOf(folder, 'true', { generation: 2 }));
  t.is((await next('exited')).code, 0);
});

test('a process that left the session is a rest too, and kill() ends it', async (t) => {
  const { driver, folder, next } = realDriver(t);
  driver.launch(
    specOf(
      folder,
      'setsid sh -c \'trap "" TERM; echo $$ > child.new; mv child.new child; while :; do sleep 0.02; done\' & while [ ! -e child ]; do sleep 0.02; done; exit 3',
    ),
  );
  const { rest } = await next('exited');
  const pid = Number(readFileSync(join(folder.root, 'child'), 'utf8'));
  t.true(rest.includes(pid));
  t.true(driver.remains('thermo1').some((one) => one.pid === pid));
  driver.kill('thermo1');
  await next('rest-gone');
  t.deepEqual(driver.remains('thermo1'), []);
});

test('a rest that closed its lifeline is seen in the group, and its end is seen', async (t) => {
  const { driver, folder, next } = realDriver(t);
  driver.launch(specOf(folder, 'sleep 60 3>&- & exit 3'));
  t.is((await next('exited')).rest.length, 1);
  t.true(driver.alive('thermo1'));
  driver.terminateRest('thermo1');
  await next('rest-gone');
  t.false(driver.alive('thermo1'));
});

test('a program that closes its lifeline is watched by its exit', async (t) => {
  const { driver, folder, next } = realDriver(t);
  driver.launch(specOf(folder, 'exec 3>&-; trap "exit 5" TERM; touch closed; while :; do sleep 0.02; done'));
  await fileThere(join(folder.root, 'closed'));
  t.true(driver.alive('thermo1'));
  driver.launch(specOf(folder, 'true', { generation: 2 }));
  t.is((await next('spawn-failed')).errno, 'EBUSY');
  driver.signal('thermo1', 'SIGTERM', 'leader');
  t.like(await next('exited'), { code: 5, rest: [] });
});

test('a record with another start time names a stranger: not adopted, not alive, never signalled', async (t) => {
  const folder = newFolder(t);
  const stranger = spawn('sleep', ['60'], { stdio: 'ignore', detached: true });
  t.teardown(() => stranger.kill('SIGKILL'));
  const pid = stranger.pid ?? 0;
  writePidRecord(folder.run, {
    record: 1,
    instance_id: 'thermo1',
    pid,
    pid_namespace: pidNamespace(),
    boot_id: bootId(),
    generation: 1,
    start_ticks: (processStat(pid)?.startTicks ?? 0) - 1,
    life: 'thermo1:1:x',
    command_hash: '',
    definition_hash: '',
    target: 'up',
    draining: [],
    at: 1_795_226_400,
  });
  const { driver } = realDriver(t, folder);
  t.false(driver.alive('thermo1'));
  t.deepEqual(driver.adopt(), []);
  driver.signal('thermo1', 'SIGTERM', 'group');
  driver.kill('thermo1');
  driver.terminateRest('thermo1');
  t.true(existsSync(join(folder.run, 'stale', 'thermo1.pid')));
  t.is(await diedOf(stranger, 'SIGUSR1'), 'SIGUSR1', 'ours is the only signal that reached it');
});

test('outside() tells the process that runs the instance by hand, while it is that process', async (t) => {
  const { driver, folder } = realDriver(t);
  t.is(driver.outside('thermo1'), undefined);
  const byHand = spawn('sleep', ['60'], { stdio: 'ignore' });
  t.teardown(() => byHand.kill('SIGKILL'));
  const pid = byHand.pid ?? 0;
  const startTicks = processStat(pid)?.startTicks ?? 0;
  const write = (start_ticks: number): void =>
    writeFileSync(join(folder.run, 'thermo1.outside'), JSON.stringify({ pid, start_ticks, boot_id: bootId() }));
  write(startTicks - 1);
  t.is(driver.outside('thermo1'), undefined);
  write(startTicks);
  t.deepEqual(driver.outside('thermo1'), { pid });
  await diedOf(byHand, 'SIGKILL');
  t.is(driver.outside('thermo1'), undefined);
});

test('forget() removes the small files, close() touches no child', async (t) => {
  const { driver, folder, next, seen } = realDriver(t);
  driver.launch(specOf(folder, 'exec sleep 60'));
  const { pid } = await next('spawned');
  t.teardown(() => process.kill(pid, 'SIGKILL'));
  driver.forget('thermo1');
  t.true(existsSync(recordPath(folder.run, 'thermo1')), 'not while it lives');
  writeFileSync(join(folder.run, 'gone1.exit'), '3');
  driver.forget('gone1');
  t.false(existsSync(join(folder.run, 'gone1.exit')));
  driver.close();
  t.is(processStat(pid)?.pid, pid);
  t.deepEqual(seen, ['spawned']);
});

const diedOf = (child: ChildProcess, signal: NodeJS.Signals): Promise<NodeJS.Signals | null> =>
  within('the end of a process', (resolve) => {
    child.once('exit', (_, died) => resolve(died));
    child.kill(signal);
  });
