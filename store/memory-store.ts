/** A store that forgets: for tests, and for a HostManager whose disk cannot be written. */
import { type Outcome, failed, ok } from '../base/fault.ts';
import { apply } from './level-store.ts';
import type { Store } from './store.ts';

export interface MemoryStore extends Store {
  /** The next write fails; what it would have changed is read all the same, as on a full disk. */
  failNext(): void;
  /** All writes fail from now on. */
  full: boolean;
}

export function memoryStore(folder = 'memory'): MemoryStore {
  const values = new Map<string, unknown>();
  let failing = false;
  const store: MemoryStore = {
    folder,
    full: false,
    failNext: () => {
      failing = true;
    },
    get: (key) => values.get(key),
    keys: (prefix = '') => [...values.keys()].filter((key) => key.startsWith(prefix)).toSorted(),
    async write(changes): Promise<Outcome<void>> {
      apply(values, changes);
      const fails = failing || store.full;
      failing = false;
      return fails ? failed('STORE_FAILED', { folder, cause: 'no space left' }) : ok(undefined);
    },
    close: async () => {},
  };
  return store;
}
