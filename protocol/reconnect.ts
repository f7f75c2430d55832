/** When to dial again: a pure schedule by the cause of the end, the attempts so far and how long the outage lasts. */

/** Why the last connection ended, or the last attempt failed. */
export type ReconnectCause =
  /** Socket lost, refused, timed out, broker unavailable. */
  | 'lost'
  /** Name, password, client id, certificate or own inbox refused: asking again soon helps nobody. */
  | 'refused'
  /** The broker closed at once on something that we sent. */
  | 'closed-after-send'
  /** We closed it in order to come back otherwise, such as with a will. */
  | 'closed';

/** What is remembered between attempts; `sinceMs` is monotonic and only compared with its like. */
export type Outage = { attempts: number; sinceMs: number } | undefined;

/** An outage is over once a connection has lasted so long. */
export const STEADY_MS = 250;
/** So long after its beginning an outage is taken for a short one. */
const SHORT_OUTAGE_MS = 120_000;
const FIRST_MS = 500;
const GROWTH = 1.6;
const SHORT_MAX_MS = 2_500;
const LONG_MAX_MS = 10_000;
const REFUSED_MS = 30_000;
/** Clients that were cut off together do not come back together. */
const SPREAD = 0.3;

/** Wait before attempt `k` (0 is the first) of an outage that has lasted `outageMs`; `random` gives [0, 1). */
export function nextConnectMs(cause: ReconnectCause, k: number, outageMs: number, random: () => number): number {
  if (cause === 'closed') return 0;
  const base = cause === 'refused' ? REFUSED_MS : steps(k, outageMs < SHORT_OUTAGE_MS ? SHORT_MAX_MS : LONG_MAX_MS);
  return base * (1 - SPREAD + 2 * SPREAD * random());
}

/** The outage after one more end or failed attempt at `nowMs`; `upMs` = how long the connection lasted, 0 for a failed attempt. */
export function afterEnd(outage: Outage, upMs: number, nowMs: number): { attempts: number; sinceMs: number } {
  if (outage === undefined || upMs >= STEADY_MS) return { attempts: 0, sinceMs: nowMs };
  return { attempts: outage.attempts + 1, sinceMs: outage.sinceMs };
}

const steps = (k: number, maxMs: number): number => Math.min(FIRST_MS * GROWTH ** Math.min(k, 16), maxMs);
