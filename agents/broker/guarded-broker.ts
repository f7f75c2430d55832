/** The embedded broker: listeners, a waiting room, and the library behind its guards. It keeps nothing beyond its life. */
import type { Duplex } from 'node:stream';
import { type Clock, every } from '../../base/clock.ts';
import { type Fault, type Outcome, causeOf, failed, ok } from '../../base/fault.ts';
import { assertInternals } from './assertion.ts';
import { type BrokerCounts, newCounts } from './counts.ts';
import { guards } from './guards.ts';
import { clientsOf, createLibrary, dropWill, isGuarded, subscriptionsOf } from './library.ts';
import { type BrokerLimits, LIMITS } from './limits.ts';
import { type Accept, type Listener, type TcpAddress, listenTcp } from './listeners.ts';
import { isLoopback } from './reach.ts';
import { retainedPersistence } from './retained-persistence.ts';
import { retainedStore } from './retained-store.ts';
import { listenUnix } from './unix-listener.ts';
import { waitingRoom } from './waiting-room.ts';
import type { WebSocketAddress } from './websocket-listener.ts';

export interface BrokerParts {
  listen: { tcp?: readonly TcpAddress[]; unix?: string | undefined; ws?: readonly WebSocketAddress[] };
  /** Where stored messages are taken: below `{root}/agents/`. Absent: below any root. */
  root?: string | undefined;
  limits?: Partial<BrokerLimits>;
  clock: Clock;
  log?: BrokerLog | undefined;
}

export interface BrokerLog {
  info(facts: Record<string, unknown>, message: string): void;
  warn(facts: Record<string, unknown>, message: string): void;
}

export interface GuardedBroker {
  /** As URLs, in the order asked for: what to dial. */
  addresses: readonly string[];
  /** Addresses that this machine does not have. */
  skipped: readonly string[];
  stats(): BrokerStats;
  /** No new connections, 200 ms for the last replies, then all are closed; no will is told. */
  stop(): Promise<void>;
}

export interface BrokerStats extends BrokerCounts {
  clients: number;
  /** Sockets that have not said CONNECT. */
  waiting: number;
  connections: number;
  subscriptions: number;
  retained: number;
  retainedBytes: number;
}

const SWEEP_MS = 1_000;
const LAST_WORDS_MS = 200;
/** One line of each kind of event a second at most. */
const EVENT_MS = 1_000;

/** Start the broker on all of `listen`, or on none of it. */
export async function startGuardedBroker(parts: BrokerParts): Promise<Outcome<GuardedBroker>> {
  const { listen, clock, log } = parts;
  const limits = { ...LIMITS, ...parts.limits };
  const open = await openAddress([...(listen.tcp ?? []), ...(listen.ws ?? [])]);
  if (open !== undefined) return failed('BROKER_OPEN', { address: open });
  const sound = await assertInternals(clock);
  if (!sound.ok) return sound;

  const counts = newCounts();
  const store = retainedStore(limits);
  const room = waitingRoom<Duplex>(clock, limits);
  const connections = new Set<Duplex>();
  const tell = calmly(clock, (event, facts) => log?.warn({ event, ...facts }, 'guarded'));
  const guard = guards({ clock, limits, counts, root: parts.root, onConnect: room.leave, tell });
  const onFull = (topic: string, owner: string) => tell('RETAINED_FULL', { topic, owner });
  const persistence = retainedPersistence({ store, ownerOf: guard.ownerOf, onFull });
  const library = await createLibrary({ ...guard.hooks, persistence }, (error) =>
    log?.warn({ err: causeOf(error) }, 'library failed'),
  );

  const accept: Accept = (stream, address) => {
    stream.on('error', () => {});
    if (connections.size >= limits.connectionsMax) return refuse(stream);
    for (const gone of room.enter(stream, address)) refuse(gone);
    if (stream.destroyed) return;
    connections.add(stream);
    stream.once('close', () => {
      connections.delete(stream);
      room.leave(stream);
    });
    guard.stream(stream);
    const client = library.handle(stream);
    if (isGuarded(client)) guard.client(client);
    else stream.destroy();
  };
  const refuse = (stream: Duplex) => {
    counts.refused++;
    stream.destroy();
  };
  const endSweep = every(clock, SWEEP_MS, () => guard.sweep(clientsOf(library)));
  const endLibrary = async () => {
    endSweep();
    for (const client of clientsOf(library)) dropWill(client);
    await new Promise<void>((resolve) => library.close(() => resolve()));
    for (const stream of connections) stream.destroy();
  };

  const opened = await openAll(listen, accept);
  if (!opened.ok) {
    await endLibrary();
    return opened;
  }
  const { listeners, skipped } = opened.value;
  for (const address of skipped) log?.info({ address }, 'address skipped: this machine does not have it');
  let stopping: Promise<void> | undefined;
  const stop = async () => {
    const closed = Promise.all(listeners.map((listener) => listener.close()));
    if (connections.size > 0) await clock.sleep(LAST_WORDS_MS);
    await endLibrary();
    await closed;
  };
  return ok({
    addresses: listeners.map(({ url }) => url),
    skipped,
    stats: () => ({
      ...counts,
      clients: library.connectedClients,
      waiting: room.size(),
      connections: connections.size,
      subscriptions: clientsOf(library).reduce((sum, client) => sum + subscriptionsOf(client), 0),
      retained: store.count(),
      retainedBytes: store.bytes(),
    }),
    stop() {
      stopping ??= stop();
      return stopping;
    },
  });
}

/** The first address that other machines could reach, or undefined. */
async function openAddress(addresses: readonly TcpAddress[]): Promise<string | undefined> {
  for (const { host, port } of addresses) if (!(await isLoopback(host))) return `${host}:${port}`;
  return undefined;
}

/** Open every listener; the first that fails closes the others. */
async function openAll(
  { tcp = [], unix, ws = [] }: BrokerParts['listen'],
  accept: Accept,
): Promise<Outcome<{ listeners: Listener[]; skipped: string[] }>> {
  const listeners: Listener[] = [];
  const skipped: string[] = [];
  const give = async (fault: Fault) => {
    await Promise.all(listeners.map((listener) => listener.close()));
    return { ok: false as const, fault };
  };
  const attempts = [
    ...tcp.map((address) => ({ address, open: () => listenTcp(address, accept) })),
    ...ws.map((address) => ({
      address,
      open: async () => (await import('./websocket-listener.ts')).listenWebSocket(address, accept),
    })),
  ];
  for (const { address, open } of attempts) {
    const opened = await open();
    if (!opened.ok) return give(opened.fault);
    if (opened.value === 'skipped') skipped.push(`${address.host}:${address.port}`);
    else listeners.push(opened.value);
  }
  if (unix !== undefined) {
    const opened = await listenUnix(unix, accept);
    if (!opened.ok) return give(opened.fault);
    listeners.push(opened.value);
  }
  if (listeners.length === 0)
    return give(failed('BROKER_LISTEN', { address: skipped.join(', ') || 'nothing', cause: 'no address left' }).fault);
  return ok({ listeners, skipped });
}

/** Tell each kind of event at most once a second, with the number left out. */
function calmly(clock: Clock, tell: (event: string, facts: Record<string, unknown>) => void) {
  const told = new Map<string, { atMs: number; left: number }>();
  return (event: string, facts: Record<string, unknown>) => {
    const nowMs = clock.monotonicMs();
    const last = told.get(event);
    if (last && nowMs - last.atMs < EVENT_MS) {
      last.left++;
      return;
    }
    tell(event, last && last.left > 0 ? { ...facts, alike: last.left } : facts);
    told.set(event, { atMs: nowMs, left: 0 });
  };
}
