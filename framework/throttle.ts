/** How often a topic goes out: a transition at once, other changes at most ten times a second, the last one always. */
import type { Cancel, Clock } from '../base/clock.ts';

export interface Throttle {
  /** `name` has changed: send it at once, or when its turn comes. */
  touch(name: string, atOnce: boolean): void;
  /** Send now what waits for its turn. */
  flush(): void;
  stop(): void;
}

export function throttle(clock: Clock, periodMs: number, send: (name: string) => void): Throttle {
  const pending = new Map<string, Cancel>();
  const sentMs = new Map<string, number>();
  const go = (name: string) => {
    pending.get(name)?.();
    pending.delete(name);
    sentMs.set(name, clock.monotonicMs());
    send(name);
  };
  return {
    touch(name, atOnce) {
      if (atOnce) return go(name);
      if (pending.has(name)) return;
      const waitMs = Math.max(0, (sentMs.get(name) ?? Number.NEGATIVE_INFINITY) + periodMs - clock.monotonicMs());
      // Never inside the caller: what it is about to change next goes out with it.
      pending.set(
        name,
        clock.after(waitMs, () => go(name)),
      );
    },
    flush() {
      for (const name of Array.from(pending.keys())) go(name);
    },
    stop() {
      for (const cancel of pending.values()) cancel();
      pending.clear();
    },
  };
}
