/** What waits to go out, in order of importance and within bounds. Decides only; `outbox.ts` sends. */
import type { Qos } from './bus.ts';

/** In this order they go. `state` is also `op`, `api` and `last`: of each topic only the newest counts. */
export const OUT_KINDS = ['presence', 'claim', 'reply', 'state', 'event', 'mod', 'feed'] as const;
export type OutKind = (typeof OUT_KINDS)[number];

export interface Outgoing {
  kind: OutKind;
  topic: string;
  payload: string | Uint8Array;
  qos: Qos;
  retain: boolean;
}

/** Each item was sent, gave way to a newer one of its topic, or was dropped because there is no room. */
export type Fate = 'replaced' | 'dropped';

export interface OutgoingQueue<T extends Outgoing> {
  /** Put `item` in its place; the answer is what has to give way to it, perhaps the item itself. */
  put(item: T): { gone: T; fate: Fate } | undefined;
  /** The next to send. */
  take(): T | undefined;
  /** Everything that waits, in order; the queue is empty then. */
  drain(): T[];
  size(): number;
  /** How many have been dropped since the beginning, by kind. */
  dropped(): Readonly<Record<OutKind, number>>;
}

export const WAITING_MAX = 200;
export const EVENTS_MAX = 1_000;

export function outgoingQueue<T extends Outgoing>(): OutgoingQueue<T> {
  const lanes = new Map<OutKind, T[]>(OUT_KINDS.map((kind) => [kind, []]));
  const dropped: Record<OutKind, number> = { presence: 0, claim: 0, reply: 0, state: 0, event: 0, mod: 0, feed: 0 };
  const lane = (kind: OutKind): T[] => lanes.get(kind) ?? [];
  const drop = (gone: T | undefined): { gone: T; fate: Fate } | undefined => {
    if (gone === undefined) return undefined;
    dropped[gone.kind]++;
    return { gone, fate: 'dropped' };
  };
  const waiting = () => OUT_KINDS.reduce((sum, kind) => (kind === 'event' ? sum : sum + lane(kind).length), 0);
  /** The least important that waits: the oldest of the last kind that has any. Events have their own bound. */
  const least = (): T | undefined =>
    OUT_KINDS.toReversed()
      .filter((kind) => kind !== 'event')
      .map(lane)
      .find(({ length }) => length > 0)?.[0];

  return {
    put(item) {
      const own = lane(item.kind);
      const older = newestOnly(item.kind) ? own.findIndex(({ topic }) => topic === item.topic) : -1;
      if (older !== -1) {
        const [gone] = own.splice(older, 1, item);
        return gone && { gone, fate: 'replaced' };
      }
      if (item.kind === 'event') {
        own.push(item);
        return own.length > EVENTS_MAX ? drop(own.shift()) : undefined;
      }
      if (waiting() < WAITING_MAX) {
        own.push(item);
        return undefined;
      }
      const victim = least();
      if (victim === undefined || rank(victim.kind) < rank(item.kind)) return drop(item);
      lane(victim.kind).shift();
      own.push(item);
      return drop(victim);
    },
    take: () =>
      OUT_KINDS.map(lane)
        .find(({ length }) => length > 0)
        ?.shift(),
    drain: () => OUT_KINDS.flatMap((kind) => lane(kind).splice(0)),
    size: () => OUT_KINDS.reduce((sum, kind) => sum + lane(kind).length, 0),
    dropped: () => ({ ...dropped }),
  };
}

const newestOnly = (kind: OutKind): boolean => kind === 'presence' || kind === 'state';
const rank = (kind: OutKind): number => OUT_KINDS.indexOf(kind);
