/** The lifeline: a FIFO whose write end every process of a generation inherits, so that the kernel says when the last of them is gone. */
import { execFile, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync, readdirSync, renameSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { unlinkIfThere } from '../store/pid-record.ts';
import { errnoOf } from '../store/proc.ts';

export interface Lifeline {
  readonly path: string;
  readonly inode: number;
  /** Does any process hold the write end? Asked of the kernel now. */
  held(): boolean;
  /** From now on the end of the last holder, and `ready` said by one of them, arrive as calls. */
  watch(calls: { onReady: () => void; onEnd: () => void }): void;
  /** Let go of the read end; the holders notice nothing. */
  close(): void;
}

export interface LifelinePool {
  /** Put a fresh FIFO at `path`. Starts no program as long as there is one in the pool. */
  take(path: string): void;
  /** Take a FIFO back that nobody holds any more, so that a full disk does not stop a relaunch. */
  give(path: string): void;
  /** Make more when few are left; they come later. */
  refill(): void;
}

const BATCH = 32;
const READY_LINE_MAX = 256;

export const lifelinePath = (runFolder: string, instanceId: string, generation: number): string =>
  join(runFolder, `${instanceId}.g${generation}.life`);

/** Instance and generation that a lifeline's file name tells. */
export function lifelineOwner(name: string): { instanceId: string; generation: number } | undefined {
  const parts = /^([A-Za-z0-9_-]+)\.g(\d+)\.life$/.exec(name);
  return parts?.[1] === undefined ? undefined : { instanceId: parts[1], generation: Number(parts[2]) };
}

/** The descriptor for the child. Read and write: so its `ready` waits in the FIFO while no HostManager is there, and raises no SIGPIPE. */
export const openForChild = (path: string): number => openSync(path, constants.O_RDWR);

/** Is the lifeline at `path` held by anybody? For a look from outside: a `ready` not yet read would be lost. */
export function held(path: string): boolean {
  const lifeline = openLifeline(path);
  try {
    return lifeline.held();
  } finally {
    lifeline.close();
  }
}

/** Open the read end; it says nothing by itself before `watch`. */
export function openLifeline(path: string): Lifeline {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  let over = false;
  let socket: Socket | undefined;
  let text = '';
  let said = false;
  let onReady = (): void => {
    said = true;
  };
  const take = (chunk: Buffer): void => {
    text = (text + chunk.toString('latin1')).slice(-READY_LINE_MAX);
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    if (lines.includes('ready')) onReady();
  };
  return {
    path,
    inode: fstatSync(file).ino,
    held() {
      if (over) return false;
      return stillHeld(file, take);
    },
    watch(calls) {
      onReady = calls.onReady;
      if (said) calls.onReady();
      const end = (): void => {
        if (over) return;
        over = true;
        calls.onEnd();
      };
      socket = new Socket({ fd: file, readable: true, writable: false });
      socket.on('data', take).on('end', end).on('error', end).on('close', end);
    },
    close() {
      over = true;
      if (socket === undefined) closeSync(file);
      else socket.destroy();
    },
  };
}

/** A small stock of FIFOs: Node cannot make one, so a program makes them ahead of need. */
export function lifelinePool(runFolder: string): LifelinePool {
  const free = leftOver(runFolder);
  let filling = false;
  const names = (): string[] => {
    const batch = randomBytes(6).toString('hex');
    return Array.from({ length: BATCH }, (_, k) => join(runFolder, `.spare-${batch}-${k}.life`));
  };
  const fillNow = (): void => {
    const made = names();
    const { error, status, stderr } = spawnSync('mkfifo', ['-m', '600', ...made], { encoding: 'utf8' });
    if (error !== undefined) throw error;
    if (status !== 0) throw new Error(stderr.trim());
    free.push(...made);
  };
  const takeOne = (path: string): boolean => {
    const spare = free.pop();
    if (spare === undefined) return false;
    try {
      renameSync(spare, path);
      return true;
    } catch (thrown) {
      if (errnoOf(thrown) === 'ENOENT') return takeOne(path);
      free.push(spare);
      throw thrown;
    }
  };
  return {
    take(path) {
      if (takeOne(path)) return;
      fillNow();
      takeOne(path);
    },
    give(path) {
      if (free.length >= 2 * BATCH) return unlinkIfThere(path);
      const spare = join(runFolder, `.spare-${randomBytes(6).toString('hex')}.life`);
      try {
        renameSync(path, spare);
        free.push(spare);
      } catch {
        unlinkIfThere(path);
      }
    },
    refill() {
      if (filling || free.length >= BATCH / 2) return;
      filling = true;
      const made = names();
      const filled = (error: unknown): void => {
        filling = false;
        if (error === null) free.push(...made);
      };
      try {
        execFile('mkfifo', ['-m', '600', ...made], filled);
      } catch (thrown) {
        // No process to be had now: the next launch tries again.
        filled(thrown);
      }
    },
  };
}

/** Read until the kernel says "would wait" (somebody holds it) or "end" (nobody does). */
function stillHeld(file: number, take: (chunk: Buffer) => void): boolean {
  const chunk = Buffer.alloc(READY_LINE_MAX);
  for (;;) {
    try {
      const bytes = readSync(file, chunk);
      if (bytes === 0) return false;
      take(chunk.subarray(0, bytes));
    } catch (thrown) {
      return errnoOf(thrown) === 'EAGAIN';
    }
  }
}

/** Spares of a HostManager that was killed. */
function leftOver(runFolder: string): string[] {
  try {
    return readdirSync(runFolder)
      .filter((name) => /^\.spare-[\w-]+\.life$/.test(name))
      .map((name) => join(runFolder, name));
  } catch {
    return [];
  }
}
