/** One connection of the bus in memory. */
import { type Fault, failed, fault, ok } from '../base/fault.ts';
import { filterProblem, matches } from './filters.ts';
import type { Connection, DialOptions, EndCause, Message, Will } from './bus.ts';
import { listeners } from './listeners.ts';
import { sizeFault } from './size-fault.ts';

/** What a connection needs of its bus. */
export interface Router {
  url: string;
  publish(message: { topic: string; payload: Uint8Array; retain: boolean; user: string; clientId: string }): void;
  maySubscribe(user: string, filter: string): boolean;
  replay(filter: string): Message[];
  left(connection: MemoryConnection): void;
}

export interface MemoryConnection extends Connection {
  readonly clientId: string;
  readonly user: string;
  readonly will: Will | undefined;
  wants(topic: string): boolean;
  deliver(message: Message): void;
  /** The socket is gone. */
  lose(cause: string): void;
}

export function memoryConnection(router: Router, user: string, { clientId, will }: DialOptions): MemoryConnection {
  const filters = new Set<string>();
  const messages = listeners<[Message]>();
  const ends = listeners<[EndCause, Fault]>();
  let ended: { cause: EndCause; fault: Fault } | undefined;
  const end = (cause: EndCause, why: string) => {
    if (ended) return;
    const made = { cause, fault: fault('BUS_DOWN', { url: router.url, cause: why }) };
    ended = made;
    filters.clear();
    messages.clear();
    ends.tell(made.cause, made.fault);
    ends.clear();
  };
  const over = () => (ended ? { ok: false as const, fault: ended.fault } : undefined);

  const connection: MemoryConnection = {
    url: router.url,
    clientId,
    user,
    will,
    rttMs: () => undefined,
    backlogBytes: () => 0,
    wants: (topic) => [...filters].some((filter) => matches(filter, topic)),
    deliver: (message) => messages.tell({ ...message, payload: message.payload.slice() }),
    lose: (cause) => end('lost', cause),
    onMessage: messages.add,
    onEnd(listener) {
      const late = ended;
      if (late) queueMicrotask(() => listener(late.cause, late.fault));
      return ends.add(listener);
    },
    async subscribe(wanted) {
      await Promise.resolve();
      for (const filter of wanted) {
        const gone = over();
        if (gone) return gone;
        if (filterProblem(filter) !== undefined || !router.maySubscribe(user, filter))
          return failed('FILTER_DENIED', { filter, user });
        filters.add(filter);
        for (const message of router.replay(filter)) queueMicrotask(() => connection.deliver(message));
      }
      return over() ?? ok(undefined);
    },
    async unsubscribe(unwanted) {
      await Promise.resolve();
      for (const filter of unwanted) filters.delete(filter);
    },
    async publish(topic, payload, { retain = false } = {}) {
      const refused = over() ?? sizeFault(topic, payload);
      if (refused) return refused;
      router.publish({ topic, payload: asBytes(payload), retain, user, clientId });
      await Promise.resolve();
      return ok(undefined);
    },
    async close() {
      if (ended) return;
      router.left(connection);
      end('closed', 'closed by ourselves');
    },
  };
  return connection;
}

const asBytes = (payload: string | Uint8Array): Uint8Array =>
  typeof payload === 'string' ? new TextEncoder().encode(payload) : payload.slice();
