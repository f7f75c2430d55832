/** Processes as the kernel tells of them: a pid alone names nobody, pid, start time, boot and namespace together do. */
import { readFileSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import * as z from 'zod';

export const ProcessIdentity = z.object({
  pid: z.number().int(),
  /** Start time in clock ticks since boot. */
  start_ticks: z.number().int(),
  boot_id: z.string(),
  pid_namespace: z.number().int(),
});
export type ProcessIdentity = z.infer<typeof ProcessIdentity>;

/** What `/proc/<pid>/stat` says. */
export interface ProcessStat {
  pid: number;
  /** R S D Z T …: Z is a zombie, which runs nothing any more. */
  state: string;
  group: number;
  session: number;
  startTicks: number;
}

const TICKS_PER_S = 100;

export const bootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();

/** Inode of our own pid namespace. */
export const pidNamespace = (): number => Number(/\[(\d+)\]/.exec(readlinkSync('/proc/self/ns/pid'))?.[1] ?? 0);

/** Undefined when there is no such process. */
export function processStat(pid: number): ProcessStat | undefined {
  const text = readOrNothing(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  // The name may hold blanks and parentheses: the fields begin after the last one.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state = '', , group, session] = fields;
  return { pid, state, group: Number(group), session: Number(session), startTicks: Number(fields[19]) };
}

/** Who `pid` is now; undefined when it is gone or a zombie. */
export function processIdentity(pid: number): ProcessIdentity | undefined {
  const stat = processStat(pid);
  if (!stat || stat.state === 'Z') return undefined;
  return { pid, start_ticks: stat.startTicks, boot_id: bootId(), pid_namespace: pidNamespace() };
}

/** Does that very process still live? A stranger with its number does not count. */
export function lives(identity: ProcessIdentity): boolean {
  const stat = processStat(identity.pid);
  if (!stat || stat.state === 'Z' || stat.startTicks !== identity.start_ticks) return false;
  return identity.boot_id === bootId() && identity.pid_namespace === pidNamespace();
}

/** When a process began, Unix milliseconds, to the kernel's 10 ms. */
export function startedAtMs(identity: ProcessIdentity): number {
  const boot = Number(/^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1] ?? 0);
  return boot * 1_000 + (identity.start_ticks * 1_000) / TICKS_PER_S;
}

/** All processes that are no zombies. */
export function allProcesses(): ProcessStat[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => processStat(Number(name)) ?? [])
    .filter(({ state }) => state !== 'Z');
}

/** Pids that have `path` open. Only processes that we may look into are seen. */
export function holdersOf(path: string, among: readonly ProcessStat[] = allProcesses()): number[] {
  const file = statSync(path, { throwIfNoEntry: false });
  if (!file) return [];
  return among.map(({ pid }) => pid).filter((pid) => hasOpen(pid, file.dev, file.ino));
}

/** The value of a variable in the environment that a process was started with. */
export function environmentOf(pid: number, name: string): string | undefined {
  const text = readOrNothing(`/proc/${pid}/environ`);
  return text
    ?.split('\0')
    .find((one) => one.startsWith(`${name}=`))
    ?.slice(name.length + 1);
}

function hasOpen(pid: number, dev: number, ino: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      const file = statSync(`/proc/${pid}/fd/${fd}`, { throwIfNoEntry: false });
      return file?.ino === ino && file.dev === dev;
    });
  } catch {
    // Gone meanwhile, or not ours to look into.
    return false;
  }
}

function readOrNothing(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
