/** How well an instance stays up: 1 is perfect, each recent failure takes some of it. */

const WINDOW_MS = 120_000;
const COST_MS = 5_000;
export const FAILURES_KEPT = 200;

/** `max(0, 1 − Σ 5 s / age)` over the failures of the last 120 s, the newest always among them. */
export function stability(failureTimesMs: readonly number[], nowMs: number): number {
  const newestMs = Math.max(...failureTimesMs);
  let cost = 0;
  let newestCounted = false;
  for (const atMs of failureTimesMs) {
    const ageMs = nowMs - atMs;
    const newest = atMs === newestMs && !newestCounted;
    if (newest) newestCounted = true;
    if (newest || ageMs <= WINDOW_MS) cost += COST_MS / Math.max(ageMs, 1);
  }
  return Math.round(Math.max(0, 1 - cost) * 10_000) / 10_000;
}
