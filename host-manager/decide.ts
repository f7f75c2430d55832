/** The machine of one instance: what an event changes, and what is to be done. Pure: everything it knows comes in. */
import type { Decision, Event, Surroundings } from './event.ts';
import { defect, same } from './event.ts';
import type { Instance } from './instance.ts';
import { decideLaunching } from './launching.ts';
import { decideResting } from './resting.ts';
import { decideStopping } from './stopping.ts';
import { decideUp } from './up.ts';

/**
 * Decide what `event` means for `instance`.
 *
 *     inoperable ⇄ down ──► blocked ──► launching ──► up ──► stopping ──► down, blocked, launching, waiting, gone
 *                    ▲                     │           │
 *                    └── gave-up ◄── waiting ◄─────────┘   after failures
 */
export function decide(instance: Instance, event: Event, surroundings: Surroundings, nowMs: number): Decision {
  const scene = { surroundings, nowMs };
  const { phase } = instance;
  if (event.type === 'listed' && !instance.retired) return defect(instance, event);
  if (event.type === 'rest-gone' && ofEarlierLife(instance, event.generation)) return same(instance);
  switch (phase.name) {
    case 'launching':
      return decideLaunching(instance, phase, event, scene);
    case 'up':
      return decideUp(instance, phase, event, scene);
    case 'stopping':
      return decideStopping(instance, phase, event, scene);
    default:
      return decideResting(instance, event, scene);
  }
}

/** The end of what an earlier life left behind was seen by a look before it was told. */
function ofEarlierLife({ phase }: Instance, generation: number): boolean {
  switch (phase.name) {
    case 'launching':
    case 'up':
      return generation !== phase.generation;
    case 'stopping':
      return phase.generation !== null && generation !== phase.generation;
    default:
      return true;
  }
}
