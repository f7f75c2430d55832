/** Targets and failure times of the instances, in the store of the HostManager: read at once, written behind, waited for when asked. */
import * as z from 'zod';
import type { Clock } from '../base/clock.ts';
import type { Store } from '../store/store.ts';
import type { KeptStore } from './ledger.ts';

const Kept = z.object({
  target: z
    .object({ target: z.enum(['up', 'down']), actor: z.string(), atMs: z.number(), fileStart: z.enum(['up', 'down']) })
    .nullable(),
  failureTimesMs: z.array(z.number()),
  endedInBoot: z.string().nullable(),
  generation: z.number().default(0),
});

export interface KeptInStore extends KeptStore {
  /** Resolves when everything written so far is on disk; the cause where it is not, or not in time. */
  synced(): Promise<string | undefined>;
  /** Was the last write kept? */
  works(): boolean;
}

/** A disk that hangs must not keep the requests of others waiting. */
const SYNCED_MS = 2_000;

export function keptInStore(store: Store, clock: Clock): KeptInStore {
  const keyOf = (id: string) => `instance/${id}`;
  let last: Promise<string | undefined> = Promise.resolve(undefined);
  let works = true;
  const write = (change: Parameters<Store['write']>[0][number]) => {
    const written = store.write([change]).then((outcome) => {
      works = outcome.ok;
      return outcome.ok ? undefined : outcome.fault.message;
    });
    // A later write that succeeds does not make up for one that failed.
    last = Promise.all([last, written]).then(([before, now]) => now ?? before);
  };
  return {
    read: (id) => Kept.safeParse(store.get(keyOf(id))).data,
    keep: (id, kept) => write({ key: keyOf(id), value: kept }),
    forget: (id) => write({ key: keyOf(id), remove: true }),
    async synced() {
      const asked = last;
      const over = new AbortController();
      const late = clock.sleep(SYNCED_MS, over.signal).then(() => `the disk has not answered for ${SYNCED_MS} ms`);
      const result = await Promise.race([asked, late]);
      over.abort();
      if (last === asked) last = Promise.resolve(undefined);
      return result;
    },
    works: () => works,
  };
}
