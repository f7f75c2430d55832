/** Decisions while it is being ended: nothing is launched beside it, only what follows may change. */
import type { Decision, Event, Scene } from './event.ts';
import { andThen, defect, first, same, tell } from './event.ts';
import type { Instance, Stopping, Next } from './instance.ts';
import { operability } from './launching.ts';
import type { Exited } from './lives.ts';
import { ended, exitOf, howItEnded } from './lives.ts';
import { aimed } from './resting.ts';
import { settle, nextOf } from './settle.ts';
import { KILL_VERIFY_MS, nextLookMs, REST_GRACE_MS } from './stop-ladder.ts';

export function decideStopping(instance: Instance, phase: Stopping, event: Event, scene: Scene): Decision {
  const { nowMs } = scene;
  switch (event.type) {
    case 'exited':
      return phase.generation === null || event.generation === phase.generation
        ? exited(instance, phase, event, scene)
        : defect(instance, event);
    case 'rest-gone':
      return phase.leaderGone ? over(instance, phase, 'what was left of it is gone', scene) : defect(instance, event);
    case 'limit':
      return limit(instance, phase, scene);
    case 'kill':
      return killed(instance, phase, `kill asked by ${event.actor}`, nowMs);
    case 'target':
      return retargeted(instance, phase, event, nowMs);
    case 'restart':
      if (instance.target === 'up') return following(instance, phase, 'admit');
      return same(
        instance,
        tell('warn', 'restart refused: its target is down; ask it up instead', { actor: event.actor }),
      );
    case 'retry':
      return phase.next === 'relaunch' ? following(instance, phase, 'admit') : same(instance);
    case 'removed':
      return following({ ...aimed(instance, 'down', event.actor, nowMs), retired: true }, phase, 'gone');
    case 'listed':
      return instance.retired ? listedAgain(instance, phase, event, nowMs) : defect(instance, event);
    case 'replaced':
      return following({ ...instance, wanted: event.wanted }, phase, phase.next === 'relaunch' ? 'admit' : phase.next);
    case 'changed':
      return same({ ...instance, wanted: event.wanted });
    case 'inoperable':
    case 'operable':
      return operability(instance, event);
    case 'ready':
    case 'health':
      return same(instance); // said before it was asked to end
    default:
      return defect(instance, event);
  }
}

const following = (instance: Instance, phase: Stopping, next: Next): Decision =>
  same({ ...instance, phase: { ...phase, next } });

function retargeted(
  instance: Instance,
  phase: Stopping,
  event: Extract<Event, { type: 'target' }>,
  nowMs: number,
): Decision {
  if (instance.retired) return same(instance);
  const aim = aimed(instance, event.target, event.actor, nowMs);
  const held = event.target === instance.target && event.target === 'up' && !instance.ended;
  return held ? same(aim) : following({ ...aim, ended: false }, phase, nextOf({ ...aim, ended: false }));
}

function listedAgain(
  instance: Instance,
  phase: Stopping,
  event: Extract<Event, { wanted: unknown }>,
  nowMs: number,
): Decision {
  const { wanted, actor } = event;
  const back: Instance = { ...aimed(instance, wanted.start, actor, nowMs), wanted, retired: false };
  return andThen(following(back, phase, nextOf(back)), tell('info', 'listed again before it had ended'));
}

function exited(instance: Instance, phase: Stopping, event: Exited, scene: Scene): Decision {
  if (phase.leaderGone && phase.generation !== null) return defect(instance, event);
  const exit = { ...exitOf(event, phase.startedAtMs, scene.nowMs), cause: 'asked' as const, expected: true };
  const counted = ended(instance, exit, 'asked');
  if (event.rest.length === 0) return over(counted, phase, howItEnded(exit), scene);
  const limitAtMs = Math.min(scene.nowMs + REST_GRACE_MS, phase.limitAtMs);
  const told = tell('warn', 'processes are left of it', { pids: event.rest });
  if (phase.step !== 'polite')
    return { instance: { ...counted, phase: { ...phase, leaderGone: true } }, actions: [told] };
  const rest: Stopping = { ...phase, step: 'rest', leaderGone: true, limitAtMs };
  return { instance: { ...counted, phase: rest }, actions: [{ type: 'terminate-rest' }, told] };
}

/** The last process is gone. */
function over(instance: Instance, { next, startedAtMs }: Stopping, how: string, scene: Scene): Decision {
  const uptimeMs = startedAtMs === null ? null : scene.nowMs - startedAtMs;
  const last = instance.changes.at(-1);
  const actor = next === 'relaunch' ? 'crash' : (last?.actor ?? 'HostManager');
  return first(settle(instance, next, { cause: how, actor }, scene), tell('info', `ended: ${how}`, { uptimeMs }));
}

function killed(instance: Instance, phase: Stopping, why: string, nowMs: number): Decision {
  const now: Stopping = { ...phase, step: 'killed', limitAtMs: nowMs + KILL_VERIFY_MS };
  return {
    instance: { ...instance, phase: now },
    actions: [{ type: 'kill' }, tell('warn', `stop forced: SIGKILL to the group; ${why}`)],
  };
}

function limit(instance: Instance, phase: Stopping, scene: Scene): Decision {
  const { nowMs, surroundings } = scene;
  if (phase.step === 'polite' || phase.step === 'rest') {
    if (phase.leaderGone && !surroundings.alive) return over(instance, phase, 'nothing of it lives', scene);
    return killed(instance, phase, 'its grace is over', nowMs);
  }
  if (!surroundings.alive) {
    if (phase.leaderGone || phase.looks > 0) return over(instance, phase, 'nothing of it lives', scene);
    // Its exit is on the way to us, or was never seen: one more look tells.
    return same({ ...instance, phase: { ...phase, looks: 1, limitAtMs: nowMs + nextLookMs(0) } });
  }
  const stuck: Stopping = {
    ...phase,
    step: 'stuck',
    looks: phase.looks + 1,
    limitAtMs: nowMs + nextLookMs(phase.looks),
  };
  const told = tell('error', 'will not die: nothing is launched beside it', { looks: stuck.looks });
  return { instance: { ...instance, phase: stuck }, actions: [{ type: 'kill' }, told] };
}
