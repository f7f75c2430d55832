/** One managed instance: what is wanted of it, the phase it is in, and what it went through. */
import type { TargetState } from '../protocol/rows.ts';
import type { WantedInstance } from './wanted.ts';

/** What follows when the last process is gone. */
export type Next = 'down' | 'admit' | 'relaunch' | 'gone';

export type Phase =
  | { name: 'inoperable'; why: string }
  | { name: 'down' }
  | Blocked
  | Launching
  | Up
  | Stopping
  | { name: 'waiting'; relaunchAtMs: number }
  | { name: 'gave-up' };

export interface Blocked {
  name: 'blocked';
  /** `after`: others come first; `outside`: one that is not ours lives; `queue`: enough launches are under way. */
  by: 'after' | 'outside' | 'queue';
  waitsFor: readonly string[];
  /** Null for `queue`: the readiness limits of those in front bound it. */
  limitAtMs: number | null;
}

export interface Launching {
  name: 'launching';
  generation: number;
  definitionHash: string;
  limitAtMs: number;
  /** What came in meanwhile and is done once the launch has completed. */
  afterwards: 'restart' | 'kill' | null;
}

export interface Up {
  name: 'up';
  generation: number;
  definitionHash: string;
  pid: number;
  startedAtMs: number;
  adopted: boolean;
  watch: 'exit' | 'lifeline' | 'timer';
  ready: 'waiting' | 'yes' | 'late';
  /** Readiness is told as late from then on. */
  lateAtMs: number;
  /** This life has been long enough. */
  healthy: boolean;
  health: 'ok' | 'lost' | 'failing' | 'unknown';
  degraded: boolean;
}

export interface Stopping {
  name: 'stopping';
  /** Null when what lives was never known as a generation. */
  generation: number | null;
  pid: number | null;
  startedAtMs: number | null;
  /** `polite`: signal sent; `rest`: SIGTERM to what is left; `killed`: SIGKILL sent; `stuck`: lives all the same. */
  step: 'polite' | 'rest' | 'killed' | 'stuck';
  limitAtMs: number;
  leaderGone: boolean;
  /** How often a stuck one has been looked at. */
  looks: number;
  next: Next;
}

/** One change of phase. */
export interface Change {
  atMs: number;
  from: Phase['name'];
  to: Phase['name'];
  cause: string;
  actor: string;
}

/** One end of one life. */
export interface Exit {
  atMs: number;
  generation: number | null;
  code: number | null;
  signal: string | null;
  cause: 'exit' | 'signal' | 'spawn' | 'asked' | 'ended' | 'outside';
  uptimeMs: number | null;
  expected: boolean;
  lastLine: string | null;
}

/** Every end of a process is in exactly one of these. */
export interface Counts {
  launches: number;
  /** Unexpected ends. */
  crashes: number;
  spawnFailures: number;
  /** Ends that were asked for. */
  asked: number;
  /** Ends that the restart policy lets stand. */
  ended: number;
  /** Ends because another one lives outside. */
  outside: number;
}

export interface Instance {
  id: string;
  wanted: WantedInstance;
  target: TargetState;
  targetActor: string;
  targetSinceMs: number;
  phase: Phase;
  sinceMs: number;
  operable: boolean;
  inoperableWhy: string;
  /** No longer listed; the row stays until the process has ended. */
  retired: boolean;
  /** Its policy let its last end stand. */
  ended: boolean;
  /** Highest generation ever asked for. */
  generation: number;
  launchedAtMs: number | null;
  /** Failures since the last life that was long enough. */
  failuresInRow: number;
  /** Lives in a row that were not: what the backoff grows with. */
  unhealthyInRow: number;
  /** In a row: launches that met one outside. */
  outsideInRow: number;
  failureTimesMs: readonly number[];
  relaunchTimesMs: readonly number[];
  counts: Counts;
  exits: readonly Exit[];
  changes: readonly Change[];
}

/** Why a phase changes: a sentence and who is behind it. */
export interface Why {
  cause: string;
  actor: string;
}

const CHANGES_KEPT = 20;
const DAY_MS = 86_400_000;
const RELAUNCHES_KEPT = 3_000;

/** A row as it begins: nothing of it is known to run. */
export function newInstance(
  wanted: WantedInstance,
  { target, actor }: { target: TargetState; actor: string },
  nowMs: number,
): Instance {
  return {
    id: wanted.instanceId,
    wanted,
    target,
    targetActor: actor,
    targetSinceMs: nowMs,
    phase: { name: 'down' },
    sinceMs: nowMs,
    operable: true,
    inoperableWhy: '',
    retired: false,
    ended: false,
    generation: 0,
    launchedAtMs: null,
    failuresInRow: 0,
    unhealthyInRow: 0,
    outsideInRow: 0,
    failureTimesMs: [],
    relaunchTimesMs: [],
    counts: { launches: 0, crashes: 0, spawnFailures: 0, asked: 0, ended: 0, outside: 0 },
    exits: [],
    changes: [],
  };
}

/** The same instance in `phase`; a change of its name is written down with cause, actor and time. */
export function moved(instance: Instance, phase: Phase, { cause, actor }: Why, nowMs: number): Instance {
  const from = instance.phase.name;
  if (from === phase.name) return { ...instance, phase };
  const change: Change = { atMs: nowMs, from, to: phase.name, cause, actor };
  return { ...instance, phase, sinceMs: nowMs, changes: [...instance.changes, change].slice(-CHANGES_KEPT) };
}

/** When the phase itself ends or must be looked at again; null: it rests, or only an event ends it. */
export function limitOf({ phase, wanted }: Instance): number | null {
  switch (phase.name) {
    case 'blocked':
    case 'launching':
    case 'stopping':
      return phase.limitAtMs;
    case 'waiting':
      return phase.relaunchAtMs;
    case 'up':
      if (phase.ready === 'waiting') return phase.lateAtMs;
      return phase.ready === 'yes' && !phase.healthy ? phase.startedAtMs + wanted.restart.healthyAfterMs : null;
    default:
      return null;
  }
}

/** The time of a launch, kept for a day. */
export const withRelaunch = (times: readonly number[], nowMs: number): readonly number[] =>
  [...times.filter((atMs) => nowMs - atMs <= DAY_MS), nowMs].slice(-RELAUNCHES_KEPT);

/** Nothing of it runs and nothing is about to. */
export const resting = ({ phase }: Instance): boolean =>
  phase.name === 'down' || phase.name === 'inoperable' || phase.name === 'gave-up';
