/** How an agent is declared: a class, its settings, and a set-up that names its operations and feeds (framework §1-2). */
import * as z from 'zod';
import type { Cancel, Clock } from '../base/clock.ts';
import type { Outcome } from '../base/fault.ts';
import type { Logger } from '../base/log.ts';
import type { Site } from '../client/site.ts';
import type { FoundSite } from '../site-config/find-site.ts';
import type { HostFolder } from '../store/host-folder.ts';
import type { Store } from '../store/store.ts';
import type { Feed, FeedFields, FeedOptions } from './feed.ts';
import type { Lock } from './lock.ts';
import type { OperationHandle, OperationOptions, TaskOptions } from './operation.ts';
import type { ObjectSchema } from './params.ts';

/** Who this process is. */
export interface Identity {
  instanceId: string;
  agentClass: string;
  host: string;
  generation: number;
}

/** Where this process stands: for agents that read more of the site than their own entry. */
export interface SitePlace {
  stateDir: string;
  workingDir: string;
  /** Read the site config anew; undefined in a process that was given its entry by a HostManager. */
  readSite: (() => Outcome<FoundSite>) | undefined;
}

/** What set-up is given. It runs before anything is opened: it declares, it does not act. */
export interface Setup<Settings> {
  readonly settings: Settings;
  readonly identity: Identity;
  readonly place: SitePlace;
  readonly folder: HostFolder;
  readonly log: Logger;
  readonly clock: Clock;
  /** Key-value folder of this instance. */
  readonly store: Store;
  /** The site as a client sees it, under this agent's name. */
  readonly site: Site;
  /** Aborted when the process ends. */
  readonly signal: AbortSignal;
  task<P extends ObjectSchema>(name: string, options: TaskOptions<P>): OperationHandle<P>;
  process<P extends ObjectSchema>(name: string, options: OperationOptions<P>): OperationHandle<P>;
  feed<F extends FeedFields>(name: string, fields: F, options?: FeedOptions): Feed<F>;
  /** Say something that happened on the agent's event topic: `kind` and facts, plain JSON. Not kept for later. */
  event(kind: string, facts: Record<string, unknown>): void;
  lock(name: string): Lock;
  /** Repeat while the agent is active, without drift; missed ticks are dropped. */
  every(ms: number, act: () => void): Cancel;
  /** Run before the agent takes its place; throwing ends the start with exit 9. */
  selfTest(test: () => Promise<void> | void): void;
  /** Run when the agent has its place and before it answers; throwing ends it. */
  onStart(act: () => Promise<void> | void): void;
  /** Run at the end, after the sessions are over; last declared first. */
  onEnd(act: (reason: string) => Promise<void> | void): void;
  /** Run at the very end, after the bus has been left. */
  onGone(act: () => Promise<void> | void): void;
  /** End this agent in order, as a signal would. */
  end(reason: string): void;
  /** Run when a second signal comes while it ends: cut every grace short. */
  onHurry(act: () => void): void;
  /** Run first when the bus has given this name to another: the agent is about to end, and nobody asked for that. */
  onOusted(act: () => void): void;
  /** Run on a signal that does not end the agent. */
  onSignal(signal: 'SIGHUP' | 'SIGUSR2', act: () => void): void;
  /** Heartbeats on the bus on or off: a means to try out what others make of silence. */
  setHeartbeat(on: boolean): void;
}

export interface AgentOptions {
  version?: string;
  description?: string;
  /** Starts with a store in memory when the folder cannot be written: it matters more that it runs than that it remembers. */
  worksWithoutStore?: boolean;
  /** Say `offline` at the end at most so long after the request, ms (8 000: 80 % of the usual grace). */
  endGraceMs?: number;
}

export interface AgentDefinition<S extends ObjectSchema = ObjectSchema, H = unknown> {
  readonly cupola: 'agent';
  readonly agentClass: string;
  readonly settings: S;
  readonly options: AgentOptions;
  setup(parts: Setup<z.output<S>>): H;
}

/**
 * Declare an agent class.
 *
 * faults  AGENT_SCHEMA at start when a name is used twice or a schema cannot be said in JSON Schema
 */
export function agent<S extends ObjectSchema, H>(
  agentClass: string,
  settings: S,
  setup: (parts: Setup<z.output<S>>) => H,
  options: AgentOptions = {},
): AgentDefinition<S, H> {
  return { cupola: 'agent', agentClass, settings, options, setup };
}

export const isAgent = (value: unknown): value is AgentDefinition =>
  typeof value === 'object' && value !== null && 'cupola' in value && value.cupola === 'agent';
