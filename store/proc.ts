/** Who a process is: what the kernel says of it in /proc, read without waiting; a pid that vanishes meanwhile is simply not there. */
import { readFileSync, readdirSync, readlinkSync, statSync } from 'node:fs';

/** A pid alone names nobody: the kernel gives numbers again. With its start time and the boot it names one process for ever. */
export interface Identity {
  pid: number;
  startTicks: number;
  bootId: string;
  /** Inode of the pid namespace in which `pid` counts. */
  pidNamespace: number;
}

/** One line of /proc/PID/stat. */
export interface ProcessStat {
  pid: number;
  /** Kernel state letter; Z and X are dead. */
  state: string;
  parent: number;
  group: number;
  session: number;
  startTicks: number;
}

/** Ticks of /proc per second: USER_HZ is 100 on every Linux that Node runs on. */
const TICKS_PER_S = 100;

/** What the kernel says of `pid` now, or undefined when there is no such process. */
export function processStat(pid: number): ProcessStat | undefined {
  const text = readOrNothing(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  // The name in parentheses may itself hold spaces and parentheses: count from the last one.
  const [state, parent, group, session, ...rest] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const startTicks = Number(rest[15]);
  if (state === undefined || !Number.isSafeInteger(startTicks)) return undefined;
  return { pid, state, parent: Number(parent), group: Number(group), session: Number(session), startTicks };
}

/** The identity of the live process `pid`. */
export function identify(pid: number): Identity | undefined {
  const stat = processStat(pid);
  if (stat === undefined || dead(stat)) return undefined;
  return { pid, startTicks: stat.startTicks, bootId: bootId(), pidNamespace: pidNamespace() };
}

/** Is exactly this process running? A zombie is not. */
export function alive(identity: Identity): boolean {
  const stat = processStat(identity.pid);
  if (stat === undefined || dead(stat) || stat.startTicks !== identity.startTicks) return false;
  return identity.bootId === bootId() && identity.pidNamespace === pidNamespace();
}

/** Has the number of this process been given to another one? Then its group is not ours either. */
export function reused({ pid, startTicks }: Pick<Identity, 'pid' | 'startTicks'>): boolean {
  const stat = processStat(pid);
  return stat !== undefined && stat.startTicks !== startTicks;
}

export const dead = ({ state }: Pick<ProcessStat, 'state'>): boolean => state === 'Z' || state === 'X' || state === 'x';

/** Neither changes as long as we live: read once. */
const BOOT_ID = (readOrNothing('/proc/sys/kernel/random/boot_id') ?? '').trim();
const PID_NAMESPACE = readPidNamespace();

export const bootId = (): string => BOOT_ID;

/** Inode of our pid namespace, 0 where it cannot be read. */
export const pidNamespace = (): number => PID_NAMESPACE;

/** Every process there is, zombies too. */
export function processes(): ProcessStat[] {
  const found: ProcessStat[] = [];
  for (const pid of pids()) {
    const stat = processStat(pid);
    if (stat !== undefined) found.push(stat);
  }
  return found;
}

/** Members of a process group that live. */
export const groupMembers = (group: number): ProcessStat[] =>
  groupIsEmpty(group) ? [] : processes().filter((stat) => stat.group === group && !dead(stat));

/** True: nobody is in the group. False: somebody is, perhaps only a zombie. One system call. */
export function groupIsEmpty(group: number): boolean {
  try {
    process.kill(-group, 0);
    return false;
  } catch (thrown) {
    return errnoOf(thrown) === 'ESRCH';
  }
}

/** Inodes of all FIFOs that are open somewhere, and by whom; of processes of other users it may not look at, nothing. */
export function fifoHolders(): Map<number, number[]> {
  const holders = new Map<number, number[]>();
  for (const pid of pids()) {
    for (const inode of fifosOf(pid)) holders.set(inode, [...(holders.get(inode) ?? []), pid]);
  }
  return holders;
}

/** One variable of the environment that `pid` was started with. */
export function environOf(pid: number, name: string): string | undefined {
  const entry = readOrNothing(`/proc/${pid}/environ`)
    ?.split('\0')
    .find((line) => line.startsWith(`${name}=`));
  return entry?.slice(name.length + 1);
}

/** Pids whose CUPOLA_LIFE is, or begins with, `life`. */
export const pidsOfLife = (life: string): number[] =>
  pids().filter((pid) => environOf(pid, 'CUPOLA_LIFE')?.startsWith(life));

/** When a process with these start ticks began, Unix milliseconds. */
export function startedAtMs(startTicks: number, nowMs: number): number {
  const uptimeS = Number.parseFloat(readOrNothing('/proc/uptime') ?? '');
  return Number.isFinite(uptimeS) ? Math.round(nowMs - (uptimeS - startTicks / TICKS_PER_S) * 1000) : nowMs;
}

/** The name of the system error, as `ENOENT`. */
export function errnoOf(thrown: unknown): string {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  return typeof code === 'string' ? code : 'UNKNOWN';
}

function readPidNamespace(): number {
  try {
    return Number(/\[(\d+)\]/.exec(readlinkSync('/proc/self/ns/pid'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

function fifosOf(pid: number): Set<number> {
  const found = new Set<number>();
  let names: string[];
  try {
    names = readdirSync(`/proc/${pid}/fd`);
  } catch {
    return found;
  }
  for (const name of names) {
    const stat = statOrNothing(`/proc/${pid}/fd/${name}`);
    if (stat?.isFIFO() === true) found.add(stat.ino);
  }
  return found;
}

const pids = (): number[] => {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isSafeInteger);
  } catch {
    return [];
  }
};

function statOrNothing(path: string) {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** An environment or a stat line may go between looking and reading (ENOENT, ESRCH), or not be ours to read (EACCES). */
function readOrNothing(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
