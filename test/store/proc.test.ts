import { spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import {
  alive,
  bootId,
  environOf,
  errnoOf,
  fifoHolders,
  groupIsEmpty,
  groupMembers,
  identify,
  pidsOfLife,
  processStat,
  reused,
  startedAtMs,
} from '../../store/proc.ts';
import { tempFolder } from '../fixtures/temp.ts';

test('identify() names this process, and alive() knows it', (t) => {
  const own = identify(process.pid);
  t.like(own, { pid: process.pid, bootId: bootId() });
  t.true(own !== undefined && own.pidNamespace > 0 && alive(own));
});

test('alive() takes no other start time, boot or namespace for the same process', (t) => {
  const own = identify(process.pid);
  if (own === undefined) return t.fail();
  t.false(alive({ ...own, startTicks: own.startTicks - 1 }));
  t.false(alive({ ...own, bootId: 'another' }));
  t.false(alive({ ...own, pidNamespace: 1 }));
  t.true(reused({ ...own, startTicks: own.startTicks - 1 }));
  return t.false(reused(own));
});

test('a name with spaces and parentheses does not confuse processStat()', async (t) => {
  const child = spawn('sh', ['-c', 'printf "a) Z (b" > /proc/$$/comm; echo; read x'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  await new Promise((resolve) => child.stdout.once('data', resolve));
  t.like(processStat(child.pid ?? 0), { pid: child.pid, parent: process.pid });
});

test('a zombie is not alive, and no member of its group', async (t) => {
  // The shell becomes a program that never asks for its child's end.
  const parent = spawn('sh', ['-c', 'sh -c "exit 0" & echo $!; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  t.teardown(() => parent.kill('SIGKILL'));
  const pid = Number(await new Promise((resolve) => parent.stdout.once('data', resolve)));
  while (processStat(pid)?.state !== 'Z') await new Promise(setImmediate);
  t.is(identify(pid), undefined);
  t.deepEqual(
    groupMembers(parent.pid ?? 0).map((stat) => stat.pid),
    [parent.pid],
  );
});

test('nothing is said of a pid that is not there', (t) => {
  const none = 4_194_305;
  t.is(processStat(none), undefined);
  t.is(identify(none), undefined);
  t.is(environOf(none, 'PATH'), undefined);
  t.true(groupIsEmpty(none));
  t.deepEqual(groupMembers(none), []);
});

test('environOf() and pidsOfLife() find a process by its life', (t) => {
  const life = `proc-test:${process.pid}:x`;
  const child = spawn('sleep', ['60'], { stdio: 'ignore', env: { PATH: '/usr/bin:/bin', CUPOLA_LIFE: life } });
  t.teardown(() => child.kill('SIGKILL'));
  t.is(environOf(child.pid ?? 0, 'CUPOLA_LIFE'), life);
  t.deepEqual(pidsOfLife(`proc-test:${process.pid}:`), [child.pid]);
});

test('fifoHolders() finds who has a FIFO open', async (t) => {
  const path = join(tempFolder(t), 'fifo');
  const child = spawn('sh', ['-c', 'mkfifo "$0"; exec 5<> "$0"; echo; read x', path], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  await new Promise((resolve) => child.stdout.once('data', resolve));
  t.deepEqual(fifoHolders().get(statSync(path).ino), [child.pid]);
});

test('startedAtMs() tells when a process began', (t) => {
  const ticks = processStat(process.pid)?.startTicks ?? 0;
  const beganMs = Date.now() - process.uptime() * 1000;
  t.true(Math.abs(startedAtMs(ticks, Date.now()) - beganMs) < 2_000);
});

const names = test.macro((t, thrown: unknown, want: string) => t.is(errnoOf(thrown), want));
test('errnoOf() names a system error', names, Object.assign(new Error('x'), { code: 'ENOSPC' }), 'ENOSPC');
test('errnoOf() has no name for anything else', names, 'x', 'UNKNOWN');
