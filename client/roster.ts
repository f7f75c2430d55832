/** Who is here: presence and beats of all agents, and what silence makes of them (PROTOCOL §2, specs: bus §5.3). */
import type { Clock } from '../base/clock.ts';
import { Heartbeat, Presence, read } from '../protocol/envelope.ts';
import { isNewer } from '../protocol/newest.ts';
import { OpCode } from '../protocol/session.ts';

export type Liveness = 'online' | 'draining' | 'silent' | 'lost' | 'offline';

export interface Seen {
  agent: string;
  presence: Presence | undefined;
  g: number;
  /** Newest beat of this generation; 0 before the first. */
  k: number;
  /** Own monotonic ms when it last gave a sign. */
  lastSignMs: number;
  codes: Record<string, number>;
  marks: Record<string, number>;
}

/** Three beats of 2 s missed, and a quarter for the way. */
export const SILENT_AFTER_MS = 6_250;

export interface Roster {
  /** Take in the payload of a presence topic; an empty one forgets the agent. True when something changed. */
  presence(agent: string, payload: Uint8Array): boolean;
  heartbeat(agent: string, payload: Uint8Array): boolean;
  get(agent: string): Seen | undefined;
  all(): Seen[];
  liveness(seen: Seen): Liveness;
  /** Op codes as they count now: EXPIRED for one that is not here. */
  codes(seen: Seen): Record<string, number>;
}

export function openRoster(clock: Clock): Roster {
  const agents = new Map<string, Seen>();
  const sign = (agent: string, g: number): Seen => {
    const held = agents.get(agent);
    const seen =
      held && held.g === g ? held : { agent, presence: held?.presence, g, k: 0, lastSignMs: 0, codes: {}, marks: {} };
    seen.lastSignMs = clock.monotonicMs();
    agents.set(agent, seen);
    return seen;
  };
  const liveness = (seen: Seen): Liveness => {
    const state = seen.presence?.g === seen.g ? seen.presence.state : undefined;
    if (state === 'lost' || state === 'offline') return state;
    if (clock.monotonicMs() - seen.lastSignMs > SILENT_AFTER_MS) return 'silent';
    return state === 'draining' ? 'draining' : 'online';
  };
  return {
    presence(agent, payload) {
      if (payload.byteLength === 0) return agents.delete(agent);
      const presence = read(Presence, payload);
      if (!presence.ok || presence.value.g < (agents.get(agent)?.g ?? 0)) return false;
      const before = agents.get(agent)?.lastSignMs;
      const seen = sign(agent, presence.value.g);
      seen.presence = presence.value;
      // A will is the broker's word, not a sign of life.
      if (presence.value.state === 'lost' && before !== undefined) seen.lastSignMs = before;
      return true;
    },
    heartbeat(agent, payload) {
      const beat = read(Heartbeat, payload);
      if (!beat.ok) return false;
      const held = agents.get(agent);
      if (held && !isNewer({ g: beat.value.g, n: beat.value.k }, { g: held.g, n: held.k })) return false;
      const { g, k, codes, marks } = beat.value;
      const seen = sign(agent, g);
      Object.assign(seen, { k, codes, marks });
      // A beat after "lost" of the same generation: it is back and will say so itself. "offline" was its own last word.
      if (seen.presence?.g === g && seen.presence.state === 'lost')
        seen.presence = { ...seen.presence, state: 'online' };
      return true;
    },
    get: (agent) => agents.get(agent),
    all: () => [...agents.values()].toSorted((a, b) => (a.agent < b.agent ? -1 : 1)),
    liveness,
    codes(seen) {
      const here = liveness(seen);
      if (here === 'online' || here === 'draining') return seen.codes;
      return Object.fromEntries(Object.keys(seen.codes).map((op) => [op, OpCode.EXPIRED]));
    },
  };
}
