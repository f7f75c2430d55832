/** One way to ask agents: over the bus, or over a local socket that works with the bus down. */
import type { Cancel } from '../base/clock.ts';
import type { Outcome } from '../base/fault.ts';
import type { Api, Block, Last, Method, Presence, Reply } from '../protocol/envelope.ts';
import type { Session } from '../protocol/session.ts';
import type { RequestClass } from '../protocol/topics.ts';

export interface Ask {
  method: Method;
  /** Least class that covers it; `admin` is proved with the key of the host where there are no users. */
  class: RequestClass;
  op?: string;
  feed?: string;
  params?: Record<string, unknown>;
  session?: string;
  /** Of `wait`, ms, at most 30 000. */
  forMs?: number;
  from?: number;
  before?: number;
  /** How long to go on asking; default 10 000, at most 120 000. */
  ttlMs?: number;
  note?: string;
}

export interface Caller {
  readonly via: 'socket' | 'bus';
  /** For messages to people: the broker's URL or the socket's path. */
  readonly url: string;
  /** Ask `agent` and wait for the final reply. A refusal is an outcome with its fault, also one with code −1. */
  call(agent: string, ask: Ask): Promise<Outcome<Reply>>;
  /** The newest session of an operation, now and at every change; null when it never ran. Nothing older is ever shown after something newer. */
  watchSession(agent: string, op: string, listener: (session: Session | null) => void): Cancel;
  /** Blocks of a feed as they come. */
  watchFeed(agent: string, feed: string, listener: (block: Block) => void): Cancel;
  /** Latest value of each field, retained: at once for a late subscriber. */
  watchLast(agent: string, feed: string, listener: (last: Last) => void): Cancel;
  /** Who is here; by socket only the agent that serves it. */
  watchPresence(listener: (agent: string, presence: Presence) => void): Cancel;
  describe(agent: string): Promise<Outcome<Api>>;
  close(): Promise<void>;
}
