/** The only source of time: every part that waits or stamps is given a Clock, so a whole site can run in simulated time. */

/** Ends a pending wait; calling it again does nothing. */
export type Cancel = () => void;

export interface Clock {
  /** Wall time, Unix milliseconds. */
  nowMs(): number;
  /** Milliseconds that never run backwards; only differences mean anything. */
  monotonicMs(): number;
  /** Run `act` once, `delayMs` from now. */
  after(delayMs: number, act: () => void): Cancel;
  /** Resolve after `delayMs`, or at once when `signal` aborts. Never rejects. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

/** Longer waits overflow the 32-bit timer of Node and would fire at once. */
const TIMER_MAX_MS = 2_147_000_000;

/** The clock of the machine. Timers of `after` keep the process alive unless `unref` is asked for. */
export function systemClock({ unref = false }: { unref?: boolean } = {}): Clock {
  const after = (delayMs: number, act: () => void): Cancel => {
    const timer = setTimeout(act, Math.min(Math.max(0, Math.ceil(delayMs)), TIMER_MAX_MS));
    if (unref) timer.unref();
    return () => clearTimeout(timer);
  };
  return { nowMs: () => Date.now(), monotonicMs: () => performance.now(), after, sleep: sleepOn(after) };
}

/** Make `sleep` out of `after`. */
export function sleepOn(after: Clock['after']): Clock['sleep'] {
  return (delayMs, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const wake = () => {
        cancel();
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const cancel = after(delayMs, wake);
      signal?.addEventListener('abort', wake, { once: true });
    });
}

/** Repeat `act` every `periodMs` without drift; missed ticks are dropped and their number is passed on. */
export function every(clock: Clock, periodMs: number, act: (missed: number) => void): Cancel {
  let dueMs = clock.monotonicMs() + periodMs;
  let cancel: Cancel = () => {};
  const arm = () => {
    cancel = clock.after(dueMs - clock.monotonicMs(), () => {
      const late = Math.max(0, clock.monotonicMs() - dueMs);
      const missed = Math.floor(late / periodMs);
      dueMs += (missed + 1) * periodMs;
      arm();
      act(missed);
    });
  };
  arm();
  return () => cancel();
}
