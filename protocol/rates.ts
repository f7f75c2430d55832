/** How much one agent takes on at once, and how fast one user may start things (bus spec §5.1). */
import { type Fault, fault } from '../base/fault.ts';
import { type DuplicateTable, type Lane, runningOf } from './duplicates.ts';

export const RATE_LIMITS = {
  /** Short requests at work, of one user and in all. */
  perUser: 32,
  inAll: 256,
  /** Reads at once, those that wait for a session among them. */
  reads: 64,
  /** Starts of one user in any second. */
  startsPerS: 100,
};
export type RateLimits = typeof RATE_LIMITS;

/** Log lines of one topic and reason are at least this far apart. */
const LOG_PAUSE_MS = 60_000;
const NAMES_MAX = 1_000;

/** Made by `newRates`, changed only by the functions here. */
export interface Rates {
  readonly limits: RateLimits;
  /** Per user: starts that are left, as of a moment. Oldest use first. */
  readonly starts: Map<string, { left: number; atMs: number }>;
  /** Reason and topic → when it may be logged again. Oldest first. */
  readonly logged: Map<string, number>;
}

export const newRates = (limits: Partial<RateLimits> = {}): Rates => ({
  limits: { ...RATE_LIMITS, ...limits },
  starts: new Map(),
  logged: new Map(),
});

/** Why a request just admitted to `table` cannot be taken on now, or undefined. A start that is taken on is counted. */
export function rateProblem(
  rates: Rates,
  table: DuplicateTable,
  { user, lane, start }: { user: string; lane: Lane; start: boolean },
  nowMs: number,
): Fault | undefined {
  const { limits } = rates;
  const { wait, read, act } = table.running;
  if (lane !== 'act' && wait + read > limits.reads) return busy('the room for reads', 500);
  if (lane !== 'wait' && read + act > limits.inAll) return busy('the inbox', 500);
  if (lane !== 'wait' && runningOf(table, user) > limits.perUser) return busy(`the inbox of user "${user}"`, 500);
  return start ? startProblem(rates, user, nowMs) : undefined;
}

/** A refusal that invites the same request again. */
export const busy = (what: string, retryMs: number): Fault => ({
  ...fault('BUSY', { what, retryMs }),
  retry_ms: retryMs,
});

/** May this be logged now? At most once a minute for one topic and reason, `once` for ever. */
export function mayLog(rates: Rates, reason: string, nowMs: number, once = false): boolean {
  const againAtMs = rates.logged.get(reason);
  if (againAtMs !== undefined && nowMs < againAtMs) return false;
  keep(rates.logged, reason, once ? Number.POSITIVE_INFINITY : nowMs + LOG_PAUSE_MS);
  return true;
}

function startProblem({ limits, starts }: Rates, user: string, nowMs: number): Fault | undefined {
  const { startsPerS } = limits;
  const bucket = starts.get(user) ?? { left: startsPerS, atMs: nowMs };
  const left = Math.min(startsPerS, bucket.left + ((nowMs - bucket.atMs) * startsPerS) / 1_000);
  if (left >= 1) {
    keep(starts, user, { left: left - 1, atMs: nowMs });
    return undefined;
  }
  keep(starts, user, { left, atMs: nowMs });
  const retryMs = Math.max(50, Math.ceil(((1 - left) * 1_000) / startsPerS));
  return { ...fault('RATE_LIMITED', { limit: `${startsPerS} starts per second`, retryMs }), retry_ms: retryMs };
}

/** Put at the end; beyond 1 000 names the oldest goes. */
function keep<T>(map: Map<string, T>, name: string, value: T): void {
  map.delete(name);
  map.set(name, value);
  if (map.size <= NAMES_MAX) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}
