import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { HostFolder } from '../../store/host-folder.ts';
import { readPidRecord, recordPath, unlinkIfThere, writePidRecord } from '../../store/pid-record.ts';
import { type Identity, alive, identify, processStat } from '../../store/proc.ts';
import { fileThere, newFolder, realDriver, specOf, within } from './real-driver.ts';

const HOST = join(import.meta.dirname, 'adopting-host.js');
/** Says that it is there by a file, then does nothing. */
const THERE = 'touch $$.there; exec sleep 60';

/** Launch the scripts as `thermo1`, `thermo2`, … by a HostManager that is killed as soon as they are up; their pids. */
async function orphans(t: ExecutionContext, folder: HostFolder, ...scripts: string[]): Promise<number[]> {
  const host = spawn(process.execPath, [HOST, join(folder.root, '..'), ...scripts], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await within('the little HostManager', (resolve) => host.stdout.once('data', () => resolve(undefined)));
  await within('its end', (resolve) => {
    host.once('exit', () => resolve(undefined));
    host.kill('SIGKILL');
  });
  const pids = scripts.map((_, index) => readPidRecord(folder.run, `thermo${index + 1}`)?.pid ?? 0);
  t.teardown(() => {
    for (const pid of pids) if (identify(pid)) process.kill(pid, 'SIGKILL');
  });
  return pids;
}

test('adopt() finds what runs, with its pid and generation, and tells its end as an event', async (t) => {
  const folder = newFolder(t);
  const pids = await orphans(t, folder, THERE, THERE);
  const { driver, next } = realDriver(t, folder);
  const found = driver.adopt();
  t.deepEqual(
    found.map(({ instanceId, generation, pid, watch, definitionHash }) => ({
      instanceId,
      generation,
      pid,
      watch,
      definitionHash,
    })),
    [
      {
        instanceId: 'thermo1',
        generation: 7,
        pid: pids[0] ?? 0,
        watch: 'lifeline',
        definitionHash: 'sha256:definition',
      },
      {
        instanceId: 'thermo2',
        generation: 7,
        pid: pids[1] ?? 0,
        watch: 'lifeline',
        definitionHash: 'sha256:definition',
      },
    ],
  );
  t.true(Math.abs(Date.now() - (found[0]?.startedAtMs ?? 0)) < 20_000);
  t.true(driver.alive('thermo1'));
  driver.kill('thermo1');
  t.like(await next('exited'), { instanceId: 'thermo1', generation: 7, code: null, rest: [] });
  t.false(driver.alive('thermo1'));
  t.true(driver.alive('thermo2'), 'the other one is not touched');
});

test('adopt() takes the exit code from what the process wrote, and stderr from where its life began', async (t) => {
  const folder = newFolder(t);
  await orphans(
    t,
    folder,
    'echo last words >&2; trap "echo 4 > run/thermo1.exit; exit 4" TERM; echo ready >&3; while :; do sleep 0.02; done',
  );
  const { driver, next } = realDriver(t, folder);
  driver.adopt();
  driver.signal('thermo1', 'SIGTERM', 'leader');
  const exited = await next('exited');
  t.is(exited.code, 4);
  t.deepEqual(exited.stderrTail, ['last words']);
});

test('adopt() tells `ready` that was said while no HostManager was there', async (t) => {
  const folder = newFolder(t);
  await orphans(t, folder, 'while [ ! -e go ]; do sleep 0.02; done; echo ready >&3; touch said; exec sleep 60');
  writeFileSync(join(folder.root, 'go'), '');
  await fileThere(join(folder.root, 'said'));
  const { driver, next } = realDriver(t, folder);
  t.like(driver.adopt()[0], { ready: false });
  t.like(await next('ready'), { instanceId: 'thermo1', generation: 7 });
});

test('adopt() does not reset what was ready', async (t) => {
  const folder = newFolder(t);
  await orphans(t, folder, THERE);
  const record = readPidRecord(folder.run, 'thermo1');
  if (record) writePidRecord(folder.run, { ...record, ready: true });
  t.like(realDriver(t, folder).driver.adopt()[0], { ready: true });
});

test('adopt() watches one without lifeline by pid and start time', async (t) => {
  const folder = newFolder(t);
  const [pid = 0] = await orphans(t, folder, 'exec 3>&-; touch closed; exec sleep 60');
  await fileThere(join(folder.root, 'closed'));
  const { driver, next } = realDriver(t, folder);
  t.like(driver.adopt()[0], { pid, watch: 'timer' });
  t.true(driver.alive('thermo1'));
  driver.kill('thermo1');
  t.like(await next('exited'), { code: null, rest: [] });
});

const adoptsWithout = test.macro(async (t, spoil: (folder: HostFolder) => void) => {
  const folder = newFolder(t);
  const [pid = 0] = await orphans(t, folder, THERE);
  await fileThere(join(folder.root, `${pid}.there`));
  spoil(folder);
  const { driver, next } = realDriver(t, folder);
  t.like(driver.adopt()[0], { instanceId: 'thermo1', generation: 7, pid, watch: 'lifeline' });
  t.is(readPidRecord(folder.run, 'thermo1')?.pid, pid, 'the record is whole again');
  driver.kill('thermo1');
  t.is((await next('exited')).generation, 7);
});
test(
  'adopt() finds the leader by its lifeline when only the intent was written',
  adoptsWithout,
  (folder: HostFolder) => {
    const { pid: _, start_ticks: __, ...intent } = readPidRecord(folder.run, 'thermo1') ?? { pid: 0, start_ticks: 0 };
    writeFileSync(recordPath(folder.run, 'thermo1'), JSON.stringify(intent));
  },
);
test('adopt() finds the leader by its lifeline when the record was lost', adoptsWithout, (folder: HostFolder) =>
  unlinkIfThere(recordPath(folder.run, 'thermo1')),
);
test('adopt() finds the leader by its lifeline when the record was torn', adoptsWithout, (folder: HostFolder) =>
  writeFileSync(recordPath(folder.run, 'thermo1'), '{"record": 1, "instan'),
);

test('adopt() ends what a leader left behind that died while nobody watched; nothing is launched beside it', async (t) => {
  const folder = newFolder(t);
  const [pid = 0] = await orphans(
    t,
    folder,
    `setsid sh -c 'trap "" TERM; touch child; while :; do sleep 0.05; done' & exec sleep 60`,
  );
  await fileThere(join(folder.root, 'child'));
  const leader = identify(pid);
  process.kill(pid, 'SIGKILL');
  await endOf(leader);
  const { driver, next } = realDriver(t, folder);
  t.deepEqual(driver.adopt(), []);
  t.true(driver.alive('thermo1'), 'it ignores SIGTERM');
  driver.launch(specOf(folder, 'true', { generation: 8 }));
  t.is((await next('spawn-failed')).errno, 'EBUSY');
  await next('rest-gone');
  t.false(driver.alive('thermo1'));
});

test('adopt() sets aside the record of one that is gone, and takes its lifeline for the next', async (t) => {
  const folder = newFolder(t);
  const [pid = 0] = await orphans(t, folder, THERE);
  const leader = identify(pid);
  process.kill(pid, 'SIGKILL');
  await endOf(leader);
  const { driver } = realDriver(t, folder);
  t.deepEqual(driver.adopt(), []);
  t.false(driver.alive('thermo1'));
  t.true(existsSync(join(folder.run, 'stale', 'thermo1.pid')));
  t.deepEqual(
    readdirSync(folder.run).filter((name) => name.startsWith('thermo1')),
    [],
  );
});

test("adopt() leaves alone the HostManager's own record and files that are no records of children", async (t) => {
  const folder = newFolder(t);
  mkdtempSync(join(folder.run, 'x'));
  writeFileSync(join(folder.run, 'worker-12.pid'), JSON.stringify({ pid: process.pid, owner: 'scheduler' }));
  await orphans(t, folder, THERE);
  const record = readPidRecord(folder.run, 'thermo1');
  if (record)
    writePidRecord(folder.run, {
      ...record,
      instance_id: 'hm-lab1',
      pid: process.pid,
      start_ticks: processStat(process.pid)?.startTicks,
    });
  const { driver } = realDriver(t, folder);
  t.deepEqual(
    driver.adopt().map(({ instanceId }) => instanceId),
    ['thermo1'],
  );
  t.true(existsSync(recordPath(folder.run, 'hm-lab1')));
  t.is(JSON.parse(readFileSync(join(folder.run, 'worker-12.pid'), 'utf8')).owner, 'scheduler');
});

/** Killed is not yet gone: the kernel still takes it apart. */
async function endOf(leader: Identity | undefined): Promise<void> {
  for (let gone = leader === undefined; !gone; gone = leader === undefined || !alive(leader)) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}
