/** The heartbeat: every 2 s on the bus, with op codes, watermarks and how late the event loop runs (PROTOCOL §2). */
import { type Cancel, type Clock, every } from '../base/clock.ts';
import type { Heartbeat } from '../protocol/envelope.ts';
import { type BeatLog, newBeatLog, noteBeat } from '../protocol/freshness.ts';

export const BEAT_MS = 2_000;

export interface BeatParts {
  g: number;
  clock: Clock;
  codes(): Record<string, number>;
  /** Newest `n` of each state topic, by its last two levels: `op/acq`. */
  marks(): Record<string, number>;
  send(beat: Heartbeat): void;
}

export interface Beat {
  /** Send times of the newest beats: what freshness is measured by. */
  readonly log: BeatLog;
  /** One beat at once, e.g. on arrival at the bus. */
  now(): void;
  on(active: boolean): void;
  stop: Cancel;
}

export function startBeat({ g, clock, codes, marks, send }: BeatParts): Beat {
  const log = newBeatLog();
  let k = 0;
  let active = true;
  let dueMs = clock.monotonicMs() + BEAT_MS;
  const beat = () => {
    if (!active) return;
    k++;
    const nowMs = clock.monotonicMs();
    noteBeat(log, k, nowMs);
    send({
      g,
      k,
      t: clock.nowMs() / 1_000,
      codes: codes(),
      marks: marks(),
      lag_ms: Math.max(0, Math.round(nowMs - dueMs)),
    });
  };
  const stop = every(clock, BEAT_MS, () => {
    beat();
    dueMs = clock.monotonicMs() + BEAT_MS;
  });
  return {
    log,
    now() {
      dueMs = clock.monotonicMs();
      beat();
      dueMs = clock.monotonicMs() + BEAT_MS;
    },
    on(wanted) {
      active = wanted;
    },
    stop,
  };
}
