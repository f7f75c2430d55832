/** The stop ladder: polite signal, grace, SIGKILL to the group, two seconds, verified. Here its steps are begun. */
import type { Decision, Scene } from './event.ts';
import { tell } from './event.ts';
import type { Instance, Stopping, Next, Why } from './instance.ts';
import { moved } from './instance.ts';

export const KILL_VERIFY_MS = 2_000;
export const REST_GRACE_MS = 2_000;
const LOOK_MIN_MS = 1_000;
const LOOK_MAX_MS = 30_000;

/** 1, 2, 4 … 30 s: when to look again at what did not change. */
export const nextLookMs = (looks: number): number => Math.min(LOOK_MAX_MS, LOOK_MIN_MS * 2 ** Math.min(looks, 10));

/** Ask it to end. */
export function stop(instance: Instance, next: Next, why: Why, { nowMs }: Scene): Decision {
  const { signal, graceMs, to } = instance.wanted.stop;
  return {
    instance: moved(instance, ending(instance, { step: 'polite', limitAtMs: nowMs + graceMs, next }), why, nowMs),
    actions: [
      { type: 'signal', signal, to },
      tell('info', `stop asked: ${why.cause}`, { signal, to, graceMs, actor: why.actor }),
    ],
  };
}

/** SIGTERM to what is left of it, SIGKILL after two seconds. */
export function clearRest(instance: Instance, next: Next, why: Why, { nowMs }: Scene): Decision {
  const phase = ending(instance, { step: 'rest', limitAtMs: nowMs + REST_GRACE_MS, next });
  return {
    instance: moved(instance, { ...phase, leaderGone: true }, why, nowMs),
    actions: [{ type: 'terminate-rest' }, tell('warn', 'processes are left of it: they are ended first')],
  };
}

/** SIGKILL at once. */
export function kill(instance: Instance, next: Next, why: Why, { nowMs }: Scene): Decision {
  return {
    instance: moved(
      instance,
      ending(instance, { step: 'killed', limitAtMs: nowMs + KILL_VERIFY_MS, next }),
      why,
      nowMs,
    ),
    actions: [{ type: 'kill' }, tell('warn', `stop forced: SIGKILL to the group; ${why.cause}`, { actor: why.actor })],
  };
}

function ending({ phase }: Instance, given: Pick<Stopping, 'step' | 'limitAtMs' | 'next'>): Stopping {
  const none = { generation: null, pid: null, startedAtMs: null, leaderGone: false, looks: 0 };
  if (phase.name === 'up') {
    const { generation, pid, startedAtMs } = phase;
    return { ...none, ...given, name: 'stopping', generation, pid, startedAtMs };
  }
  if (phase.name === 'stopping') return { ...phase, ...given };
  if (phase.name === 'launching') return { ...none, ...given, name: 'stopping', generation: phase.generation };
  return { ...none, ...given, name: 'stopping' };
}
