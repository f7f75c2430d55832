/** One connection over MQTT, from CONNACK to its end. Its memory ends with it. */
import type { Clock } from '../base/clock.ts';
import { type Fault, failed, ok } from '../base/fault.ts';
import type { Connection, EndCause, Message } from './bus.ts';
import type { BrokerUrl } from './broker-url.ts';
import { type End, endOf, ownEnd } from './connection-end.ts';
import { leave } from './leave.ts';
import { listeners } from './listeners.ts';
import type { LibraryClient } from './mqtt-client.ts';
import { FILTERS_MAX, type Parcel, type VerbParts, publish, subscribe, unsubscribe } from './mqtt-verbs.ts';
import { openWaits } from './open-waits.ts';
import { recentMedian } from './recent-median.ts';
import { sizeFault } from './size-fault.ts';
import type { Suspects, Watch } from './suspects.ts';

export interface SessionParts {
  client: LibraryClient;
  url: BrokerUrl;
  version: 4 | 5;
  user: string;
  clock: Clock;
  suspects: Suspects;
}

const ACKNOWLEDGE_MS = 1_000;

/** The connection that `client` has just been given by the broker. */
export function mqttSession({ client, url, version, user, clock, suspects }: SessionParts): Connection {
  const watch = suspects.watch();
  const waits = openWaits(clock);
  const verbs: VerbParts = { client, url, version, user, waits };
  const rtt = recentMedian(8);
  const messages = listeners<[Message]>();
  const ending = ends({ client, url, version, watch }, (end) => {
    waits.endAll(end.fault);
    messages.clear();
  });
  client.on('message', (topic, payload, packet) => messages.tell({ topic, payload, retained: packet.retain }));

  const send = async (parcel: Parcel) => {
    const acknowledged = watch.sent(parcel.topic, 'publish');
    const sentMs = clock.monotonicMs();
    const outcome = await publish(verbs, parcel);
    if (outcome.ok && parcel.qos === 1) {
      rtt.add(clock.monotonicMs() - sentMs);
      acknowledged();
    }
    return outcome;
  };
  const ask = async (filters: readonly string[], qos: 0 | 1) => {
    const acknowledged = filters.map((filter) => watch.sent(filter, 'subscribe'));
    const outcome = await subscribe(verbs, filters, qos);
    if (outcome.ok) for (const acknowledge of acknowledged) acknowledge();
    return outcome;
  };
  return {
    url: url.text,
    rttMs: rtt.value,
    backlogBytes: () => client.stream.writableLength,
    onMessage: messages.add,
    onEnd: ending.listen,
    async subscribe(filters, qos) {
      for (let i = 0; i < filters.length; i += FILTERS_MAX) {
        const over = ending.over();
        if (over) return { ok: false, fault: over };
        const outcome = await ask(filters.slice(i, i + FILTERS_MAX), qos);
        if (!outcome.ok) return outcome;
      }
      return ok(undefined);
    },
    async unsubscribe(filters) {
      if (!ending.over() && filters.length > 0) await unsubscribe(verbs, filters);
    },
    async publish(topic, payload, { qos = 0, retain = false } = {}) {
      const over = ending.over();
      if (over) return { ok: false, fault: over };
      const tooLarge = sizeFault(topic, payload);
      if (tooLarge) return tooLarge;
      if (!suspects.allowed(topic)) return failed('NO_REPLY', { agent: topic, ttlMs: 0, closed_after_publish: true });
      return send({ topic, payload, qos, retain });
    },
    close: () =>
      ending.byOurselves(async () => {
        await waits.empty(ACKNOWLEDGE_MS);
        await leave(client, clock);
      }),
  };
}

interface EndParts {
  client: LibraryClient;
  url: BrokerUrl;
  version: 4 | 5;
  watch: Watch;
}

/** The one end of a connection: from the socket, or by ourselves through `byOurselves`. */
function ends({ client, url, version, watch }: EndParts, onEnd: (end: End) => void) {
  const told = listeners<[EndCause, Fault]>();
  let ended: End | undefined;
  let leaving: Promise<void> | undefined;
  let firstError: unknown;
  const end = () => {
    if (ended) return;
    ended = leaving ? ownEnd(url) : endOf(url, firstError, version, watch);
    // First our own waits, with the true cause; the library would only say that the connection is closed.
    onEnd(ended);
    client.end(true);
    told.tell(ended.cause, ended.fault);
    told.clear();
  };
  client.on('error', (error) => {
    firstError ??= error;
  });
  client.on('close', end);
  return {
    over: (): Fault | undefined => ended?.fault ?? (leaving && ownEnd(url).fault),
    listen(listener: (cause: EndCause, fault: Fault) => void) {
      const late = ended;
      if (late) queueMicrotask(() => listener(late.cause, late.fault));
      return told.add(listener);
    },
    byOurselves(act: () => Promise<void>): Promise<void> {
      if (ended) return Promise.resolve();
      leaving ??= act().then(end);
      return leaving;
    },
  };
}
