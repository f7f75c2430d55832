/** What the site config says of one instance, as far as supervision must know it. The agent face makes it from the config. */
import type { TargetState } from '../protocol/rows.ts';
import type { StopSignal } from './driver.ts';

/** Something that must have come first. */
export interface After {
  instance: string;
  until: 'ready' | 'up';
  atMostMs: number;
}

export interface RestartPolicy {
  policy: 'always' | 'on-failure' | 'never';
  /** Wait after the first unhealthy life; it doubles from there. */
  delayMs: number;
  maxDelayMs: number;
  /** A life this long, and ready, is a healthy one. */
  healthyAfterMs: number;
  giveUp: { failures: number; withinMs: number } | null;
}

export interface StopPolicy {
  signal: StopSignal;
  graceMs: number;
  to: 'leader' | 'group';
}

export interface WantedInstance {
  instanceId: string;
  agentClass: string;
  management: 'host' | 'docker';
  /** What the file says it starts as. */
  start: TargetState;
  operable: boolean;
  inoperableWhy?: string;
  /** Hash of everything that would make a launch different. */
  definitionHash: string;
  /** What makes it another program altogether: the command of a `Command`, empty for a class of Cupola. */
  program: string;
  after: readonly After[];
  restart: RestartPolicy;
  stop: StopPolicy;
  readiness: { by: 'presence' | 'spawn' | 'tcp' | 'http' | 'log'; withinMs: number };
  config: { file: string; line: number };
}

export const DEFAULT_RESTART: RestartPolicy = {
  policy: 'always',
  delayMs: 250,
  maxDelayMs: 30_000,
  healthyAfterMs: 10_000,
  giveUp: null,
};
export const DEFAULT_STOP: StopPolicy = { signal: 'SIGINT', graceMs: 10_000, to: 'leader' };
export const DEFAULT_READY_WITHIN_MS = 15_000;
export const DEFAULT_AFTER_MS = 30_000;

/** The class that everybody else waits for at start, and that ends last. */
export const BROKER_CLASS = 'Broker';

/** Stands for one that runs and that no file lists any more: only its end is wanted. */
export const leftOver = (instanceId: string, definitionHash: string): WantedInstance => ({
  instanceId,
  agentClass: 'unknown',
  management: 'host',
  start: 'down',
  operable: true,
  definitionHash,
  program: '',
  after: [],
  restart: DEFAULT_RESTART,
  stop: DEFAULT_STOP,
  readiness: { by: 'spawn', withinMs: DEFAULT_READY_WITHIN_MS },
  config: { file: '', line: 0 },
});
