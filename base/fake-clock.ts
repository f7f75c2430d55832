/** A clock for tests: time stands still until `advance` is called. */
import { type Cancel, type Clock, sleepOn } from './clock.ts';

export interface FakeClock extends Clock {
  /** Let `ms` pass and run what falls due, in order of time, then of asking. Promises are given their turn after each. */
  advance(ms: number): Promise<void>;
  /** The same without giving promises a turn: for cores that are synchronous throughout. */
  advanceSync(ms: number): void;
  /** Time of the next thing due, or null: what a simulation jumps to. */
  nextMs(): number | null;
}

export function fakeClock(startMs = 1_800_000_000_000): FakeClock {
  /** Since the start: small numbers, so that fractions of a millisecond are not rounded away. */
  let elapsedMs = 0;
  let asked = 0;
  const pending = new Map<number, { dueMs: number; act: () => void }>();

  const nextId = (untilMs: number): number | undefined => {
    let best: number | undefined;
    let bestMs = Number.POSITIVE_INFINITY;
    for (const [id, { dueMs }] of pending) {
      if (dueMs <= untilMs && dueMs < bestMs) [best, bestMs] = [id, dueMs];
    }
    return best;
  };
  const fire = (id: number): void => {
    const due = pending.get(id);
    if (!due) return;
    pending.delete(id);
    elapsedMs = Math.max(elapsedMs, due.dueMs);
    due.act();
  };
  const after = (delayMs: number, act: () => void): Cancel => {
    const id = ++asked;
    pending.set(id, { dueMs: elapsedMs + Math.max(0, delayMs), act });
    return () => pending.delete(id);
  };
  return {
    nowMs: () => startMs + elapsedMs,
    monotonicMs: () => elapsedMs,
    after,
    sleep: sleepOn(after),
    nextMs: () =>
      pending.size === 0 ? null : startMs + Math.min(...Array.from(pending.values(), ({ dueMs }) => dueMs)),
    advanceSync(ms) {
      const untilMs = elapsedMs + ms;
      for (let id = nextId(untilMs); id !== undefined; id = nextId(untilMs)) fire(id);
      elapsedMs = untilMs;
    },
    async advance(ms) {
      const untilMs = elapsedMs + ms;
      await turn();
      for (let id = nextId(untilMs); id !== undefined; id = nextId(untilMs)) {
        fire(id);
        await turn();
      }
      elapsedMs = untilMs;
      await turn();
    },
  };
}

/** Let every promise that is already settled run its continuations. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
