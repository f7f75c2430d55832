/** The audit: once a minute what is believed is compared with what the kernel says. Events are the mechanism; this proves them. */
import type { Instance } from './instance.ts';

export const AUDIT_MS = 60_000;

export type Difference =
  /** Believed to run, and nothing of it lives: its end was missed. */
  | { id: string; generation: number; kind: 'end missed' }
  /** Believed to rest, and something of it lives. */
  | { id: string; kind: 'lives unknown' };

/** The differences between `instances` and the kernel; none in a sound HostManager. */
export function audit(instances: readonly Instance[], alive: (id: string) => boolean): Difference[] {
  return instances.flatMap(({ id, phase }): Difference[] => {
    switch (phase.name) {
      case 'up':
        return alive(id) ? [] : [{ id, generation: phase.generation, kind: 'end missed' }];
      case 'down':
      case 'waiting':
      case 'gave-up':
        return alive(id) ? [{ id, kind: 'lives unknown' }] : [];
      default:
        // On its way from one to the other: its own limit looks at it.
        return [];
    }
  });
}
