import { spawn } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { must } from '../../base/fault.ts';
import { hostLockHolder, takeHostLock } from '../../host-manager/host-lock.ts';
import { hostFolder } from '../../store/host-folder.ts';
import { tempFolder } from '../fixtures/temp.ts';
import { clock, newFolder, within } from './real-driver.ts';

const LOCK = join(import.meta.dirname, '..', '..', 'host-manager', 'host-lock.js');
const FOLDER = join(import.meta.dirname, '..', '..', 'store', 'host-folder.js');

test('takeHostLock() refuses a second one, naming pid and start of the first', async (t) => {
  const folder = newFolder(t);
  const first = must(await takeHostLock(folder, { clock }));
  t.teardown(() => first.release());
  const second = await takeHostLock(folder, { clock });
  t.like(second, { ok: false, fault: { code: 'ALREADY_RUNNING', facts: { agent: 'hm-lab1', pid: process.pid } } });
  if (!second.ok) t.true(Math.abs(Date.parse(String(second.fault.facts.since)) - Date.now()) < 60_000);
  t.like(await hostLockHolder(folder, clock), { pid: process.pid, instance_id: 'hm-lab1' });
});

test('takeHostLock() takes two ways to one folder for one folder', async (t) => {
  const folder = newFolder(t);
  const first = must(await takeHostLock(folder, { clock }));
  t.teardown(() => first.release());
  const other = tempFolder(t);
  symlinkSync(folder.root, join(other, 'lab1'));
  t.like(await takeHostLock(hostFolder(other, 'lab1'), { clock }), { ok: false });
});

test('takeHostLock() takes what was released', async (t) => {
  const folder = newFolder(t);
  await must(await takeHostLock(folder, { clock })).release();
  await must(await takeHostLock(folder, { clock })).release();
  t.is(await hostLockHolder(folder, clock), undefined);
});

test('takeHostLock() takes what a killed holder had: the kernel frees it', async (t) => {
  const folder = newFolder(t);
  const code = `
    const { takeHostLock } = await import(${JSON.stringify(LOCK)});
    const { hostFolder } = await import(${JSON.stringify(FOLDER)});
    const taken = await takeHostLock(hostFolder(${JSON.stringify(join(folder.root, '..'))}, 'lab1'), { keepsAlive: true });
    console.log(taken.ok);`;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  const said = await within<string>('the holder', (resolve) =>
    holder.stdout.once('data', (text) => resolve(String(text))),
  );
  t.is(said, 'true\n');
  t.like(await takeHostLock(folder, { clock }), { ok: false, fault: { facts: { pid: holder.pid } } });
  await within('its end', (resolve) => {
    holder.once('exit', () => resolve(undefined));
    holder.kill('SIGKILL');
  });
  await must(await takeHostLock(folder, { clock })).release();
});

test('takeHostLock() says that the folder is not usable when it is not there', async (t) => {
  t.like(await takeHostLock(hostFolder('/nonexistent', 'lab1'), { clock }), {
    ok: false,
    fault: { code: 'FOLDER_UNUSABLE' },
  });
});
