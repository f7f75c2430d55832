/** Requests come in by bus or socket, are judged by the pure core, done, and answered once (PROTOCOL §4). */
import type { Clock } from '../base/clock.ts';
import { fault } from '../base/fault.ts';
import type { Logger } from '../base/log.ts';
import { type Copies, newCopies } from '../protocol/copies.ts';
import { newTable, settle } from '../protocol/duplicates.ts';
import { type Api, type Reply, ReplyCode, type Request } from '../protocol/envelope.ts';
import type { BeatLog } from '../protocol/freshness.ts';
import { type InboxView, judge, newRates } from '../protocol/inbox.ts';
import type { RequestClass } from '../protocol/topics.ts';
import type { Prover } from '../store/admin-proof.ts';
import type { FeedSource } from './feed.ts';
import type { Answer, Operations } from './operations.ts';

export interface Arrival {
  bytes: Uint8Array;
  topic: { agent: string; class: RequestClass; user: string };
  retained: boolean;
}

export interface ReplyTo {
  user: string;
  client: string;
}

export type SendReply = (to: ReplyTo, reply: Reply) => void;

export interface Inbox {
  /** `reply` is called for every receipt and the answer; never for what is passed over in silence. */
  take(arrival: Arrival, reply: SendReply): void;
}

export interface InboxParts {
  agent: string;
  g: number;
  clock: Clock;
  log: Logger;
  random: () => number;
  operations: Operations;
  feeds: ReadonlyMap<string, FeedSource>;
  beats: BeatLog;
  prover: Prover;
  api(): Api;
  info(): Record<string, unknown>;
}

const WAIT_MS_MAX = 30_000;
/** Blocks in one answer of `feed.get`: the payload has other things to carry too. */
const FEED_BYTES_MAX = 65_536;
/** Answers to a ping of all are spread, so that thousands of agents do not answer at once. */
const PING_ALL_SPREAD_MS = 500;
const LOG_PERIOD_MS = 60_000;
