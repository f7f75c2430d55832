/** How old a request is at most, without comparing clocks where that can be avoided (PROTOCOL §4.5). */

export const BEATS_KEPT = 64;
/** A wall clock that runs ahead by more is not comparable with ours. */
export const CLOCK_AHEAD_MS_MAX = 5_000;

/** When the newest beats were sent, on the own monotonic clock. Changed only by `noteBeat`. */
export interface BeatLog {
  readonly sentMs: Map<number, number>;
  /** Newest beat, what `ping` answers with; 0 before the first. */
  newest: number;
}

export const newBeatLog = (): BeatLog => ({ sentMs: new Map(), newest: 0 });

export function noteBeat(log: BeatLog, k: number, nowMs: number): void {
  log.sentMs.set(k, nowMs);
  log.newest = Math.max(log.newest, k);
  for (const oldest of log.sentMs.keys()) {
    if (log.sentMs.size <= BEATS_KEPT) break;
    log.sentMs.delete(oldest);
  }
}

export interface Age {
  /** A beat of this generation that the caller had heard when it sent the request first. */
  beat?: number | undefined;
  /** Unix seconds of the first sending, by the caller's clock. */
  sent?: number | undefined;
}

export interface Now {
  monotonicMs: number;
  wallS: number;
}

/**
 * Most milliseconds since the first sending. A known beat decides: the request was made after it was sent, whatever the
 * clocks say. One forgotten already is older than any ttl: Infinity. Else `sent`, Infinity if over 5 s in the future.
 * Undefined where neither says anything.
 */
export function ageBoundMs({ beat, sent }: Age, log: BeatLog, { monotonicMs, wallS }: Now): number | undefined {
  if (beat !== undefined) {
    const sentMs = log.sentMs.get(beat);
    if (sentMs !== undefined) return Math.max(0, monotonicMs - sentMs);
    if (beat < log.newest) return Number.POSITIVE_INFINITY;
  }
  if (sent === undefined) return undefined;
  const ageMs = (wallS - sent) * 1_000;
  return ageMs < -CLOCK_AHEAD_MS_MAX ? Number.POSITIVE_INFINITY : Math.max(0, ageMs);
}

/** May it still be done? One that says nothing of its age (typed by hand) may; one whose only word, a beat, means nothing here may not. */
export function isFresh(request: Age & { ttlMs: number }, log: BeatLog, now: Now): boolean {
  const ageMs = ageBoundMs(request, log, now);
  return ageMs === undefined ? request.beat === undefined : ageMs <= request.ttlMs;
}
