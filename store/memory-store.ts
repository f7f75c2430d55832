/** A store that forgets: for tests, and for a HostManager whose disk cannot be written. */
import { failed, ok } from '../base/fault.ts';
import type { Store } from './store.ts';
import { entriesOf, keysOf } from './store-entries.ts';

export interface MemoryStore extends Store {
  /** The next write says STORE_FAILED with this cause; what it brought is read all the same. */
  failNext(cause: string): void;
  /** While true every write says STORE_FAILED. */
  full: boolean;
}

export function memoryStore({ folder = 'memory' }: { folder?: string } = {}): MemoryStore {
  const values = new Map<string, string>();
  const causes: string[] = [];
  const store: MemoryStore = {
    folder,
    full: false,
    get: (key) => parsed(values.get(key)),
    keys: (prefix) => keysOf(values, prefix),
    async write(changes) {
      for (const [key, text] of entriesOf(changes)) {
        if (text === undefined) values.delete(key);
        else values.set(key, text);
      }
      const cause = causes.shift() ?? (store.full ? 'No space left on device' : undefined);
      return cause === undefined ? ok(undefined) : failed('STORE_FAILED', { folder, cause });
    },
    failNext: (cause) => causes.push(cause),
    async close() {},
  };
  return store;
}

const parsed = (text: string | undefined): unknown => (text === undefined ? undefined : JSON.parse(text));
