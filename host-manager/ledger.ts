/** What is kept of each instance beyond the life of a HostManager: target, failure times, an end that was let stand. */
import type { Instance } from './instance.ts';
import type { Kept, KeptTarget } from './targets.ts';

/** Where it is kept. Reading never waits; writing is not waited for. */
export interface KeptStore {
  read(id: string): Kept | undefined;
  keep(id: string, kept: Kept): void;
  forget(id: string): void;
}

export interface Ledger {
  read(id: string): Kept;
  /** Someone asked for this target. */
  aim(id: string, target: KeptTarget): void;
  /** Write down what of `now` outlives us, when it has changed. */
  note(was: Instance | undefined, now: Instance): void;
  forget(id: string): void;
}

const NOTHING: Kept = { target: null, failureTimesMs: [], endedInBoot: null };

export function ledger(store: KeptStore, bootId: string): Ledger {
  const read = (id: string): Kept => store.read(id) ?? NOTHING;
  return {
    read,
    aim: (id, target) => store.keep(id, { ...read(id), target }),
    note(was, now) {
      if (was?.failureTimesMs === now.failureTimesMs && was.ended === now.ended) return;
      store.keep(now.id, {
        ...read(now.id),
        failureTimesMs: now.failureTimesMs,
        endedInBoot: now.ended ? bootId : null,
      });
    },
    forget: (id) => store.forget(id),
  };
}
