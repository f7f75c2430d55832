/** What comes when nothing of it lives any more. */
import { admit } from './admit.ts';
import type { Decision, Scene } from './event.ts';
import type { Instance, Next, Why } from './instance.ts';
import { moved } from './instance.ts';
import { relaunch } from './relaunch.ts';

export function settle(instance: Instance, next: Next, why: Why, scene: Scene): Decision {
  const { nowMs } = scene;
  if (next === 'gone')
    return { instance: moved(instance, { name: 'down' }, why, nowMs), actions: [{ type: 'forget' }] };
  if (!instance.operable) {
    return { instance: moved(instance, { name: 'inoperable', why: instance.inoperableWhy }, why, nowMs), actions: [] };
  }
  if (next === 'down') return { instance: moved(instance, { name: 'down' }, why, nowMs), actions: [] };
  return next === 'admit' ? admit(instance, why, scene) : relaunch(instance, why, scene);
}

/** What its target asks for once it has ended. */
export function nextOf({ retired, target, ended }: Instance): Next {
  if (retired) return 'gone';
  return target === 'up' && !ended ? 'admit' : 'down';
}
