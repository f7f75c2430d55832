/** Decisions while it exists: readiness, health, and every way in which a life may end. */
import { blockedOutside } from './admit.ts';
import type { Decision, Event, Scene } from './event.ts';
import { andThen, defect, first, same, tell } from './event.ts';
import type { Instance, Up } from './instance.ts';
import { operability } from './launching.ts';
import type { Exited } from './lives.ts';
import { ended, exitOf, failedLife, howItEnded, reported } from './lives.ts';
import { aimed } from './resting.ts';
import { settle } from './settle.ts';
import { clearRest, kill, stop } from './stop-ladder.ts';

/** Exit code of a program of Cupola that met another holder of its name. */
const EXIT_HELD = 6;
const COMMAND_CLASS = 'Command';

export function decideUp(instance: Instance, phase: Up, event: Event, scene: Scene): Decision {
  const { nowMs } = scene;
  switch (event.type) {
    case 'exited':
      return event.generation === phase.generation ? exited(instance, phase, event, scene) : defect(instance, event);
    case 'ready':
      return ready(instance, phase, event.generation);
    case 'limit':
      return limit(instance, phase, nowMs);
    case 'health':
      return health(instance, phase, event);
    case 'target': {
      const aim = aimed(instance, event.target, event.actor, nowMs);
      return aim.target === 'up' ? same(aim) : stop(aim, 'down', { cause: 'asked down', actor: event.actor }, scene);
    }
    case 'restart':
      return stop(instance, 'admit', { cause: 'restart asked', actor: event.actor }, scene);
    case 'kill':
      return kill(instance, 'admit', { cause: 'kill asked', actor: event.actor }, scene);
    case 'retry':
      return same(instance, tell('info', 'nothing to retry: it is up', { actor: event.actor }));
    case 'changed':
      return same(
        { ...instance, wanted: event.wanted },
        tell('info', 'restart required: config', { actor: event.actor }),
      );
    case 'replaced':
      return replaced(instance, event, scene);
    case 'removed':
      return removed(instance, event.actor, scene);
    case 'inoperable':
    case 'operable':
      return operability(instance, event);
    default:
      return defect(instance, event);
  }
}

function exited(instance: Instance, phase: Up, event: Exited, scene: Scene): Decision {
  const exit = exitOf(event, phase.startedAtMs, scene.nowMs);
  const why = { cause: howItEnded(exit), actor: 'crash' };
  if (heldOutside(instance, phase, event)) {
    const counted = ended(instance, { ...exit, cause: 'outside' }, 'outside');
    if (!instance.operable) return settle(counted, 'admit', why, scene);
    return blockedOutside(counted, event.lastLine ?? 'it ended with code 6', scene);
  }
  const { policy, healthyAfterMs } = instance.wanted.restart;
  if (policy === 'never' || (policy === 'on-failure' && event.code === 0)) {
    const over = { ...ended(instance, { ...exit, cause: 'ended', expected: true }, 'ended'), ended: true };
    const next = event.rest.length > 0 ? clearRest(over, 'down', why, scene) : settle(over, 'down', why, scene);
    return andThen(
      next,
      tell('info', `ended, not launched again (restart: ${policy}): ${why.cause}`, { code: event.code }),
    );
  }
  const healthy = phase.ready === 'yes' && (exit.uptimeMs ?? 0) >= healthyAfterMs;
  const counted = failedLife(instance, exit, healthy);
  const next =
    event.rest.length > 0 ? clearRest(counted, 'relaunch', why, scene) : settle(counted, 'relaunch', why, scene);
  return reported(next, exit, event.stderrTail);
}

/** It said itself, before it was ready, that another one answers for its name. */
const heldOutside = ({ wanted }: Instance, phase: Up, { code, rest }: Exited): boolean =>
  code === EXIT_HELD && rest.length === 0 && phase.ready !== 'yes' && wanted.agentClass !== COMMAND_CLASS;

function ready(instance: Instance, phase: Up, generation: number): Decision {
  if (generation !== phase.generation || phase.ready === 'yes') return same(instance);
  const was = phase.ready;
  const now: Instance = { ...instance, outsideInRow: 0, phase: { ...phase, ready: 'yes', health: 'ok' } };
  return same(now, tell('info', was === 'late' ? 'ready, late' : 'ready', { pid: phase.pid }));
}

function limit(instance: Instance, phase: Up, nowMs: number): Decision {
  if (phase.ready === 'waiting') {
    const { withinMs, by } = instance.wanted.readiness;
    return same(
      { ...instance, phase: { ...phase, ready: 'late' } },
      tell('warn', `not ready after ${withinMs} ms`, { by }),
    );
  }
  if (phase.ready !== 'yes' || phase.healthy) {
    return same(instance, {
      type: 'defect',
      text: `Event "limit" cannot come for "${instance.id}": nothing is waited for at ${nowMs}`,
    });
  }
  return same({
    ...instance,
    failuresInRow: 0,
    unhealthyInRow: 0,
    outsideInRow: 0,
    phase: { ...phase, healthy: true },
  });
}

function health(instance: Instance, phase: Up, event: Extract<Event, { type: 'health' }>): Decision {
  const { health: state, degraded } = event;
  if (state === phase.health && degraded === phase.degraded) return same(instance);
  const now: Instance = { ...instance, phase: { ...phase, health: state, degraded } };
  if (state === 'lost') return same(now, tell('warn', 'heartbeat lost'));
  if (phase.health === 'lost') return same(now, tell('info', `heartbeat back: ${state}`));
  return same(now, ...(degraded && !phase.degraded ? [tell('warn', 'degraded')] : []));
}

function replaced(instance: Instance, event: Extract<Event, { wanted: unknown }>, scene: Scene): Decision {
  const why = { cause: 'replaced by another definition', actor: event.actor };
  const { agentClass } = event.wanted;
  const told = tell('info', `replaced: the new one is begun when the old one is gone`, {
    was: instance.wanted.agentClass,
    agentClass,
  });
  const { instance: stopping, actions } = stop(instance, 'admit', why, scene);
  return first({ instance: { ...stopping, wanted: event.wanted }, actions }, told);
}

function removed(instance: Instance, actor: string, scene: Scene): Decision {
  const retired = { ...aimed(instance, 'down', actor, scene.nowMs), retired: true };
  return first(
    stop(retired, 'gone', { cause: 'no longer listed', actor }, scene),
    tell('info', 'retired: no longer listed'),
  );
}
