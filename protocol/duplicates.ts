/** What an agent remembers of requests, so that a repeated one is answered again and never done again (PROTOCOL §4.3). */

/** Who asked what: unique for as long as it matters. */
export interface RequestKey {
  user: string;
  client: string;
  id: string;
}

export interface DuplicateLimits {
  perUser: number;
  inAll: number;
  /** Least time an answer is kept; twice the ttl of the request if that is longer. */
  keepMsMin: number;
  /** A longer reply is not kept whole. */
  replyBytesMax: number;
}

export const DUPLICATE_LIMITS: DuplicateLimits = {
  perUser: 1_000,
  inAll: 20_000,
  keepMsMin: 60_000,
  replyBytesMax: 49_152,
};

/** What a request keeps busy: `wait` may last 30 s, a read is short, an act changes something. */
export type Lane = 'wait' | 'read' | 'act';

export interface Admission {
  nowMs: number;
  ttlMs: number;
  /** Doing it twice would do harm: its answer is kept until its time is over, whatever else wants the place. */
  effect: boolean;
  /** Default: `act` with an effect, else `read`. */
  lane?: Lane;
}

export interface Admitted {
  verdict: 'new' | 'running' | 'answered' | 'full';
  /** Of `answered`: the bytes that were given to `settle`. */
  reply?: string;
}

interface Entry {
  key: RequestKey;
  effect: boolean;
  lane: Lane;
  keepMs: number;
  /** Undefined while it runs. */
  answer: { reply: string; forgetAtMs: number } | undefined;
}

interface UserShare {
  entries: number;
  /** Running now, by lane. */
  running: Record<Lane, number>;
  /** Answered and harmless to repeat, oldest answer first. */
  droppable: Map<string, Entry>;
}

/** Made by `newTable`, changed only by the functions here. */
export interface DuplicateTable {
  readonly limits: DuplicateLimits;
  readonly entries: Map<string, Entry>;
  readonly users: Map<string, UserShare>;
  readonly running: Record<Lane, number>;
  readonly droppable: Map<string, Entry>;
  /** No answer is due to be forgotten before. */
  sweepAtMs: number;
}

export function newTable(limits: Partial<DuplicateLimits> = {}): DuplicateTable {
  return {
    limits: { ...DUPLICATE_LIMITS, ...limits },
    entries: new Map(),
    users: new Map(),
    running: noneRunning(),
    droppable: new Map(),
    sweepAtMs: Number.POSITIVE_INFINITY,
  };
}

/** Enter a request as running, or tell what became of the one that bears its key. */
export function admit(table: DuplicateTable, key: RequestKey, { nowMs, ttlMs, effect, lane }: Admission): Admitted {
  expire(table, nowMs);
  const name = nameOf(key);
  const known = table.entries.get(name);
  if (known) return known.answer ? { verdict: 'answered', reply: known.answer.reply } : { verdict: 'running' };
  if (!makeRoom(table, key.user)) return { verdict: 'full' };
  const entry: Entry = {
    key,
    effect,
    lane: lane ?? (effect ? 'act' : 'read'),
    keepMs: Math.max(table.limits.keepMsMin, 2 * ttlMs),
    answer: undefined,
  };
  table.entries.set(name, entry);
  const share = table.users.get(key.user) ?? {
    entries: 0,
    running: noneRunning(),
    droppable: new Map<string, Entry>(),
  };
  table.users.set(key.user, share);
  share.entries++;
  share.running[entry.lane]++;
  table.running[entry.lane]++;
  return { verdict: 'new' };
}

/**
 * Keep the final reply of a running request. A reply over 48 KiB is not kept: without an effect the request is
 * forgotten, so that a repeat reads anew; with one it is kept without its session and value, marked by `cut`.
 * A refusal that invites a repeat (`retry_ms`) is not settled but forgotten by `forget`.
 */
export function settle(table: DuplicateTable, key: RequestKey, reply: string, nowMs: number): void {
  const name = nameOf(key);
  const entry = table.entries.get(name);
  if (!entry || entry.answer) return;
  const long = reply.length > table.limits.replyBytesMax;
  if (long && !entry.effect) return forget(table, key);
  leaveLane(table, entry);
  const forgetAtMs = nowMs + entry.keepMs;
  entry.answer = { reply: long ? withoutBody(reply) : reply, forgetAtMs };
  table.sweepAtMs = Math.min(table.sweepAtMs, forgetAtMs);
  if (entry.effect) return;
  table.droppable.set(name, entry);
  table.users.get(key.user)?.droppable.set(name, entry);
}

/** Take a running request out again: it was refused in a way that invites the same request later. */
export function forget(table: DuplicateTable, key: RequestKey): void {
  const entry = table.entries.get(nameOf(key));
  if (!entry || entry.answer) return;
  leaveLane(table, entry);
  remove(table, entry);
}

/** Forget the answers whose time is over; a running request never. */
export function expire(table: DuplicateTable, nowMs: number): void {
  if (nowMs < table.sweepAtMs) return;
  let nextMs = Number.POSITIVE_INFINITY;
  for (const entry of table.entries.values()) {
    if (!entry.answer) continue;
    if (entry.answer.forgetAtMs <= nowMs) remove(table, entry);
    else nextMs = Math.min(nextMs, entry.answer.forgetAtMs);
  }
  // At most one walk a second: an answer kept a second longer is no harm.
  table.sweepAtMs = Math.max(nextMs, nowMs + 1_000);
}

/** Requests of `user` that run now, those that wait for a session not counted. */
export function runningOf(table: DuplicateTable, user: string): number {
  const running = table.users.get(user)?.running;
  return running ? running.read + running.act : 0;
}

/** Room for one more of `user`, if need be by forgetting the oldest answer that does no harm when asked for again. */
function makeRoom(table: DuplicateTable, user: string): boolean {
  const share = table.users.get(user);
  if (share && share.entries >= table.limits.perUser && !dropOldest(table, share.droppable)) return false;
  return table.entries.size < table.limits.inAll || dropOldest(table, table.droppable);
}

function dropOldest(table: DuplicateTable, droppable: Map<string, Entry>): boolean {
  for (const entry of droppable.values()) {
    remove(table, entry);
    return true;
  }
  return false;
}

function remove(table: DuplicateTable, entry: Entry): void {
  const name = nameOf(entry.key);
  table.entries.delete(name);
  table.droppable.delete(name);
  const share = table.users.get(entry.key.user);
  if (!share) return;
  share.droppable.delete(name);
  share.entries--;
  if (share.entries === 0) table.users.delete(entry.key.user);
}

function leaveLane(table: DuplicateTable, entry: Entry): void {
  table.running[entry.lane]--;
  const share = table.users.get(entry.key.user);
  if (share) share.running[entry.lane]--;
}

function withoutBody(reply: string): string {
  const whole: object = JSON.parse(reply);
  return JSON.stringify({ ...whole, session: {}, value: undefined, cut: ['session', 'value'] });
}

const noneRunning = (): Record<Lane, number> => ({ wait: 0, read: 0, act: 0 });
/** User and client are names and so have no "/": no two keys share a text. */
const nameOf = ({ user, client, id }: RequestKey): string => `${user}/${client}/${id}`;
