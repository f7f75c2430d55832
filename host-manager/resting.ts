/** Decisions while no process of ours is known to live: inoperable, down, blocked, waiting, gave-up. */
import type { TargetState } from '../protocol/rows.ts';
import { admit } from './admit.ts';
import type { Found } from './driver.ts';
import type { Decision, Event, Scene } from './event.ts';
import { defect, first, same, tell } from './event.ts';
import type { Instance, Why } from './instance.ts';
import { moved } from './instance.ts';
import { nextOf } from './settle.ts';
import { stop } from './stop-ladder.ts';

export function decideResting(instance: Instance, event: Event, scene: Scene): Decision {
  switch (event.type) {
    case 'target':
      return target(aimed(instance, event.target, event.actor, scene.nowMs), event.actor, scene);
    case 'restart':
    case 'retry':
      return asked(instance, event.type, event.actor, scene);
    case 'kill':
      return same(instance, tell('info', 'nothing to kill: no process of it runs', { actor: event.actor }));
    case 'changed':
    case 'replaced':
      return redefined({ ...instance, wanted: event.wanted }, event.type, event.actor, scene);
    case 'inoperable':
      return inoperable(instance, event, scene);
    case 'operable':
      return operable(instance, event, scene);
    case 'removed':
      return {
        instance: { ...instance, retired: true },
        actions: [tell('info', 'retired: no longer listed'), { type: 'forget' }],
      };
    case 'found':
      return instance.phase.name === 'inoperable' ? defect(instance, event) : found(instance, event.found, scene);
    case 'freed':
    case 'limit':
      return due(instance, event, scene);
    default:
      return defect(instance, event);
  }
}

/** The instance with its target recorded. */
export const aimed = (instance: Instance, to: TargetState, actor: string, nowMs: number): Instance => ({
  ...instance,
  target: to,
  targetActor: actor,
  targetSinceMs: instance.target === to ? instance.targetSinceMs : nowMs,
});

function target(instance: Instance, actor: string, scene: Scene): Decision {
  const { phase } = instance;
  const up = instance.target === 'up';
  if (phase.name === 'inoperable')
    return same(
      { ...instance, ended: instance.ended && !up },
      tell('warn', `target recorded, not operable: ${phase.why}`, { actor }),
    );
  if (phase.name === 'down') return up ? asked(instance, 'up', actor, scene) : same(instance);
  if (phase.name === 'gave-up' && up) return asked(instance, 'up', actor, scene);
  if (up) return phase.name === 'waiting' ? admit(instance, { cause: 'asked up', actor }, scene) : same(instance);
  const down = moved(instance, { name: 'down' }, { cause: 'asked down', actor }, scene.nowMs);
  return { instance: down, actions: [tell('info', 'pending launch cancelled', { actor, was: phase.name })] };
}

/** `up`, restart or retry of one that rests or waits. */
function asked(instance: Instance, what: 'up' | 'restart' | 'retry', actor: string, scene: Scene): Decision {
  const { phase } = instance;
  if (phase.name === 'inoperable')
    return same(instance, tell('warn', `${what} not done, not operable: ${phase.why}`, { actor }));
  if (instance.target === 'down') {
    return same(instance, tell('warn', `${what} refused: its target is down; ask it up instead`, { actor }));
  }
  if (phase.name === 'blocked') return blockedAsked(instance, what, actor, scene);
  const fresh = phase.name === 'gave-up' ? { ...instance, failuresInRow: 0, unhealthyInRow: 0 } : instance;
  return admit(fresh, { cause: `asked ${what}`, actor }, scene);
}

/** A retry does not wait for others any longer; a restart of what is about to start anyway changes nothing. */
function blockedAsked(instance: Instance, what: string, actor: string, scene: Scene): Decision {
  if (what === 'retry') return admit(instance, { cause: 'asked retry', actor }, scene, true);
  return same(instance, tell('info', 'its launch is pending already', { actor }));
}

function redefined(instance: Instance, type: 'changed' | 'replaced', actor: string, scene: Scene): Decision {
  if (instance.phase.name !== 'waiting' && instance.phase.name !== 'gave-up') return same(instance);
  return admit(
    { ...instance, failuresInRow: 0, unhealthyInRow: 0 },
    { cause: `its definition was ${type}`, actor },
    scene,
  );
}

function inoperable(instance: Instance, event: Extract<Event, { wanted: unknown }>, { nowMs }: Scene): Decision {
  const why = event.wanted.inoperableWhy ?? 'not operable';
  const marked = { ...instance, wanted: event.wanted, operable: false, inoperableWhy: why };
  const because = { cause: why, actor: event.actor };
  return {
    instance: moved(marked, { name: 'inoperable', why }, because, nowMs),
    actions: [tell('warn', `not operable: ${why}`)],
  };
}

function operable(instance: Instance, event: Extract<Event, { wanted: unknown }>, scene: Scene): Decision {
  if (instance.phase.name !== 'inoperable') return defect(instance, event);
  const able = { ...instance, wanted: event.wanted, operable: true, inoperableWhy: '' };
  const why = { cause: 'operable now', actor: event.actor };
  if (able.target === 'up' && !able.ended) return first(admit(able, why, scene), tell('info', 'operable now'));
  return { instance: moved(able, { name: 'down' }, why, scene.nowMs), actions: [tell('info', 'operable now')] };
}

/** A live one that was not launched now. */
function found(instance: Instance, given: Found, scene: Scene): Decision {
  const why: Why = { cause: `found running, pid ${given.pid}`, actor: 'HostManager' };
  const adopted = moved(
    { ...instance, generation: Math.max(instance.generation, given.generation), launchedAtMs: given.startedAtMs },
    {
      name: 'up',
      generation: given.generation,
      definitionHash: given.definitionHash,
      pid: given.pid,
      startedAtMs: given.startedAtMs,
      adopted: true,
      watch: given.watch,
      ready: given.ready || instance.wanted.readiness.by === 'spawn' ? 'yes' : 'waiting',
      lateAtMs: scene.nowMs + instance.wanted.readiness.withinMs,
      healthy: false,
      health: 'unknown',
      degraded: false,
    },
    why,
    scene.nowMs,
  );
  const told = tell('info', 'found running: adopted', {
    pid: given.pid,
    since: given.startedAtMs,
    generation: given.generation,
  });
  if (instance.target === 'up') return same({ ...adopted, ended: false }, told);
  return first(
    stop(adopted, nextOf(adopted), { cause: 'found running, its target is down', actor: instance.targetActor }, scene),
    told,
  );
}

function due(instance: Instance, event: Event, scene: Scene): Decision {
  const { phase } = instance;
  if (phase.name === 'waiting' && event.type === 'limit') {
    return admit(instance, { cause: 'its wait is over', actor: 'crash' }, scene);
  }
  if (phase.name !== 'blocked') return defect(instance, event);
  const actor = 'HostManager';
  if (event.type === 'freed')
    return admit(instance, { cause: `${phase.waitsFor.join(', ')} came first`, actor }, scene);
  if (phase.by !== 'after')
    return admit(instance, { cause: `looked again for ${phase.waitsFor.join(', ')}`, actor }, scene);
  const cause = `no longer waits for ${phase.waitsFor.join(', ')}`;
  return first(admit(instance, { cause, actor }, scene, true), tell('warn', cause, { waitsFor: phase.waitsFor }));
}
