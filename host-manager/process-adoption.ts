/** Adoption: what outlived the last HostManager, found by records and lifelines before anything is launched (host-manager §6). */
import { mkdirSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { HostFolder } from '../store/host-folder.ts';
import {
  type PidRecord,
  liveProcess,
  readPidRecord,
  recordPath,
  recordedIds,
  unlinkIfThere,
} from '../store/pid-record.ts';
import {
  type Identity,
  type ProcessStat,
  bootId,
  dead,
  environOf,
  pidNamespace,
  processStat,
  startedAtMs,
} from '../store/proc.ts';
import type { Found } from './driver.ts';
import { type Lifeline, type LifelinePool, lifelineOwner, openLifeline } from './lifeline.ts';
import { type Holders, type Life, signalOne } from './process-life.ts';

export interface Adoption {
  folder: HostFolder;
  /** The HostManager's own record is not a child's. */
  ownId: string;
  holders: Holders;
  pool: LifelinePool;
  nowMs: number;
}

export interface Adopted {
  found: { life: Life; found: Found }[];
  /** Lives whose leader is gone: to be ended. */
  left: Life[];
}

/** A generation whose lifeline is held, and by whom. */
interface Held {
  generation: number;
  lifeline: Lifeline;
  holders: ProcessStat[];
}

export function adoptLives({ folder, ownId, holders, pool, nowMs }: Adoption): Adopted {
  const adopted: Adopted = { found: [], left: [] };
  const held = heldLifelines(folder.run, holders, pool);
  const ids = new Set([...recordedIds(folder.run), ...held.keys()]);
  ids.delete(ownId);
  for (const id of ids) {
    const record = readPidRecord(folder.run, id);
    const generations = held.get(id) ?? [];
    const life = liveLife(id, record, generations, nowMs);
    if (life !== undefined) adopted.found.push({ life, found: foundOf(life, nowMs) });
    const left = life ?? leftLife(id, record, generations, nowMs);
    if (life === undefined && left !== undefined) adopted.left.push(left);
    if (left === undefined && record !== undefined) setAside(folder.run, id);
    endOthers(generations, left, record);
  }
  return adopted;
}

/** The life whose leader lives: named by the record, or found among the holders when there was no time to record it. */
function liveLife(id: string, record: PidRecord | undefined, generations: Held[], nowMs: number): Life | undefined {
  const recorded = record === undefined ? undefined : liveProcess(record);
  if (record !== undefined && recorded !== undefined) {
    const lifeline = generations.find(({ generation }) => generation === record.generation)?.lifeline;
    return lifeOf(record, recorded, lifeline);
  }
  for (const { generation, lifeline, holders } of generations) {
    // A record with a pid that is gone proves that this generation's leader has ended.
    if (record?.generation === generation && record.pid !== undefined) continue;
    const leader = leaderAmong(holders, `${id}:${generation}:`);
    if (leader === undefined) continue;
    const known = record?.generation === generation ? record : strayRecord(id, generation, leader.pid, nowMs);
    const { pid, startTicks } = leader;
    return lifeOf(
      { ...known, pid, start_ticks: startTicks },
      { pid, startTicks, bootId: bootId(), pidNamespace: pidNamespace() },
      lifeline,
    );
  }
  return undefined;
}

/** The newest generation of which only a rest lives. */
function leftLife(id: string, record: PidRecord | undefined, generations: Held[], nowMs: number): Life | undefined {
  const [newest] = generations;
  if (newest === undefined) return undefined;
  const { generation, lifeline, holders } = newest;
  const known = record?.generation === generation ? record : strayRecord(id, generation, holders[0]?.pid ?? 0, nowMs);
  return { ...lifeOf(known, undefined, lifeline), leaderGone: true, rest: holders };
}

/** Older generations that nobody keeps any more; draining ones are let be. */
function endOthers(generations: Held[], kept: Life | undefined, record: PidRecord | undefined): void {
  for (const { generation, lifeline, holders } of generations) {
    if (lifeline === kept?.lifeline) continue;
    lifeline.close();
    if (record?.draining.some((draining) => draining.generation === generation) === true) continue;
    for (const holder of holders) signalOne(holder, 'SIGKILL');
  }
}

/** Held lifelines by instance, newest generation first; free ones go back to the pool. */
function heldLifelines(runFolder: string, holders: Holders, pool: LifelinePool): Map<string, Held[]> {
  const found = new Map<string, Held[]>();
  for (const name of namesIn(runFolder)) {
    const owner = lifelineOwner(name);
    const lifeline = owner === undefined ? undefined : openOrNothing(join(runFolder, name));
    if (owner === undefined || lifeline === undefined) continue;
    if (!lifeline.held()) {
      lifeline.close();
      pool.give(lifeline.path);
      continue;
    }
    const pids = holders().get(lifeline.inode) ?? [];
    const stats = pids.flatMap((pid) => (pid === process.pid ? [] : (processStat(pid) ?? [])));
    const live = stats.filter((stat) => !dead(stat)).toSorted((a, b) => a.startTicks - b.startTicks || a.pid - b.pid);
    const others = found.get(owner.instanceId) ?? [];
    others.push({ generation: owner.generation, lifeline, holders: live });
    found.set(
      owner.instanceId,
      others.toSorted((a, b) => b.generation - a.generation),
    );
  }
  return found;
}

/** The leader began first and leads its own session; it bears the life in its environment. */
const leaderAmong = (holders: ProcessStat[], life: string): ProcessStat | undefined =>
  holders.find(
    ({ pid, session, group }) =>
      pid === session && pid === group && environOf(pid, 'CUPOLA_LIFE')?.startsWith(life) === true,
  );

function lifeOf(record: PidRecord, leader: Identity | undefined, lifeline: Lifeline | undefined): Life {
  return {
    instanceId: record.instance_id,
    generation: record.generation,
    life: record.life,
    leader,
    adopted: true,
    leaderGone: false,
    groupOver: leader === undefined,
    lifeline,
    unguarded: lifeline === undefined,
    rest: [],
    record,
    letGo: () => {},
  };
}

/** What can be said of a process whose record was lost. */
function strayRecord(id: string, generation: number, pid: number, nowMs: number): PidRecord {
  return {
    record: 1,
    instance_id: id,
    pid_namespace: pidNamespace(),
    boot_id: bootId(),
    generation,
    life: environOf(pid, 'CUPOLA_LIFE') ?? `${id}:${generation}:`,
    command_hash: '',
    definition_hash: '',
    target: 'up',
    draining: [],
    at: nowMs / 1000,
  };
}

function foundOf({ instanceId, generation, leader, lifeline, record }: Life, nowMs: number): Found {
  return {
    instanceId,
    generation,
    pid: leader?.pid ?? 0,
    startedAtMs: startedAtMs(leader?.startTicks ?? 0, nowMs),
    definitionHash: record.definition_hash,
    ready: record.ready === true,
    watch: lifeline === undefined ? 'timer' : 'lifeline',
  };
}

/** A record that names nobody is kept aside for whoever looks into it. */
function setAside(runFolder: string, id: string): void {
  const path = recordPath(runFolder, id);
  try {
    mkdirSync(join(runFolder, 'stale'), { recursive: true, mode: 0o700 });
    renameSync(path, join(runFolder, 'stale', `${id}.pid`));
  } catch {
    unlinkIfThere(path);
  }
}

function openOrNothing(path: string): Lifeline | undefined {
  try {
    return openLifeline(path);
  } catch {
    return undefined;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
