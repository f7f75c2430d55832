/** The lock of a host folder: an abstract Unix socket, so that the kernel frees it at our death and no full disk opens it. */
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { type Server, connect, createServer } from 'node:net';
import * as z from 'zod';
import { type Clock, systemClock } from '../base/clock.ts';
import { type Fault, type Outcome, causeOf, failed, ok } from '../base/fault.ts';
import type { HostFolder } from '../store/host-folder.ts';
import { liveProcess, readPidRecord } from '../store/pid-record.ts';
import { errnoOf } from '../store/proc.ts';

export interface HostLock {
  release(): Promise<void>;
}

export interface HostLockParts {
  /** What is told to whoever asks (`hm-<host>`). */
  instanceId?: string;
  clock?: Clock;
  /** Keep the process running for the lock alone (false). */
  keepsAlive?: boolean;
}

/** What the holder answers to every connection: one JSON line. */
const Holder = z.looseObject({ pid: z.int(), since: z.number(), instance_id: z.string() });
type Holder = z.infer<typeof Holder>;

/** A holder that was killed in the middle of a fork has the name until that child executes its program: a few milliseconds. */
const TRIES = 10;
const RETRY_MS = 50;
const ANSWER_MS = 500;
const ANSWER_BYTES_MAX = 4_096;

/** Take the lock; ALREADY_RUNNING with pid and start of the one that has it. */
export async function takeHostLock(folder: HostFolder, parts: HostLockParts = {}): Promise<Outcome<HostLock>> {
  const { instanceId = `hm-${folder.host}`, clock = systemClock(), keepsAlive = false } = parts;
  const path = lockPath(folder);
  if (!path.ok) return path;
  const answer = JSON.stringify({ pid: process.pid, since: clock.nowMs() / 1000, instance_id: instanceId });
  for (let tried = 1; ; tried++) {
    const listening = await listen(path.value, answer);
    if (listening.ok) {
      if (!keepsAlive) listening.server.unref();
      return ok({ release: () => new Promise((resolve) => listening.server.close(() => resolve())) });
    }
    if (listening.errno !== 'EADDRINUSE')
      return failed('FOLDER_UNUSABLE', { folder: folder.root, cause: listening.errno });
    const holder = (await ask(path.value, clock)) ?? recorded(folder, instanceId);
    if (holder !== undefined || tried === TRIES) return alreadyRunning(instanceId, holder);
    await clock.sleep(RETRY_MS);
  }
}

/** Who has the lock of this folder now; undefined when nobody has, or it does not answer. */
export async function hostLockHolder(folder: HostFolder, clock = systemClock()): Promise<Holder | undefined> {
  const path = lockPath(folder);
  return path.ok ? ask(path.value, clock) : undefined;
}

/** Name of the socket: of the real path, so that two ways to one folder are one lock. */
function lockPath(folder: HostFolder): Outcome<string> {
  try {
    const hash = createHash('sha256').update(realpathSync(folder.root)).digest('hex').slice(0, 32);
    return ok(`\0cupola/hm/${hash}`);
  } catch (thrown) {
    return failed('FOLDER_UNUSABLE', { folder: folder.root, cause: causeOf(thrown) });
  }
}

type Listening = { ok: true; server: Server } | { ok: false; errno: string };

function listen(path: string, answer: string): Promise<Listening> {
  return new Promise((resolve) => {
    const server = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.unref();
      // Whoever asks and does not hang up must not hold up our end.
      socket.end(`${answer}\n`, () => socket.destroy());
    });
    server.once('error', (error) => resolve({ ok: false, errno: errnoOf(error) }));
    server.listen(path, () => resolve({ ok: true, server }));
  });
}

function ask(path: string, clock: Clock): Promise<Holder | undefined> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(path);
    const done = (): void => {
      cancel();
      socket.destroy();
      resolve(holderOf(text));
    };
    const cancel = clock.after(ANSWER_MS, done);
    socket.on('data', (chunk: Buffer) => {
      text = (text + chunk.toString('utf8')).slice(0, ANSWER_BYTES_MAX);
    });
    socket.on('end', done).on('error', done);
  });
}

function holderOf(text: string): Holder | undefined {
  try {
    return Holder.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** A holder that is stopped or hangs does not answer: its record does. */
function recorded(folder: HostFolder, instanceId: string): Holder | undefined {
  const record = readPidRecord(folder.run, instanceId);
  const identity = record === undefined ? undefined : liveProcess(record);
  if (record === undefined || identity === undefined) return undefined;
  return { pid: identity.pid, since: record.at, instance_id: instanceId };
}

function alreadyRunning(instanceId: string, holder: Holder | undefined): { ok: false; fault: Fault } {
  const since = holder === undefined ? 'unknown' : new Date(holder.since * 1000).toISOString();
  return failed('ALREADY_RUNNING', { agent: holder?.instance_id ?? instanceId, pid: holder?.pid ?? 'unknown', since });
}
