/** The outbox of one connection: at most 20 publishes in flight, the rest waits in order of importance. */
import { type Outcome, failed, ok } from '../base/fault.ts';
import type { Connection } from './bus.ts';
import { type OutKind, type Outgoing, outgoingQueue } from './outgoing.ts';

export interface Outbox {
  /** Send `item` when its turn comes. Resolves once it is written or acknowledged, has given way to a newer one, or was dropped. */
  send(item: Outgoing): Promise<Outcome<'sent' | 'replaced' | 'dropped'>>;
  stats(): { inFlight: number; waiting: number; dropped: Readonly<Record<OutKind, number>> };
}

const IN_FLIGHT_MAX = 20;
/** Above this a block of samples is dropped: the ring of the feed has it. */
const BACKLOG_BYTES_MAX = 1_048_576;

/** An outbox lives as long as its connection; with its end everything in it fails with BUS_DOWN. */
export function outbox(connection: Connection): Outbox {
  interface Waiting extends Outgoing {
    settle: (outcome: Outcome<'sent' | 'replaced' | 'dropped'>) => void;
  }
  const queue = outgoingQueue<Waiting>();
  let inFlight = 0;
  let feedsDropped = 0;

  const pump = (): void => {
    while (inFlight < IN_FLIGHT_MAX) {
      const item = queue.take();
      if (item === undefined) return;
      inFlight++;
      void deliver(item);
    }
  };
  const deliver = async ({ topic, payload, qos, retain, settle }: Waiting) => {
    const outcome = await connection.publish(topic, payload, { qos, retain });
    inFlight--;
    settle(outcome.ok ? ok('sent') : outcome);
    pump();
  };
  connection.onEnd((_cause, fault) => {
    for (const { settle } of queue.drain()) settle({ ok: false, fault });
  });
  return {
    send: (item) =>
      new Promise((settle) => {
        if (item.kind === 'feed' && connection.backlogBytes() > BACKLOG_BYTES_MAX) {
          feedsDropped++;
          return settle(ok('dropped'));
        }
        const gave = queue.put({ ...item, settle });
        gave?.gone.settle(gave.fate === 'dropped' && gave.gone.kind === 'reply' ? failed('BUSY', BUSY) : ok(gave.fate));
        pump();
      }),
    stats() {
      const dropped = queue.dropped();
      return { inFlight, waiting: queue.size(), dropped: { ...dropped, feed: dropped.feed + feedsDropped } };
    },
  };
}

const BUSY = { what: 'the outbox', retryMs: 1_000 };
