/** The relaunch rule: at once after a healthy life, else after a wait that doubles, or never if the instance says so. */
import { admit } from './admit.ts';
import type { Decision, Scene } from './event.ts';
import { tell } from './event.ts';
import type { Instance, Why } from './instance.ts';
import { moved } from './instance.ts';
import type { RestartPolicy } from './wanted.ts';

export const LAUNCHES_APART_MS = 1_000;

export function relaunch(instance: Instance, why: Why, scene: Scene): Decision {
  const { nowMs, surroundings } = scene;
  const { restart } = instance.wanted;
  if (givesUp(instance.failureTimesMs, restart, nowMs)) {
    const { failures, withinMs } = restart.giveUp ?? { failures: 0, withinMs: 0 };
    const cause = `gave up: ${failures} failures within ${withinMs} ms; ${why.cause}`;
    return {
      instance: moved(instance, { name: 'gave-up' }, { ...why, cause }, nowMs),
      actions: [tell('error', `${cause}; kept until retry, up, restart or a change`, { failures, withinMs })],
    };
  }
  const waitMs = Math.max(backoffMs(instance.unhealthyInRow, restart, surroundings.random), spacingMs(instance, nowMs));
  if (waitMs === 0) return admit(instance, why, scene);
  const cause = `next launch in ${Math.round(waitMs)} ms; ${why.cause}`;
  return {
    instance: moved(instance, { name: 'waiting', relaunchAtMs: nowMs + waitMs }, { ...why, cause }, nowMs),
    actions: [],
  };
}

/** Wait after the n-th unhealthy life in a row, `random` in 0..1 spreading it over 0.8..1.2. */
export const backoffMs = (n: number, { delayMs, maxDelayMs }: RestartPolicy, random: number): number =>
  n === 0 ? 0 : Math.min(maxDelayMs, delayMs * 2 ** Math.min(n - 1, 30)) * (0.8 + 0.4 * random);

/** What is missing to a second since the last launch; a clock that was set back cannot make it longer. */
const spacingMs = ({ launchedAtMs }: Instance, nowMs: number): number =>
  launchedAtMs === null ? 0 : Math.min(LAUNCHES_APART_MS, Math.max(0, launchedAtMs + LAUNCHES_APART_MS - nowMs));

const givesUp = (failureTimesMs: readonly number[], { giveUp }: RestartPolicy, nowMs: number): boolean =>
  giveUp !== null && failureTimesMs.filter((atMs) => nowMs - atMs <= giveUp.withinMs).length >= giveUp.failures;
