/** The stored messages, as a tree of topic levels: a filter walks only what it can match. */
import type { BrokerLimits } from './limits.ts';

export interface Stored {
  topic: string;
  payload: Buffer;
  qos: 0 | 1 | 2;
  /** Who stored it first: the name that it counts for. */
  owner: string;
}

export interface RetainedStore {
  /** Store, replace, or with an empty payload forget. False: beyond the quota of its owner or of all, not stored. */
  put(message: Stored): boolean;
  /** In no particular order, found step by step as they are asked for. */
  match(filter: string): Generator<Stored>;
  count(): number;
  bytes(): number;
}

interface Level {
  below: Map<string, Level>;
  message?: Stored | undefined;
}

type Quotas = Pick<BrokerLimits, 'retainedBytesEach' | 'retainedPerOwner' | 'retainedMax' | 'retainedBytesMax'>;

export function retainedStore(quotas: Quotas): RetainedStore {
  const root = newLevel();
  const owned = new Map<string, number>();
  let count = 0;
  let bytes = 0;

  const account = (message: Stored, sign: 1 | -1) => {
    count += sign;
    bytes += sign * message.payload.byteLength;
    const left = (owned.get(message.owner) ?? 0) + sign;
    if (left > 0) owned.set(message.owner, left);
    else owned.delete(message.owner);
  };
  const fits = ({ payload: { byteLength }, owner }: Stored, held: Stored | undefined): boolean => {
    if (byteLength > quotas.retainedBytesEach) return false;
    if (bytes - (held?.payload.byteLength ?? 0) + byteLength > quotas.retainedBytesMax) return false;
    return held !== undefined || (count < quotas.retainedMax && (owned.get(owner) ?? 0) < quotas.retainedPerOwner);
  };
  return {
    put(message) {
      if (message.payload.byteLength === 0) {
        forget(root, message.topic.split('/'), 0, (gone) => account(gone, -1));
        return true;
      }
      const held = find(root, message.topic);
      if (!fits(message, held)) return false;
      if (held) account(held, -1);
      // A slice of the socket's buffer would keep all of it alive.
      const kept = { ...message, payload: Buffer.from(message.payload), owner: held?.owner ?? message.owner };
      reach(root, message.topic).message = kept;
      account(kept, 1);
      return true;
    },
    match: (filter) => walk(root, filter.split('/'), 0),
    count: () => count,
    bytes: () => bytes,
  };
}

const newLevel = (): Level => ({ below: new Map() });

function reach(from: Level, topic: string): Level {
  let level = from;
  for (const name of topic.split('/')) {
    let next = level.below.get(name);
    if (!next) {
      next = newLevel();
      level.below.set(name, next);
    }
    level = next;
  }
  return level;
}

function find(from: Level, topic: string): Stored | undefined {
  let level: Level | undefined = from;
  for (const name of topic.split('/')) level = level?.below.get(name);
  return level?.message;
}

/** Remove one message and the levels that it leaves empty. */
function forget(level: Level, names: string[], at: number, gone: (message: Stored) => void): void {
  const name = names[at];
  if (name === undefined) {
    if (level.message) gone(level.message);
    level.message = undefined;
    return;
  }
  const next = level.below.get(name);
  if (!next) return;
  forget(next, names, at + 1, gone);
  if (next.message === undefined && next.below.size === 0) level.below.delete(name);
}

function* walk(level: Level, filter: string[], at: number): Generator<Stored> {
  const name = filter[at];
  if (name === undefined) {
    if (level.message) yield level.message;
    return;
  }
  if (name === '#') return yield* everything(level, at === 0);
  if (name !== '+') {
    const next = level.below.get(name);
    if (next) yield* walk(next, filter, at + 1);
    return;
  }
  for (const [own, next] of level.below) {
    if (at === 0 && own.startsWith('$')) continue;
    yield* walk(next, filter, at + 1);
  }
}

/** "a/#" also matches "a" (MQTT 3.1.1 §4.7.1.2). */
function* everything(level: Level, top: boolean): Generator<Stored> {
  if (level.message) yield level.message;
  for (const [own, next] of level.below) {
    if (!(top && own.startsWith('$'))) yield* everything(next, false);
  }
}
