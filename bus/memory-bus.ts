/** A bus in memory, for tests and simulations: the same promises as over MQTT, moved on by microtasks and the clock given. */
import { type Outcome, failed, ok } from '../base/fault.ts';
import type { Dialer, DialOptions } from './bus.ts';
import { type MemoryConnection, type Router, memoryConnection } from './memory-connection.ts';
import type { Clock } from '../base/clock.ts';
import { matches } from './filters.ts';

export interface Publish {
  topic: string;
  payload: Uint8Array;
  retain: boolean;
  user: string;
  clientId: string;
}

export interface MemoryBusParts {
  /** Needed where `delayMs` is. */
  clock?: Clock;
  /** May `user` publish to, or subscribe, this? Default: yes. A denied publish is acknowledged and goes nowhere. */
  mayPublish?: (user: string, topic: string) => boolean;
  maySubscribe?: (user: string, filter: string) => boolean;
  /** Wait before a message reaches each of its readers, ms. */
  delayMs?: (message: Publish) => number;
  /** How often each reader gets it: 1 by default, 0 drops it, 2 gives it twice. */
  copies?: (message: Publish) => number;
}

export interface MemoryBus {
  dialer(user?: string): Dialer;
  /** The network goes: every connection is lost, wills are kept by the broker, nobody can dial. `forget`: the broker itself restarts empty. */
  cut(options?: { forget?: boolean }): void;
  restore(): void;
  /** One connection loses its socket: its will is published. */
  lose(clientId: string): void;
  /** The stored messages. */
  retained(): ReadonlyMap<string, string>;
  clientIds(): string[];
  /** Hear every accepted publish, in order. */
  tap(listener: (message: Publish) => void): void;
}

export function memoryBus(parts: MemoryBusParts = {}): MemoryBus {
  const url = 'memory://bus';
  const retained = new Map<string, Uint8Array>();
  const connections = new Map<string, MemoryConnection>();
  const taps: ((message: Publish) => void)[] = [];
  let up = true;

  const later = (message: Publish, act: () => void) => {
    const delayMs = parts.delayMs?.(message) ?? 0;
    if (delayMs > 0 && parts.clock) parts.clock.after(delayMs, act);
    else queueMicrotask(act);
  };
  const route = (message: Publish) => {
    if (message.retain) {
      if (message.payload.byteLength === 0) retained.delete(message.topic);
      else retained.set(message.topic, message.payload);
    }
    for (const tap of taps) tap(message);
    const { topic, payload } = message;
    for (const reader of [...connections.values()].filter((connection) => connection.wants(topic))) {
      const copies = parts.copies?.(message) ?? 1;
      for (let i = 0; i < copies; i++) later(message, () => reader.deliver({ topic, payload, retained: false }));
    }
  };
  const router: Router = {
    url,
    publish(message) {
      if (parts.mayPublish?.(message.user, message.topic) ?? true) route(message);
    },
    maySubscribe: parts.maySubscribe ?? (() => true),
    replay: (filter) =>
      [...retained]
        .filter(([topic]) => matches(filter, topic))
        .map(([topic, payload]) => ({ topic, payload, retained: true })),
    left: (connection) =>
      connections.get(connection.clientId) === connection && connections.delete(connection.clientId),
  };
  const lose = (connection: MemoryConnection | undefined, cause: string, tellWill = true) => {
    if (!connection) return;
    connections.delete(connection.clientId);
    connection.lose(cause);
    const { will, user, clientId } = connection;
    if (will && tellWill) router.publish({ ...will, payload: new TextEncoder().encode(will.payload), user, clientId });
  };
  const dial = async (user: string, options: DialOptions): Promise<Outcome<MemoryConnection>> => {
    await Promise.resolve();
    if (!up) return failed('BUS_DOWN', { url, cause: 'nothing listens there' });
    lose(connections.get(options.clientId), 'another connection took its client id');
    const connection = memoryConnection(router, user, options);
    connections.set(options.clientId, connection);
    return ok(connection);
  };
  return {
    dialer: (user = 'local') => ({ url, user, dial: (options) => dial(user, options) }),
    cut({ forget = false } = {}) {
      up = false;
      for (const connection of Array.from(connections.values())) lose(connection, 'the connection was cut', !forget);
      if (forget) retained.clear();
    },
    restore() {
      up = true;
    },
    lose: (clientId) => lose(connections.get(clientId), 'the connection was cut'),
    retained: () => new Map([...retained].map(([topic, payload]) => [topic, new TextDecoder().decode(payload)])),
    clientIds: () => [...connections.keys()],
    tap: (listener) => taps.push(listener),
  };
}
