import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import {
  held,
  lifelineOwner,
  lifelinePath,
  lifelinePool,
  openForChild,
  openLifeline,
} from '../../host-manager/lifeline.ts';
import { tempFolder } from '../fixtures/temp.ts';
import { within } from './real-driver.ts';

test('held() is true as long as any process has the write end, and false after', async (t) => {
  const path = lifelinePath(tempFolder(t), 'thermo1', 3);
  spawnSync('mkfifo', [path]);
  t.false(held(path));
  const writeEnd = openForChild(path);
  const child = spawn('sleep', ['60'], { stdio: ['ignore', 'ignore', 'ignore', writeEnd] });
  closeSync(writeEnd);
  t.true(held(path));
  await within('its end', (resolve) => {
    child.once('exit', () => resolve(undefined));
    child.kill('SIGKILL');
  });
  t.false(held(path));
});

test('watch() tells `ready`, then the end of the last holder, and held() agrees', async (t) => {
  const path = lifelinePath(tempFolder(t), 'thermo1', 3);
  spawnSync('mkfifo', [path]);
  const lifeline = openLifeline(path);
  const writeEnd = openForChild(path);
  const told: string[] = [];
  spawn('sh', ['-c', 'echo ready >&3; sleep 0.05 & exit 0'], { stdio: ['ignore', 'ignore', 'ignore', writeEnd] });
  closeSync(writeEnd);
  await within('the end', (resolve) =>
    lifeline.watch({
      onReady: () => told.push('ready'),
      onEnd() {
        told.push('end');
        resolve();
      },
    }),
  );
  t.deepEqual(told, ['ready', 'end']);
  t.false(lifeline.held());
});

test('watch() tells `ready` that a look with held() has already read', (t) => {
  const path = lifelinePath(tempFolder(t), 'thermo1', 3);
  spawnSync('mkfifo', [path]);
  const lifeline = openLifeline(path);
  const writeEnd = openForChild(path);
  t.teardown(() => lifeline.close());
  t.teardown(() => closeSync(writeEnd));
  spawnSync('sh', ['-c', 'echo something; echo ready'], { stdio: ['ignore', writeEnd, 'ignore'] });
  t.true(lifeline.held());
  let told = 0;
  lifeline.watch({ onReady: () => told++, onEnd: () => t.fail() });
  t.is(told, 1);
});

test('the pool gives FIFOs for this user alone, and takes them back for the next', (t) => {
  const folder = tempFolder(t);
  const pool = lifelinePool(folder);
  const path = lifelinePath(folder, 'thermo1', 1);
  pool.take(path);
  t.true(statSync(path).isFIFO());
  t.is(statSync(path).mode & 0o777, 0o600);
  const { ino } = statSync(path);
  pool.give(path);
  t.false(existsSync(path));
  pool.take(lifelinePath(folder, 'thermo1', 2));
  t.is(statSync(lifelinePath(folder, 'thermo1', 2)).ino, ino);
});

test('the pool uses what a killed HostManager had made', (t) => {
  const folder = tempFolder(t);
  lifelinePool(folder).take(lifelinePath(folder, 'thermo1', 1));
  const before = readdirSync(folder).length;
  lifelinePool(folder).take(lifelinePath(folder, 'thermo2', 1));
  t.is(readdirSync(folder).length, before);
});

test('the pool throws what the system says when no FIFO can be made', (t) => {
  const pool = lifelinePool(join(tempFolder(t), 'nowhere'));
  t.throws(() => pool.take('/nonexistent/x.life'), { message: /nowhere/ });
});

const owns = test.macro((t, name: string, want: ReturnType<typeof lifelineOwner>) =>
  t.deepEqual(lifelineOwner(name), want),
);
test('lifelineOwner() reads instance and generation', owns, 'thermo-1_b.g1795226400123.life', {
  instanceId: 'thermo-1_b',
  generation: 1795226400123,
});
test('lifelineOwner() knows a spare for none', owns, '.spare-ab-1.life', undefined);
test('lifelineOwner() knows other files for none', owns, 'thermo1.g3.sock', undefined);
