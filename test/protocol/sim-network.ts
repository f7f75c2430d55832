/** A broker of two nodes under virtual time that loses, copies, delays, swaps, cuts, parts and forgets, all by one seed. */
import type { Claim, Heartbeat, Presence } from '../../protocol/envelope.ts';
import { contains } from '../../protocol/topics.ts';

export interface Weather {
  seed: number;
  /** Chance that a message is lost between two points, acknowledged or not. */
  lose: number;
  /** Chance of a second copy. */
  copies: number;
  delayMs: readonly [least: number, most: number];
  /** Chance that a message lets later ones pass, by up to 3 s. */
  swap: number;
  cuts: readonly { who: number; atMs: number; forMs: number }[];
  /** The two nodes do not hear each other. */
  partitions: readonly { atMs: number; forMs: number }[];
  /** The broker is started again, empty. */
  forgetRetainedAtMs: readonly number[];
  lateWillMs: number;
  /** From here on every message arrives once, in order, and nothing is cut. */
  quietAtMs: number;
}

export interface OpState {
  g: number;
  n: number;
  value: string;
}
export type Body =
  | { kind: 'presence'; presence: Presence }
  | { kind: 'claim'; claim: Claim }
  | { kind: 'beat'; beat: Heartbeat }
  | { kind: 'op'; op: OpState }
  | { kind: 'bytes'; text: string };

export interface SimMessage {
  topic: string;
  body: Body;
  retain: boolean;
}

/** One client of the broker, and what its part is told. */
export interface Port {
  readonly who: number;
  connected: boolean;
  wanted: boolean;
  /** Counts connections: what was on its way to an earlier one never arrives. */
  epoch: number;
  filters: string[];
  will: SimMessage | undefined;
  lastInMs: number;
  lastOutMs: number;
  onUp: () => void;
  onLost: () => void;
  onMessage: (message: SimMessage, retained: boolean) => void;
}

export interface Network {
  nowMs: () => number;
  random: () => number;
  after: (delayMs: number, act: () => void) => void;
  port: (who: number, heard: Pick<Port, 'onUp' | 'onLost' | 'onMessage'>) => Port;
  connect: (port: Port, will?: SimMessage) => void;
  disconnect: (port: Port) => void;
  /** As by a crash: the will is published. */
  cut: (port: Port) => void;
  subscribe: (port: Port, filters: readonly string[], granted: () => void) => void;
  publish: (port: Port, message: SimMessage) => void;
  runUntil: (untilMs: number) => void;
}

const DIAL_PAUSE_MS = 400;

export function network(weather: Weather): Network {
  const random = randomOf(weather.seed);
  const heap = heapOfEvents();
  const ports: Port[] = [];
  const stores = [new Map<string, SimMessage>(), new Map<string, SimMessage>()];
  let nowMs = 0;
  const within = ({ atMs, forMs }: { atMs: number; forMs: number }) =>
    nowMs >= atMs && nowMs < Math.min(atMs + forMs, weather.quietAtMs);
  const quiet = () => nowMs >= weather.quietAtMs;
  const chance = (share: number) => !quiet() && random() < share;
  const parted = () => weather.partitions.some(within);
  const barred = ({ who }: Port) => weather.cuts.some((cut) => cut.who === who && within(cut));
  const after = (delayMs: number, act: () => void) => heap.push(nowMs + Math.max(0, delayMs), act);
  const latency = () => weather.delayMs[0] + random() * (weather.delayMs[1] - weather.delayMs[0]);
  const nodeOf = ({ who }: Port) => who % 2;

  const connect: Network['connect'] = (port, will) => {
    port.wanted = true;
    port.will = will;
    after(5 + random() * 20, () => {
      if (!port.wanted || port.connected) return;
      if (barred(port)) return after(DIAL_PAUSE_MS, () => port.wanted && !port.connected && connect(port, port.will));
      port.connected = true;
      port.epoch++;
      port.filters = [];
      port.onUp();
    });
  };
  const cut = (port: Port, willFires = true) => {
    if (!port.connected) return;
    const { will } = port;
    port.connected = false;
    port.epoch++;
    if (will && willFires) after(random() * weather.lateWillMs, () => route(nodeOf(port), will));
    port.onLost();
  };
  const send = (port: Port, message: SimMessage, retained: boolean) => {
    const { epoch } = port;
    const arrive = () => port.epoch === epoch && port.connected && port.onMessage(message, retained);
    for (let copies = chance(weather.copies) ? 2 : 1; copies > 0; copies--) {
      if (chance(weather.lose)) continue;
      if (chance(weather.swap)) {
        after(latency() + random() * 3_000, arrive);
        continue;
      }
      port.lastInMs = Math.max(port.lastInMs, nowMs + latency());
      after(port.lastInMs - nowMs, arrive);
    }
  };
  const route = (node: number, message: SimMessage) => {
    const apart = parted();
    for (const [i, store] of stores.entries())
      if (message.retain && (i === node || !apart)) store.set(message.topic, message);
    for (const port of ports) {
      if (!port.connected || (apart && nodeOf(port) !== node)) continue;
      if (port.filters.some((filter) => contains(filter, message.topic))) send(port, message, false);
    }
  };
  const publish: Network['publish'] = (port, message) => {
    if (!port.connected) return;
    for (let copies = chance(weather.copies) ? 2 : 1; copies > 0; copies--) {
      if (chance(weather.lose)) continue;
      const late = chance(weather.swap) ? random() * 3_000 : 0;
      if (late === 0) port.lastOutMs = Math.max(port.lastOutMs, nowMs + latency());
      after(late === 0 ? port.lastOutMs - nowMs : latency() + late, () => route(nodeOf(port), message));
    }
  };
  const subscribe: Network['subscribe'] = (port, filters, granted) => {
    const { epoch } = port;
    after(latency(), () => {
      if (port.epoch !== epoch) return;
      port.filters.push(...filters);
      for (const message of stores[nodeOf(port)]?.values() ?? []) {
        if (filters.some((filter) => contains(filter, message.topic))) send(port, message, true);
      }
      after(latency(), () => port.epoch === epoch && granted());
    });
  };
  for (const { who, atMs } of weather.cuts)
    after(atMs, () => !quiet() && ports.filter((port) => port.who === who).forEach((port) => cut(port)));
  for (const atMs of weather.forgetRetainedAtMs) {
    after(atMs, () => {
      if (quiet()) return;
      for (const store of stores) store.clear();
      for (const port of ports) cut(port, false);
    });
  }
  return {
    nowMs: () => nowMs,
    random,
    after,
    port(who, heard) {
      const port: Port = {
        who,
        connected: false,
        wanted: false,
        epoch: 0,
        filters: [],
        will: undefined,
        lastInMs: 0,
        lastOutMs: 0,
        ...heard,
      };
      ports.push(port);
      return port;
    },
    connect,
    disconnect,
    cut,
    subscribe,
    publish,
    runUntil(untilMs) {
      for (let next = heap.pop(untilMs); next; next = heap.pop(untilMs)) {
        nowMs = next.atMs;
        next.act();
      }
      nowMs = untilMs;
    },
  };
}

/** Clean: no will. */
function disconnect(port: Port): void {
  port.wanted = false;
  port.connected = false;
  port.epoch++;
  port.will = undefined;
}

interface SimEvent {
  atMs: number;
  order: number;
  act: () => void;
}

/** Earliest first; of one moment, in the order of asking. */
function heapOfEvents() {
  const heap: SimEvent[] = [];
  let order = 0;
  const before = (a: SimEvent | undefined, b: SimEvent | undefined) =>
    a !== undefined && (b === undefined || a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order));
  const swap = (i: number, j: number) => {
    const [a, b] = [heap[i], heap[j]];
    if (a && b) [heap[i], heap[j]] = [b, a];
  };
  return {
    push(atMs: number, act: () => void) {
      let i = heap.push({ atMs, order: order++, act }) - 1;
      for (let up = (i - 1) >> 1; i > 0 && before(heap[i], heap[up]); i = up, up = (i - 1) >> 1) swap(i, up);
    },
    pop(untilMs: number): SimEvent | undefined {
      const [first] = heap;
      if (!first || first.atMs > untilMs) return undefined;
      swap(0, heap.length - 1);
      heap.pop();
      for (let i = 0; ; ) {
        const least = before(heap[2 * i + 1], heap[2 * i + 2]) ? 2 * i + 1 : 2 * i + 2;
        if (!before(heap[least], heap[i])) break;
        swap(i, least);
        i = least;
      }
      return first;
    },
  };
}

/** Numbers in [0, 1) that depend on the seed alone. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}
