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
  note(was: Instance, now: Instance): void;
  /** Nothing is kept of it but its generation, which only ever rises. */
  forget(id: string): void;
}

const NOTHING: Kept = { target: null, failureTimesMs: [], endedInBoot: null, generation: 0 };

export function ledger(store: KeptStore, bootId: string): Ledger {
  const read = (id: string): Kept => store.read(id) ?? NOTHING;
  const forget = (id: string): void => {
    const { generation } = read(id);
    if (generation === 0) store.forget(id);
    else store.keep(id, { ...NOTHING, generation });
  };
  return {
    read,
    aim: (id, target) => store.keep(id, { ...read(id), target }),
    note(was, now) {
      const { id, failureTimesMs, ended, generation } = now;
      if (was.failureTimesMs === failureTimesMs && was.ended === ended && was.generation === generation) return;
      store.keep(id, { ...read(id), failureTimesMs, generation, endedInBoot: ended ? bootId : null });
    },
    forget,
  };
}
