/** Filters that several readers share on one link: subscribed once, again after each reconnect, dropped with the last reader. */
import type { Cancel } from '../base/clock.ts';
import { must } from '../base/fault.ts';
import type { Connection, Message } from '../bus/bus.ts';
import { matches } from '../bus/filters.ts';

export interface Subscriptions {
  /**
   * `listener` gets every message of `filter`. The broker replays what is retained to the first reader of a filter only;
   * with `latest`, for filters of one topic, a later reader gets the newest message that the others have had.
   */
  add(filter: string, listener: (message: Message) => void, options?: { latest: boolean }): Cancel;
  /** Subscribe all filters on a new connection, 8 at a time. */
  restore(connection: Connection): Promise<void>;
}

const FILTERS_PER_SUBSCRIBE = 8;

export function subscriptions(connection: () => Connection | undefined): Subscriptions {
  const readers = new Map<string, Set<(message: Message) => void>>();
  const newest = new Map<string, Message>();
  return {
    add(filter, listener, { latest } = { latest: false }) {
      const known = readers.get(filter);
      if (known) {
        known.add(listener);
        queueMicrotask(() => {
          const message = newest.get(filter);
          if (latest && message && known.has(listener)) listener(message);
        });
      } else {
        readers.set(filter, new Set([listener]));
        void connection()?.subscribe([filter], 0);
      }
      return () => {
        const left = readers.get(filter);
        if (!left?.delete(listener) || left.size > 0) return;
        readers.delete(filter);
        newest.delete(filter);
        void connection()?.unsubscribe([filter]);
      };
    },
    async restore(next) {
      next.onMessage((message) => {
        for (const [filter, listeners] of readers) {
          if (!matches(filter, message.topic)) continue;
          newest.set(filter, message);
          for (const listener of listeners) listener(message);
        }
      });
      const filters = [...readers.keys()];
      for (let i = 0; i < filters.length; i += FILTERS_PER_SUBSCRIBE) {
        must(await next.subscribe(filters.slice(i, i + FILTERS_PER_SUBSCRIBE), 0));
      }
    },
  };
}
