/** A rate with a burst: who is too fast waits, in order. */
import type { Cancel, Clock } from '../../base/clock.ts';

export interface Rate {
  /** Do `act` now, or when its turn comes. */
  pass(act: () => void): void;
  /** Forget what waits. */
  close(): void;
}

/** How often those who wait are looked at. */
const STEP_MS = 20;

export function rate(clock: Clock, { perS, burst }: { perS: number; burst: number }): Rate {
  const waiting: (() => void)[] = [];
  let tokens = burst;
  let atMs = clock.monotonicMs();
  let cancel: Cancel | undefined;
  const refill = () => {
    const nowMs = clock.monotonicMs();
    tokens = Math.min(burst, tokens + ((nowMs - atMs) / 1_000) * perS);
    atMs = nowMs;
  };
  const release = () => {
    refill();
    const ready = waiting.splice(0, Math.floor(tokens));
    tokens -= ready.length;
    cancel = waiting.length > 0 ? clock.after(STEP_MS, release) : undefined;
    for (const act of ready) act();
  };
  return {
    pass(act) {
      refill();
      if (tokens >= 1 && waiting.length === 0) {
        tokens--;
        return act();
      }
      waiting.push(act);
      cancel ??= clock.after(STEP_MS, release);
    },
    close() {
      cancel?.();
      waiting.length = 0;
    },
  };
}
