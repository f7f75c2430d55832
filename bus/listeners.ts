/** Listeners of one event. */
import type { Cancel } from '../base/clock.ts';

export interface Listeners<A extends unknown[]> {
  add(listener: (...args: A) => void): Cancel;
  tell(...args: A): void;
  clear(): void;
}

export function listeners<A extends unknown[]>(): Listeners<A> {
  const all = new Set<{ listener: (...args: A) => void }>();
  return {
    add(listener) {
      const entry = { listener };
      all.add(entry);
      return () => all.delete(entry);
    },
    tell(...args) {
      for (const { listener } of Array.from(all)) listener(...args);
    },
    clear: () => all.clear(),
  };
}
