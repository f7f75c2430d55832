/** Makers of wanted entries, instances and surroundings for the tests of supervision. */
import type { Surroundings } from '../../host-manager/event.ts';
import type { Blocked, Instance, Launching, Phase, Stopping, Up } from '../../host-manager/instance.ts';
import { newInstance } from '../../host-manager/instance.ts';
import type { WantedInstance } from '../../host-manager/wanted.ts';
import { DEFAULT_READY_WITHIN_MS, DEFAULT_RESTART, DEFAULT_STOP } from '../../host-manager/wanted.ts';

export const T = 1_800_000_000_000;

export const wanted = (instanceId = 'a', over: Partial<WantedInstance> = {}): WantedInstance => ({
  instanceId,
  agentClass: 'DummyAgent',
  management: 'host',
  start: 'up',
  operable: true,
  definitionHash: 'one',
  program: '',
  after: [],
  restart: DEFAULT_RESTART,
  stop: DEFAULT_STOP,
  readiness: { by: 'presence', withinMs: DEFAULT_READY_WITHIN_MS },
  config: { file: 'site.yaml', line: 7 },
  ...over,
});

export const quiet: Surroundings = {
  alive: false,
  outside: undefined,
  unmet: { ids: [], atMostMs: 0 },
  queueFull: false,
  random: 0.5,
};

export const inPhase = (phase: Phase, over: Partial<Instance> = {}): Instance => ({
  ...newInstance(wanted(), { target: 'up', actor: 'ana' }, T - 60_000),
  generation: 5,
  launchedAtMs: T - 5_000,
  counts: { launches: 1, crashes: 0, spawnFailures: 0, asked: 0, ended: 0, outside: 0 },
  ...over,
  phase,
});

export const launching = (over: Partial<Launching> = {}): Launching => ({
  name: 'launching',
  generation: 5,
  definitionHash: 'one',
  limitAtMs: T + 5_000,
  afterwards: null,
  ...over,
});

export const up = (over: Partial<Up> = {}): Up => ({
  name: 'up',
  generation: 5,
  definitionHash: 'one',
  pid: 4_242,
  startedAtMs: T - 5_000,
  adopted: false,
  watch: 'exit',
  ready: 'yes',
  lateAtMs: T + 10_000,
  healthy: false,
  health: 'ok',
  degraded: false,
  ...over,
});

export const stopping = (over: Partial<Stopping> = {}): Stopping => ({
  name: 'stopping',
  generation: 5,
  pid: 4_242,
  startedAtMs: T - 5_000,
  step: 'polite',
  limitAtMs: T + 10_000,
  leaderGone: false,
  looks: 0,
  next: 'down',
  ...over,
});

export const blocked = (over: Partial<Blocked> = {}): Blocked => ({
  name: 'blocked',
  by: 'after',
  waitsFor: ['mux1'],
  limitAtMs: T + 30_000,
  ...over,
});
