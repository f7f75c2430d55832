/** What can happen to an instance, and what may be done about it: the words between the pure part and the supervisor. */
import type { TargetState } from '../protocol/rows.ts';
import type { DriverEvent, Found, StopSignal } from './driver.ts';
import type { Instance } from './instance.ts';
import type { WantedInstance } from './wanted.ts';

export type Event =
  | DriverEvent
  | { type: 'found'; found: Found }
  | { type: 'target'; target: TargetState; actor: string }
  | { type: 'restart' | 'retry' | 'kill' | 'removed'; actor: string }
  | { type: 'changed' | 'replaced' | 'listed' | 'inoperable' | 'operable'; wanted: WantedInstance; actor: string }
  | { type: 'health'; health: 'ok' | 'lost' | 'failing' | 'unknown'; degraded: boolean }
  | { type: 'freed' }
  | { type: 'limit' };

export type Action =
  | { type: 'launch'; generation: number }
  | { type: 'signal'; signal: StopSignal; to: 'leader' | 'group' }
  | { type: 'terminate-rest' }
  | { type: 'kill' }
  /** Gone for good: row, kept target and records. */
  | { type: 'forget' }
  | { type: 'report'; crash: Crash }
  | { type: 'tell'; level: Level; text: string; facts: Record<string, unknown> }
  /** This event cannot come in this phase: our own bug. */
  | { type: 'defect'; text: string };

export type Level = 'info' | 'warn' | 'error';

/** The facts of an unexpected end; whoever is told keeps them. */
export interface Crash {
  instanceId: string;
  agentClass: string;
  generation: number;
  atMs: number;
  cause: 'exit' | 'signal' | 'spawn';
  code: number | null;
  signal: string | null;
  uptimeMs: number | null;
  failuresInRow: number;
  stability: number;
  nextLaunchAtMs: number | null;
  definitionHash: string;
  stderrTail: readonly string[];
  lastLine: string | null;
}

/** What decide() may know of the world beside the instance. */
export interface Surroundings {
  /** Does any process of the instance live? */
  readonly alive: boolean;
  /** One that was started by others. */
  readonly outside: { pid: number } | undefined;
  /** Those of `after` that have not come yet, with the longest that any of them is waited for. */
  readonly unmet: { ids: readonly string[]; atMostMs: number };
  /** Enough launches are under way already. */
  readonly queueFull: boolean;
  /** Uniform in 0..1. */
  readonly random: number;
}

/** The moment of a decision. */
export interface Scene {
  surroundings: Surroundings;
  nowMs: number;
}

export interface Decision {
  instance: Instance;
  actions: Action[];
}

export const tell = (level: Level, text: string, facts: Record<string, unknown> = {}): Action => ({
  type: 'tell',
  level,
  text,
  facts,
});

/** Nothing changes. */
export const same = (instance: Instance, ...actions: Action[]): Decision => ({ instance, actions });

/** The event is logged as an error and changes nothing. */
export const defect = (instance: Instance, event: Event): Decision => ({
  instance,
  actions: [
    { type: 'defect', text: `Event "${event.type}" cannot come in phase "${instance.phase.name}" of "${instance.id}"` },
  ],
});

/** The decision with more to do after what it already says. */
export const andThen = ({ instance, actions }: Decision, ...more: Action[]): Decision => ({
  instance,
  actions: [...actions, ...more],
});

/** The decision with something to do before all else. */
export const first = (decision: Decision, ...earlier: Action[]): Decision => ({
  instance: decision.instance,
  actions: [...earlier, ...decision.actions],
});
