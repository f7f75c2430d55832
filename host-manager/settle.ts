/** What comes when nothing of it lives any more. */
import { admit } from './admit.ts';
import type { Decision, Scene } from './event.ts';
import type { Instance, Then, Why } from './instance.ts';
import { moved } from './instance.ts';
import { relaunch } from './relaunch.ts';

export function settle(instance: Instance, then: Then, why: Why, scene: Scene): Decision {
  const { nowMs } = scene;
  if (then === 'gone')
    return { instance: moved(instance, { name: 'down' }, why, nowMs), actions: [{ type: 'forget' }] };
  if (!instance.operable) {
    return { instance: moved(instance, { name: 'inoperable', why: instance.inoperableWhy }, why, nowMs), actions: [] };
  }
  if (then === 'down') return { instance: moved(instance, { name: 'down' }, why, nowMs), actions: [] };
  return then === 'admit' ? admit(instance, why, scene) : relaunch(instance, why, scene);
}

/** What its target asks for once it has ended. */
export function thenOf({ retired, target, ended }: Instance): Then {
  if (retired) return 'gone';
  return target === 'up' && !ended ? 'admit' : 'down';
}
