/** The only importer of `mqtt`: one library client per connection, set so that nothing of it outlives that connection. */
import type { Duplex } from 'node:stream';
import library from 'mqtt/lib/client';
import type { DialOptions } from './bus.ts';

export type LibraryClient = library.default;

export interface ClientParts {
  open: () => Duplex;
  version: 4 | 5;
  login?: { user: string; password: string } | undefined;
  connectTimeoutMs: number;
}

const WILL_DELAY_S = 2;

/** Start one client. The caller listens to `connect`, `error` and `close` from the first moment. */
export function libraryClient({ clientId, will, keepAliveS = 10 }: DialOptions, parts: ClientParts): LibraryClient {
  const { open, version, login, connectTimeoutMs } = parts;
  // The library writes into its options: they are built afresh each time.
  const client = new library.default(open, {
    clientId,
    clean: true,
    keepalive: keepAliveS,
    protocolId: 'MQTT',
    protocolVersion: version,
    connectTimeout: connectTimeoutMs,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    subscribeBatchSize: 8,
    // Its cache of numbers costs 28 ms and 15 MB per process.
    writeCache: false,
    timerVariant: 'native',
    ...(login && { username: login.user, password: login.password }),
    ...(will && { will: lastWill(will, version) }),
  });
  // Without a listener an error of the library would end the process.
  client.on('error', () => {});
  return client;
}

function lastWill({ topic, payload, retain }: NonNullable<DialOptions['will']>, version: 4 | 5) {
  const will = { topic, payload: Buffer.from(payload), qos: 1 as const, retain };
  return version === 5 ? { ...will, properties: { willDelayInterval: WILL_DELAY_S } } : will;
}
