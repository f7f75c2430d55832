/** The guards of the broker, as the hooks of its library: each decides from memory, none waits for anything. */
import type { Duplex } from 'node:stream';
import type { Clock } from '../../base/clock.ts';
import { forgetCounters, limitFrames, paceReplay } from './client-guards.ts';
import type { BrokerCounts } from './counts.ts';
import {
  type GuardedClient,
  type LibraryClient,
  type LibraryOptions,
  type Packet,
  setWriteMark,
  willOf,
} from './library.ts';
import type { BrokerLimits } from './limits.ts';
import { isPlainClientId, isPlainTopic, nameIn, publishVerdict } from './publish-rules.ts';
import { type Rate, rate } from './rate.ts';
import { type SlowReaders, slowReaders } from './slow-readers.ts';

export interface GuardParts {
  clock: Clock;
  limits: BrokerLimits;
  counts: BrokerCounts;
  root?: string | undefined;
  /** A CONNECT has come over this stream. */
  onConnect(stream: Duplex): void;
  tell(event: 'CLIENT_CUT' | 'DENIED', facts: Record<string, unknown>): void;
}

export interface Guards {
  hooks: LibraryOptions;
  /** Before the library sees the stream. */
  stream(stream: Duplex): void;
  /** As soon as the library has made a client of it. */
  client(client: GuardedClient): void;
  /** Once a second. */
  sweep(clients: Iterable<LibraryClient>): void;
  /** Whose message this payload is. */
  ownerOf(payload: object): string;
}

/** Far above where a slow reader is cut: so the library never waits for one. */
const WRITE_MARK_BYTES = 33_554_432;
const MINUTE_MS = 60_000;

export function guards(parts: GuardParts): Guards {
  const { clock, limits, counts } = parts;
  const slow: SlowReaders<object> = slowReaders(clock, limits);
  const rates = new WeakMap<object, Rate>();
  /** By payload, the one thing that the library hands on untouched. */
  const owners = new WeakMap<object, string>();
  const cut = (client: LibraryClient, why: string) => {
    if (client.conn.destroyed) return;
    counts.cut++;
    parts.tell('CLIENT_CUT', { client: client.id, why });
    client.conn.destroy();
  };
  const denials = denialCounter(clock, limits.deniedPerMinute);

  const authorizePublish: NonNullable<LibraryOptions['authorizePublish']> = (client, packet, done) => {
    counts.messagesIn++;
    counts.bytesIn += packet.payload.length;
    switch (publishVerdict(packet, limits.topicBytes, parts.root)) {
      case 'pass':
        if (packet.retain && Buffer.isBuffer(packet.payload)) owners.set(packet.payload, nameIn(client?.id ?? ''));
        break;
      case 'pass-unretained':
        packet.retain = false;
        break;
      case 'deny':
        counts.denied++;
        parts.tell('DENIED', { client: client?.id, topic: packet.topic.slice(0, limits.topicBytes) });
        if (client && denials.isTooMany(client)) cut(client, 'too many denied publishes');
        vanish(packet);
    }
    const own = client && rates.get(client);
    if (own) own.pass(() => done(null));
    else done(null);
  };

  return {
    hooks: {
      connectTimeout: limits.connectTimeoutMs,
      drainTimeout: 5_000,
      keepaliveLimit: limits.keepAliveMaxS,
      queueLimit: 42,
      maxInflightInbound: 20,
      maxTopicLevels: limits.topicLevels,
      preConnect(client, packet, done) {
        parts.onConnect(client.conn);
        const bytes = packet.length ?? 0;
        // An error closes the socket; "false" would leave it open for ever.
        if (bytes > limits.frameBytesBefore) return done(new Error('CONNECT too long'), false);
        done(null, true);
      },
      authenticate(client, _user, _password, done) {
        const returnCode = connectRefusal(client, limits);
        if (returnCode === undefined) return done(null, true);
        counts.refused++;
        done(Object.assign(new Error('refused'), { returnCode }), null);
      },
      authorizePublish,
      authorizeSubscribe: (_client, subscription, done) =>
        done(null, subscription.topic.startsWith('$') ? null : subscription),
      authorizeForward(client, packet) {
        const mayDrop = packet.qos === 0 && !packet.retain;
        switch (slow.deliver(client, client.conn.writableLength, mayDrop)) {
          case 'deliver':
            counts.messagesOut++;
            return packet;
          case 'drop':
            counts.dropped++;
            return null;
          case 'cut':
            cut(client, 'slow reader');
            return null;
        }
      },
    },
    stream: (stream) => void setWriteMark(stream, WRITE_MARK_BYTES),
    client(client) {
      forgetCounters(client);
      limitFrames(client, limits, () => {
        counts.cut++;
        parts.tell('CLIENT_CUT', { client: client.id, why: 'frame too long' });
      });
      paceReplay(client, limits);
      const own = rate(clock, { perS: limits.messagesPerS, burst: limits.messagesBurst });
      rates.set(client, own);
      client.conn.once('close', own.close);
    },
    ownerOf: (payload) => owners.get(payload) ?? '',
    sweep(clients) {
      for (const client of clients) {
        if (slow.look(client, client.conn.writableLength)) cut(client, 'slow reader');
      }
    },
  };
}

/** 2: the client id is not usable; 5: a session that would be kept, or a will that is none of a client's. */
function connectRefusal(client: LibraryClient, limits: BrokerLimits): 2 | 5 | undefined {
  if (!isPlainClientId(client.id)) return 2;
  if (!client.clean) return 5;
  const will = willOf(client);
  if (will === null || will === undefined) return undefined;
  const fits = isPlainTopic(will.topic, limits.topicBytes) && will.payload.length <= limits.willBytes;
  return fits && will.topic.split('/').length <= limits.topicLevels ? undefined : 5;
}

/** The publisher gets its PUBACK, nobody and no store sees the message. */
function vanish(packet: Omit<Packet, 'qos'>): void {
  packet.topic = '$denied/x';
  packet.retain = false;
  packet.payload = Buffer.alloc(0);
}

/** Counts denials of each client by the minute. */
function denialCounter(clock: Clock, max: number) {
  const counts = new WeakMap<object, { sinceMs: number; count: number }>();
  return {
    isTooMany(client: object): boolean {
      const nowMs = clock.monotonicMs();
      const held = counts.get(client);
      const entry = held && nowMs - held.sinceMs < MINUTE_MS ? held : { sinceMs: nowMs, count: 0 };
      entry.count++;
      counts.set(client, entry);
      return entry.count > max;
    },
  };
}
