/** Strikes: topics on which a broker has closed the connection at once. At the second one they are left alone for a while. */

/** A topic is not sent for so long after its second strike. */
export const STRIKE_REST_MS = 300_000;
const STRIKES_MAX = 2;
/** More topics than this are never under suspicion at once; the oldest goes. */
const TOPICS_MAX = 1_000;

export type Strikes = Map<string, { count: number; lastMs: number }>;

/** Count a strike of `topic`; true when it has had enough of them. */
export function strike(strikes: Strikes, topic: string, nowMs: number): boolean {
  const count = (strikes.get(topic)?.count ?? 0) + 1;
  strikes.delete(topic);
  strikes.set(topic, { count, lastMs: nowMs });
  for (const oldest of strikes.keys()) {
    if (strikes.size <= TOPICS_MAX) break;
    strikes.delete(oldest);
  }
  return count >= STRIKES_MAX;
}

/** Is `topic` to be left alone now? Its rest over, one more strike is enough to lay it aside again. */
export function resting(strikes: Strikes, topic: string, nowMs: number): boolean {
  const struck = strikes.get(topic);
  return struck !== undefined && struck.count >= STRIKES_MAX && nowMs - struck.lastMs < STRIKE_REST_MS;
}

/** The broker has acknowledged `topic`: nothing is held against it. */
export function acquit(strikes: Strikes, topic: string): void {
  strikes.delete(topic);
}
