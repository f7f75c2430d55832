/** Admission: may it be launched now? Nothing is ever launched beside something that lives. */
import type { Decision, Scene } from './event.ts';
import { tell } from './event.ts';
import type { Blocked, Instance, Why } from './instance.ts';
import { moved, withRelaunch } from './instance.ts';
import { clearRest, nextLookMs } from './stop-ladder.ts';

export const LAUNCH_LIMIT_MS = 5_000;

/** Launch it, or say what must come first. `waived`: the others have been waited for long enough. */
export function admit(instance: Instance, why: Why, scene: Scene, waived = false): Decision {
  const { surroundings, nowMs } = scene;
  if (!instance.operable) {
    return { instance: moved(instance, { name: 'inoperable', why: instance.inoperableWhy }, why, nowMs), actions: [] };
  }
  if (surroundings.alive)
    return clearRest(instance, 'admit', { ...why, cause: `something of it still lives; ${why.cause}` }, scene);
  const { outside } = surroundings;
  if (outside !== undefined) return blockedOutside(instance, `a process outside, pid ${outside.pid}`, scene);
  const { ids, atMostMs } = surroundings.unmet;
  if (ids.length > 0 && !waived)
    return block(instance, { by: 'after', waitsFor: ids, limitAtMs: nowMs + atMostMs }, why, nowMs);
  if (surroundings.queueFull)
    return block(instance, { by: 'queue', waitsFor: ['launch queue'], limitAtMs: null }, why, nowMs);
  return launch(instance, why, nowMs);
}

/** It lives elsewhere: look again after 1, 2, 4 … 30 s. */
export function blockedOutside(instance: Instance, where: string, { nowMs }: Scene): Decision {
  const limitAtMs = nowMs + nextLookMs(instance.outsideInRow);
  const seen = { ...instance, outsideInRow: instance.outsideInRow + 1 };
  const why = { cause: `another one is live: ${where}`, actor: 'outside' };
  const blocked = block(seen, { by: 'outside', waitsFor: [where], limitAtMs }, why, nowMs);
  return {
    ...blocked,
    actions: [tell('warn', `not launched: another one is live: ${where}`, { where, againInMs: limitAtMs - nowMs })],
  };
}

function block(instance: Instance, given: Omit<Blocked, 'name'>, why: Why, nowMs: number): Decision {
  const cause = given.by === 'outside' ? why.cause : `waits for ${given.waitsFor.join(', ')}; ${why.cause}`;
  return {
    instance: moved(instance, { name: 'blocked', ...given }, { ...why, cause }, nowMs),
    actions: [tell('info', `not launched yet: ${cause}`, { waitsFor: given.waitsFor })],
  };
}

function launch(instance: Instance, why: Why, nowMs: number): Decision {
  const generation = Math.max(instance.generation + 1, Math.floor(nowMs));
  const begun: Instance = {
    ...instance,
    generation,
    ended: false,
    relaunchTimesMs: instance.counts.launches === 0 ? [] : withRelaunch(instance.relaunchTimesMs, nowMs),
    launchedAtMs: nowMs,
    counts: { ...instance.counts, launches: instance.counts.launches + 1 },
  };
  const { definitionHash } = instance.wanted;
  const limitAtMs = nowMs + LAUNCH_LIMIT_MS;
  return {
    instance: moved(begun, { name: 'launching', generation, definitionHash, limitAtMs, afterwards: null }, why, nowMs),
    actions: [
      { type: 'launch', generation },
      tell('info', `launch asked: ${why.cause}`, {
        agentClass: instance.wanted.agentClass,
        generation,
        actor: why.actor,
      }),
    ],
  };
}
