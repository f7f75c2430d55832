/** Every phase and every event of the machine, one named example each: the two sides of its table. */
import type { Action, Event } from '../../host-manager/event.ts';
import type { Instance } from '../../host-manager/instance.ts';
import { blocked, inPhase, launching, stopping, T, up, wanted } from './makers.ts';

/** Every phase, and in `stopping` and `down` what makes a difference there. */
export const PHASES = {
  inoperable: inPhase(
    { name: 'inoperable', why: 'class not installed' },
    { operable: false, inoperableWhy: 'class not installed' },
  ),
  down: inPhase({ name: 'down' }, { target: 'down' }),
  'down, ended by its policy': inPhase({ name: 'down' }, { ended: true }),
  blocked: inPhase(blocked()),
  launching: inPhase(launching()),
  up: inPhase(up()),
  'up, not ready yet': inPhase(up({ ready: 'waiting' })),
  stopping: inPhase(stopping(), { target: 'down' }),
  'stopping, to be relaunched': inPhase(stopping({ step: 'rest', leaderGone: true, next: 'relaunch' })),
  'stopping, retired': inPhase(stopping({ next: 'gone' }), { target: 'down', retired: true }),
  waiting: inPhase({ name: 'waiting', relaunchAtMs: T + 1_000 }, { failuresInRow: 3 }),
  'gave-up': inPhase({ name: 'gave-up' }, { failuresInRow: 3 }),
} satisfies Record<string, Instance>;

export const exit = {
  type: 'exited' as const,
  instanceId: 'a',
  generation: 5,
  code: 3,
  signal: null,
  stderrTail: ['oh'],
  lastLine: 'oh',
};
const found = {
  instanceId: 'a',
  generation: 4,
  pid: 99,
  startedAtMs: T - 90_000,
  definitionHash: 'one',
  ready: true,
  watch: 'lifeline',
} as const;
export const EVENTS = {
  'target up': { type: 'target', target: 'up', actor: 'ben' },
  'target down': { type: 'target', target: 'down', actor: 'ben' },
  restart: { type: 'restart', actor: 'ben' },
  retry: { type: 'retry', actor: 'ben' },
  kill: { type: 'kill', actor: 'ben' },
  changed: { type: 'changed', wanted: wanted('a', { definitionHash: 'two' }), actor: 'file' },
  replaced: { type: 'replaced', wanted: wanted('a', { agentClass: 'Other', definitionHash: 'two' }), actor: 'file' },
  removed: { type: 'removed', actor: 'file' },
  listed: { type: 'listed', wanted: wanted('a'), actor: 'file' },
  inoperable: { type: 'inoperable', wanted: wanted('a', { operable: false, inoperableWhy: 'gone' }), actor: 'file' },
  operable: { type: 'operable', wanted: wanted('a'), actor: 'file' },
  spawned: { type: 'spawned', instanceId: 'a', generation: 5, pid: 4_242, atMs: T },
  'spawn-failed': { type: 'spawn-failed', instanceId: 'a', generation: 5, errno: 'ENOENT', text: 'no such program' },
  exited: { ...exit, rest: [] },
  'exited, rest left': { ...exit, rest: [4_243] },
  'rest-gone': { type: 'rest-gone', instanceId: 'a', generation: 5 },
  'rest-gone of an earlier life': { type: 'rest-gone', instanceId: 'a', generation: 3 },
  found: { type: 'found', found },
  ready: { type: 'ready', instanceId: 'a', generation: 5 },
  health: { type: 'health', health: 'lost', degraded: false },
  freed: { type: 'freed' },
  limit: { type: 'limit' },
} satisfies Record<string, Event>;

export type PhaseKey = keyof typeof PHASES;
export type EventKey = keyof typeof EVENTS;

export const keysOf = <K extends string>(table: Record<K, unknown>): K[] =>
  Object.keys(table).filter((key): key is K => key in table);

/** A decision in one line: the next phase and what is asked. */
export const summed = (before: Instance, after: Instance, actions: Action[]): string => {
  if (actions.some(({ type }) => type === 'defect')) return 'defect';
  const done = actions.filter(({ type }) => type !== 'tell').map(({ type }) => type);
  if (done.length === 0 && after.phase.name === before.phase.name) return 'same';
  return done.length === 0 ? after.phase.name : `${after.phase.name}: ${done.join(' ')}`;
};
