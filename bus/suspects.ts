/** Suspects: what was sent and never yet acknowledged, so that a broker that closes at once on a missing right is understood. */
import type { Clock } from '../base/clock.ts';
import { type Strikes, acquit, resting, strike } from './strikes.ts';

/** A close so soon after a sending is laid to it. */
const SUSPICION_MS = 500;
const KNOWN_MAX = 5_000;

/** Memory of one dialer; it outlives connections. */
export interface Suspects {
  /** May `topic` be sent now? */
  allowed(topic: string): boolean;
  /** Open the account of one connection. */
  watch(): Watch;
}

export interface Watch {
  /** `topic` goes out now; the answer is to be called when it is acknowledged. */
  sent(topic: string, what: 'publish' | 'subscribe'): () => void;
  /** The connection was closed by the other end: on what that was never acknowledged? `enough`: it is the second time. */
  closed(): { topic: string; what: 'publish' | 'subscribe'; enough: boolean } | undefined;
}

export function suspects(clock: Clock): Suspects {
  const strikes: Strikes = new Map();
  const known = new Set<string>();
  const trust = (topic: string) => {
    acquit(strikes, topic);
    if (known.size >= KNOWN_MAX) known.clear();
    known.add(topic);
  };
  return {
    allowed: (topic) => !resting(strikes, topic, clock.monotonicMs()),
    watch() {
      let open: { topic: string; what: 'publish' | 'subscribe'; atMs: number }[] = [];
      return {
        sent(topic, what) {
          if (known.has(topic)) return () => {};
          const nowMs = clock.monotonicMs();
          const stale = open.findIndex(({ atMs }) => nowMs - atMs <= SUSPICION_MS);
          open = stale === -1 ? [] : open.slice(stale);
          const entry = { topic, what, atMs: nowMs };
          open.push(entry);
          return () => {
            // A broker reads in order: what came before is also past its check.
            trust(topic);
            const until = open.indexOf(entry);
            for (const { topic } of open.splice(0, until + 1)) trust(topic);
          };
        },
        closed() {
          const nowMs = clock.monotonicMs();
          const first = open.find(({ atMs }) => nowMs - atMs <= SUSPICION_MS);
          if (first === undefined) return undefined;
          return { topic: first.topic, what: first.what, enough: strike(strikes, first.topic, nowMs) };
        },
      };
    },
  };
}
