/** Decisions while a launch is under way: what comes in meanwhile is kept, the launch completes first. */
import { clearRest, kill, stop } from './stop-ladder.ts';
import type { Decision, Event, Scene } from './event.ts';
import { defect, first, same, tell } from './event.ts';
import type { Exit, Instance, Launching, Up } from './instance.ts';
import { moved } from './instance.ts';
import { failedLife, reported } from './lives.ts';
import { aimed } from './resting.ts';
import { settle, nextOf } from './settle.ts';

export function decideLaunching(instance: Instance, phase: Launching, event: Event, scene: Scene): Decision {
  const { nowMs } = scene;
  switch (event.type) {
    case 'spawned':
      return event.generation === phase.generation ? spawned(instance, phase, event, scene) : defect(instance, event);
    case 'spawn-failed':
      if (event.generation !== phase.generation) return defect(instance, event);
      return failed(instance, phase, `${event.errno}: ${event.text}`, scene);
    case 'limit':
      return failed(
        instance,
        phase,
        `no answer to the launch after ${nowMs - (instance.launchedAtMs ?? nowMs)} ms`,
        scene,
      );
    case 'target': {
      const told = event.target === 'down' ? [tell('info', 'launch completes first', { actor: event.actor })] : [];
      return same(instance.retired ? instance : aimed(instance, event.target, event.actor, nowMs), ...told);
    }
    case 'restart':
    case 'kill':
      return later(instance, phase, event.type, event.actor);
    case 'replaced':
      return later({ ...instance, wanted: event.wanted }, phase, 'restart', event.actor);
    case 'removed':
      return same(
        { ...aimed(instance, 'down', event.actor, nowMs), retired: true },
        tell('info', 'retired: no longer listed'),
      );
    case 'listed':
      if (!instance.retired) return defect(instance, event);
      return same({ ...aimed(instance, event.wanted.start, event.actor, nowMs), wanted: event.wanted, retired: false });
    case 'changed':
      return same({ ...instance, wanted: event.wanted });
    case 'inoperable':
    case 'operable':
      return operability(instance, event);
    case 'retry':
      return same(instance, tell('info', 'nothing to retry: its launch is under way', { actor: event.actor }));
    default:
      return defect(instance, event);
  }
}

/** Class installed or gone while something lives: told, nothing is stopped. */
export function operability(instance: Instance, { type, wanted }: Extract<Event, { wanted: unknown }>): Decision {
  if (type === 'operable')
    return same({ ...instance, wanted, operable: true, inoperableWhy: '' }, tell('info', 'operable now'));
  const inoperableWhy = wanted.inoperableWhy ?? 'not operable';
  return same(
    { ...instance, wanted, operable: false, inoperableWhy },
    tell('warn', `not operable: ${inoperableWhy}; what runs is left`),
  );
}

function later(instance: Instance, phase: Launching, afterwards: 'restart' | 'kill', actor: string): Decision {
  if (afterwards === 'restart' && instance.target === 'down') {
    return same(instance, tell('warn', 'restart refused: its target is down; ask it up instead', { actor }));
  }
  return same({ ...instance, phase: { ...phase, afterwards } }, tell('info', 'launch completes first', { actor }));
}

function spawned(instance: Instance, phase: Launching, event: { pid: number; atMs: number }, scene: Scene): Decision {
  const { readiness } = instance.wanted;
  const up: Up = {
    name: 'up',
    generation: phase.generation,
    definitionHash: phase.definitionHash,
    pid: event.pid,
    startedAtMs: event.atMs,
    adopted: false,
    watch: 'exit',
    ready: readiness.by === 'spawn' ? 'yes' : 'waiting',
    lateAtMs: scene.nowMs + readiness.withinMs,
    healthy: false,
    health: 'unknown',
    degraded: false,
  };
  const launched = moved(instance, up, { cause: `launched, pid ${event.pid}`, actor: 'HostManager' }, scene.nowMs);
  const told = tell('info', 'launched', { pid: event.pid, generation: phase.generation });
  const next = nextOf(instance);
  if (phase.afterwards === 'kill')
    return first(kill(launched, next, { cause: 'kill asked during launch', actor: 'request' }, scene), told);
  if (next !== 'admit')
    return first(stop(launched, next, { cause: 'asked during launch', actor: instance.targetActor }, scene), told);
  if (phase.afterwards === null) return same(launched, told);
  return first(stop(launched, 'admit', { cause: 'restart asked during launch', actor: 'request' }, scene), told);
}

function failed(instance: Instance, phase: Launching, text: string, scene: Scene): Decision {
  const { generation } = phase;
  const nothing = { code: null, signal: null, uptimeMs: null, expected: false };
  const exit: Exit = { atMs: scene.nowMs, generation, cause: 'spawn', lastLine: text, ...nothing };
  const counted = failedLife(instance, exit, false);
  const wish = nextOf(instance);
  const next = wish === 'admit' && phase.afterwards === null ? 'relaunch' : wish;
  const why = { cause: `launch failed: ${text}`, actor: 'crash' };
  const decision = scene.surroundings.alive ? clearRest(counted, next, why, scene) : settle(counted, next, why, scene);
  return reported(decision, exit, []);
}
