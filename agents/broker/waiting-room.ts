/** Sockets that have not yet said CONNECT: few, few per address, and the silent ones give way. */
import type { Clock } from '../../base/clock.ts';
import type { BrokerLimits } from './limits.ts';

export interface WaitingRoom<S> {
  /** A socket has come in; those in the answer have to go, perhaps itself. */
  enter(socket: S, address: string): S[];
  /** It has said CONNECT, or it is closed. */
  leave(socket: S): void;
  size(): number;
}

type RoomLimits = Pick<BrokerLimits, 'waitingMax' | 'waitingPerAddress' | 'waitingGraceMs'>;

export function waitingRoom<S>(clock: Clock, limits: RoomLimits): WaitingRoom<S> {
  /** In the order of coming. */
  const waiting = new Map<S, { address: string; sinceMs: number }>();
  const evict = (from: string | undefined): S | undefined => {
    const dueMs = clock.monotonicMs() - limits.waitingGraceMs;
    for (const [socket, { address, sinceMs }] of waiting) {
      if (sinceMs > dueMs) return undefined;
      if (from === undefined || from === address) return socket;
    }
    return undefined;
  };
  const makeRoom = (full: boolean, from: string | undefined): S | 'none' | undefined =>
    full ? (evict(from) ?? 'none') : undefined;
  return {
    enter(socket, address) {
      const ofAddress = [...waiting.values()].filter((other) => other.address === address).length;
      const gone =
        makeRoom(ofAddress >= limits.waitingPerAddress, address) ??
        makeRoom(waiting.size >= limits.waitingMax, undefined);
      if (gone === 'none') return [socket];
      if (gone !== undefined) waiting.delete(gone);
      waiting.set(socket, { address, sinceMs: clock.monotonicMs() });
      return gone === undefined ? [] : [gone];
    },
    leave: (socket) => void waiting.delete(socket),
    size: () => waiting.size,
  };
}
