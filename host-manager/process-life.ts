/** One life of an instance: the processes of one generation, how they are looked up, and how they are signalled without hitting a stranger. */
import type { PidRecord } from '../store/pid-record.ts';
import {
  type Identity,
  type ProcessStat,
  alive,
  dead,
  errnoOf,
  groupIsEmpty,
  groupMembers,
  pidsOfLife,
  processStat,
  reused,
} from '../store/proc.ts';
import type { Lifeline } from './lifeline.ts';

export interface Life {
  readonly instanceId: string;
  readonly generation: number;
  /** Value of CUPOLA_LIFE. */
  readonly life: string;
  /** No child of ours: its end is not told by `exit`. */
  readonly adopted: boolean;
  /** Undefined when only what it left behind was found. */
  leader: Identity | undefined;
  leaderGone: boolean;
  /** Once empty after the leader's end, a group of this number is a stranger's. */
  groupOver: boolean;
  readonly lifeline: Lifeline | undefined;
  /** The leader lives and does not hold the lifeline: a free lifeline proves nothing. */
  unguarded: boolean;
  /** Processes seen after the leader's end. */
  rest: Pick<ProcessStat, 'pid' | 'startTicks'>[];
  record: PidRecord;
  /** The handle of a child of ours no longer keeps us running. */
  letGo: () => void;
}

/** Who holds which FIFO; a scan of /proc, so those who ask in one turn share it. */
export type Holders = () => Map<number, number[]>;

/** Every live process of this life but the leader. No scan at all in the usual case: group empty, lifeline free. */
export function survivors(life: Life, holders: Holders): ProcessStat[] {
  const found = new Map<number, ProcessStat>();
  if (groupIsOurs(life)) for (const member of groupMembers(life.leader?.pid ?? 0)) found.set(member.pid, member);
  for (const pid of outsiders(life, holders)) {
    const stat = processStat(pid);
    if (stat !== undefined && !dead(stat)) found.set(pid, stat);
  }
  found.delete(process.pid);
  if (life.leader !== undefined) found.delete(life.leader.pid);
  return [...found.values()];
}

/** Does anything of this life live? Cheap: no scan unless only a zombie may be left in the group. */
export function lives(life: Life): boolean {
  if (life.leader !== undefined && !life.leaderGone && alive(life.leader)) return true;
  if (life.lifeline?.held() === true) return true;
  if (groupIsOurs(life) && groupMembers(life.leader?.pid ?? 0).length > 0) return true;
  return life.rest.some(stillThere);
}

/** What of it lives, the leader first, with the kernel's state letter. */
export function remainsOf(life: Life, holders: Holders): { pid: number; state: string }[] {
  const leader = life.leader !== undefined && alive(life.leader) ? processStat(life.leader.pid) : undefined;
  const all = leader === undefined ? [] : [leader];
  return [...all, ...survivors(life, holders)].map(({ pid, state }) => ({ pid, state }));
}

/** SIGKILL or a polite signal to the group, and to every process that has left it. */
export function signalAll(life: Life, signal: NodeJS.Signals, holders: Holders): void {
  const leftGroup = survivors(life, holders).filter((stat) => stat.group !== life.leader?.pid);
  if (groupIsOurs(life)) send(-(life.leader?.pid ?? 0), signal);
  for (const stat of leftGroup) if (stillThere(stat)) send(stat.pid, signal);
}

/** The signal to the leader alone, if that pid still is the leader. */
export function signalLeader({ leader }: Life, signal: NodeJS.Signals): void {
  if (leader !== undefined && alive(leader)) send(leader.pid, signal);
}

/** The signal to the group, if it still is the leader's. */
export function signalGroup(life: Life, signal: NodeJS.Signals): void {
  if (groupIsOurs(life)) send(-(life.leader?.pid ?? 0), signal);
}

/** To one process that was seen with this start time. */
export function signalOne(seen: Pick<ProcessStat, 'pid' | 'startTicks'>, signal: NodeJS.Signals): void {
  if (stillThere(seen)) send(seen.pid, signal);
}

/**
 * The kernel gives no number away while a group bears it. So as long as nobody else has the leader's pid, a group of that
 * number is the leader's; once somebody has, the group was empty before and is a stranger's now.
 */
function groupIsOurs(life: Life): boolean {
  if (life.leader === undefined || life.groupOver) return false;
  const ours = !groupIsEmpty(life.leader.pid) && !reused(life.leader);
  if (!ours && life.leaderGone) life.groupOver = true;
  return ours;
}

function outsiders(life: Life, holders: Holders): number[] {
  const pids = life.rest.filter(stillThere).map(({ pid }) => pid);
  if (life.lifeline?.held() === true) pids.push(...(holders().get(life.lifeline.inode) ?? []));
  if (life.unguarded) pids.push(...pidsOfLife(life.life));
  return pids;
}

function stillThere({ pid, startTicks }: Pick<ProcessStat, 'pid' | 'startTicks'>): boolean {
  const stat = processStat(pid);
  return stat !== undefined && stat.startTicks === startTicks && !dead(stat);
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (thrown) {
    // Ended in this instant, or of another user now: what is left shows in `remains`.
    if (!['ESRCH', 'EPERM'].includes(errnoOf(thrown))) throw thrown;
  }
}
