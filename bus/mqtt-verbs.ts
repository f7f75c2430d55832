/** Publish, subscribe, unsubscribe on a library client, each with its outcome. */
import { type Fault, type Outcome, failed, fault, ok } from '../base/fault.ts';
import type { Qos } from './bus.ts';
import type { BrokerUrl } from './broker-url.ts';
import { busFault } from './bus-fault.ts';
import type { LibraryClient } from './mqtt-client.ts';
import type { OpenWaits } from './open-waits.ts';

/** Least that brokers allow in one SUBSCRIBE. */
export const FILTERS_MAX = 8;
const SUBACK_MS = 5_000;
const SUBACK_DENIED = 0x80;

export interface VerbParts {
  client: LibraryClient;
  url: BrokerUrl;
  version: 4 | 5;
  user: string;
  waits: OpenWaits;
}

export interface Parcel {
  topic: string;
  payload: string | Uint8Array;
  qos: Qos;
  retain: boolean;
}

export function publish(
  { client, url, version, waits }: VerbParts,
  { topic, payload, qos, retain }: Parcel,
): Promise<Outcome<void>> {
  return waits.wait((done) => {
    client.publish(topic, typeof payload === 'string' ? payload : asBuffer(payload), { qos, retain }, (error) =>
      done(error ? { ok: false, fault: publishFault(url, error, version) } : ok(undefined)),
    );
  });
}

/** Subscribe at most 8 filters and wait 5 s for the SUBACK. */
export function subscribe(
  { client, url, version, user, waits }: VerbParts,
  filters: readonly string[],
  qos: Qos,
): Promise<Outcome<void>> {
  return waits.wait((done) => {
    client.subscribe([...filters], { qos }, (error, granted) => {
      const denied = granted?.find(({ qos }) => qos >= SUBACK_DENIED)?.topic ?? deniedIn(error, filters);
      if (denied !== undefined) return done(failed('FILTER_DENIED', { filter: denied, user }));
      done(error ? { ok: false, fault: busFault(url, error, version) } : ok(undefined));
    });
  }, silence(url));
}

export async function unsubscribe({ client, url, waits }: VerbParts, filters: readonly string[]): Promise<void> {
  await waits.wait<void>((done) => client.unsubscribe([...filters], {}, () => done(ok(undefined))), silence(url));
}

const silence = (url: BrokerUrl) => ({
  ms: SUBACK_MS,
  fault: fault('BUS_DOWN', { url: url.text, cause: `no answer to a subscription for ${SUBACK_MS} ms` }),
});

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** A PUBACK of MQTT 5 may carry a refusal: 135 is "not authorized". */
const publishFault = (url: BrokerUrl, error: unknown, version: 4 | 5): Fault =>
  field(error, 'code') === 135 ? fault('DENIED', { needed: 'publish', held: 'none' }) : busFault(url, error, version);

/** The library tells a refused filter as an error whose packet holds the grants. */
function deniedIn(error: unknown, filters: readonly string[]): string | undefined {
  const granted = field(field(error, 'packet'), 'granted');
  if (!Array.isArray(granted)) return undefined;
  return filters[granted.findIndex((code) => typeof code === 'number' && code >= SUBACK_DENIED)];
}

const field = (of: unknown, name: string): unknown =>
  typeof of === 'object' && of !== null ? Reflect.get(of, name) : undefined;
