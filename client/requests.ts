/** What every caller does alike: a request with its id, its class and its proof. */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import { type Outcome, failed, fault, ok } from '../base/fault.ts';
import { type Reply, ReplyCode, type Request, TTL_DEFAULT_MS } from '../protocol/envelope.ts';
import { ulid } from '../protocol/ulid.ts';
import type { Ask } from './caller.ts';

/** Extra facts that only the way of asking knows. */
export interface Stamps {
  client: string;
  clock: Clock;
  /** Newest beat heard of the agent: its freshness needs no clock. */
  beat?: number | undefined;
  /** Generation that the beat is of, and that a start is meant for. */
  g?: number | undefined;
}

export const newUlid = (clock: Clock): string => ulid(clock.nowMs(), randomBytes(10));
export const newClientId = (): string => randomBytes(9).toString('base64url').replace(/[-_]/g, 'x');

/** The request that says `ask`; a start without a session gets one, so that it can be repeated. */
export function requestOf(ask: Ask, { client, clock, beat, g }: Stamps): Request {
  const session = ask.session ?? (ask.method === 'start' ? newUlid(clock) : undefined);
  return {
    id: newUlid(clock),
    client,
    method: ask.method,
    ...(ask.op === undefined ? {} : { op: ask.op }),
    ...(ask.feed === undefined ? {} : { feed: ask.feed }),
    ...(ask.params === undefined ? {} : { params: ask.params }),
    ...(session === undefined ? {} : { session }),
    ...(ask.forMs === undefined ? {} : { for_ms: ask.forMs }),
    ...(ask.from === undefined ? {} : { from: ask.from }),
    ...(ask.before === undefined ? {} : { before: ask.before }),
    sent: clock.nowMs() / 1_000,
    ttl_ms: ttlOf(ask),
    // Beats are counted by each generation anew: a beat says nothing without its generation.
    ...(g === undefined || (ask.method !== 'start' && beat === undefined) ? {} : { g }),
    ...(beat === undefined ? {} : { beat }),
    ...(ask.note === undefined ? {} : { note: ask.note }),
  };
}

/** A wait must outlive the time that it is asked to last. */
export const ttlOf = (ask: Ask): number =>
  Math.min(120_000, (ask.ttlMs ?? TTL_DEFAULT_MS) + (ask.method === 'wait' ? (ask.forMs ?? 30_000) : 0));

/** A refusal is an outcome with its fault; a reply with code OK or TIMEOUT is the value. */
export function outcomeOf(reply: Reply): Outcome<Reply> {
  if (reply.code !== ReplyCode.ERROR) return ok(reply);
  const { fault: why } = reply;
  if (!why)
    return {
      ok: false,
      fault: { ...fault('SESSION_FAILED', { text: reply.message }), facts: { session: reply.session } },
    };
  const meaning = why.code === 'STALE_GENERATION' ? fault('OUTCOME_UNKNOWN', why.facts) : why;
  const { code, remedy, facts } = meaning;
  return {
    ok: false,
    fault: {
      code,
      message: meaning.message ?? reply.message,
      remedy,
      facts: { ...facts, session: reply.session },
      ...(why.retry_ms ? { retry_ms: why.retry_ms } : {}),
    },
  };
}

export const noKey = (): Outcome<never> =>
  failed('NOT_AUTHORIZED', { problem: 'no admin key at hand', keyFile: 'authkeys.json of the host' });
