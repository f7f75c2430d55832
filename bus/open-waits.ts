/** Waits for an acknowledgement: each ends by its answer, by its limit, or with the connection. */
import type { Cancel, Clock } from '../base/clock.ts';
import type { Fault, Outcome } from '../base/fault.ts';

export interface OpenWaits {
  /** Start `act` and wait for its outcome; over `limit`, for that fault instead. */
  wait<T>(
    act: (done: (outcome: Outcome<T>) => void) => void,
    limit?: { ms: number; fault: Fault },
  ): Promise<Outcome<T>>;
  /** The connection is over: every wait ends with `fault`. */
  endAll(fault: Fault): void;
  /** Resolves when nothing is waited for, or after `limitMs`. */
  empty(limitMs: number): Promise<void>;
}

export function openWaits(clock: Clock): OpenWaits {
  const open = new Set<(fault: Fault) => void>();
  let onEmpty: Cancel | undefined;
  return {
    wait: <T>(act: (done: (outcome: Outcome<T>) => void) => void, limit?: { ms: number; fault: Fault }) =>
      new Promise<Outcome<T>>((resolve) => {
        const done = (outcome: Outcome<T>) => {
          open.delete(stop);
          cancel();
          resolve(outcome);
          if (open.size === 0) onEmpty?.();
        };
        const stop = (fault: Fault) => done({ ok: false, fault });
        const cancel = limit ? clock.after(limit.ms, () => stop(limit.fault)) : () => {};
        open.add(stop);
        act(done);
      }),
    endAll(fault) {
      for (const stop of Array.from(open)) stop(fault);
    },
    empty: (limitMs) =>
      new Promise((resolve) => {
        if (open.size === 0) return resolve();
        const cancel = clock.after(limitMs, resolve);
        onEmpty = () => {
          cancel();
          resolve();
        };
      }),
  };
}
