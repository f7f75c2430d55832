/** Requests come in by bus or socket, are judged by the pure core, done, and answered once (PROTOCOL §4). */
import type { Clock } from '../base/clock.ts';
import { causeOf, fault } from '../base/fault.ts';
import type { Logger } from '../base/log.ts';
import { newCopies } from '../protocol/copies.ts';
import { type RequestKey, forget, newTable, settle } from '../protocol/duplicates.ts';
import { type Api, type Method, type Reply, ReplyCode, type Request, encode } from '../protocol/envelope.ts';
import type { BeatLog } from '../protocol/freshness.ts';
import { type InboxView, type Verdict, judge } from '../protocol/inbox.ts';
import { newRates } from '../protocol/rates.ts';
import { Session } from '../protocol/session.ts';
import { ALL_AGENTS, type RequestClass } from '../protocol/topics.ts';
import { newUlid } from '../client/requests.ts';
import type { Prover } from '../store/admin-proof.ts';
import type { FeedSource } from './feed.ts';
import type { Answer, Operations } from './operations.ts';
import { forTopic } from './session.ts';

export interface Arrival {
  bytes: Uint8Array;
  topic: { agent: string; class: RequestClass; user: string };
  retained: boolean;
}

/** Send the bytes of a reply to one connection of one user. */
export type SendReply = (to: { user: string; client: string }, reply: string) => void;

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

export function openInbox(parts: InboxParts): Inbox {
  const { agent, g, clock, log, random, operations, prover } = parts;
  const view: InboxView = {
    agent,
    g,
    operations: (op) => {
      const operation = operations.get(op);
      return operation && { class: operation.role, type: operation.type };
    },
    get operationNames() {
      return operations.names();
    },
    duplicates: newTable(),
    anonymousBytes: newCopies(),
    beats: parts.beats,
    rates: newRates(),
    proof: (request) => prover.problem(request),
    knowsSession: (session) => operations.knows(session),
  };
  const act = async (verdict: Extract<Verdict, { do: 'act' }>, reply: SendReply) => {
    const { request, method, user, class: role, key } = verdict;
    const answer = await answerOf(parts, method, request, { user, role }).catch((err: unknown): Answer => {
      // Code of a user has thrown, e.g. a check of a param: that request fails, not the agent.
      log.error({ method, operation: request.op, err }, 'request failed');
      const why = fault('SESSION_FAILED', { text: `CRASH: ${causeOf(err)}` });
      return { code: ReplyCode.ERROR, message: why.message, session: {}, fault: why };
    });
    audit(log, verdict, answer);
    if (!key) return;
    const message: Reply = {
      id: key.id,
      g,
      t: clock.nowMs() / 1_000,
      code: answer.code,
      message: answer.message,
      session: answer.session,
      final: true,
    };
    const whole: Reply = {
      ...message,
      ...(answer.fault ? { fault: answer.fault } : {}),
      ...(answer.value === undefined ? {} : { value: answer.value }),
    };
    const text = textOf(whole);
    keep(key, text, answer);
    reply({ user: key.user, client: key.client }, text);
  };
  const keep = (key: RequestKey, text: string, answer: Answer) => {
    // A refusal that invites the same request later must not stand in its way.
    if (answer.fault?.retry_ms !== undefined) forget(view.duplicates, key);
    else settle(view.duplicates, key, text, clock.monotonicMs());
  };
  return {
    take(arrival, reply) {
      const verdict = judge(arrival, view, { monotonicMs: clock.monotonicMs(), wallS: clock.nowMs() / 1_000 });
      switch (verdict.do) {
        case 'silence':
          if (verdict.log)
            log.warn({ class: arrival.topic.class, user: arrival.topic.user, why: verdict.why }, 'request passed over');
          return;
        case 'reply':
          return reply(verdict.to, verdict.bytes);
        case 'act': {
          if (arrival.topic.agent !== ALL_AGENTS) return void act(verdict, reply);
          return void clock.after(random() * PING_ALL_SPREAD_MS, () => void act(verdict, reply));
        }
      }
    },
  };
}

async function answerOf(
  { operations, feeds, prover, api, info, clock }: InboxParts,
  method: Method,
  request: Request,
  who: { user: string; role: string },
): Promise<Answer> {
  const op = request.op ?? '';
  switch (method) {
    case 'ping':
    case 'info':
      return valued('Here.', info());
    case 'describe':
      return valued('Api.', api());
    case 'challenge':
      return valued('Nonce.', prover.challenge());
    case 'status':
      return operations.status(op, request.session);
    case 'history':
      return operations.history(op);
    case 'messages':
      return operations.messages(op, request.before);
    case 'wait':
      return operations.wait(op, request.session, Math.min(request.for_ms ?? WAIT_MS_MAX, WAIT_MS_MAX));
    case 'start':
      return operations.start(op, { params: request.params ?? {}, session: request.session ?? newUlid(clock), ...who });
    case 'stop':
    case 'abort':
      return operations.end(op, method, request.session);
    case 'feed.get': {
      const feed = feeds.get(request.feed ?? '');
      const why = feed ? undefined : fault('FEED_UNKNOWN', { feed: request.feed, known: [...feeds.keys()] });
      if (why) return { code: ReplyCode.ERROR, message: why.message, session: {}, fault: why };
      return valued('Blocks.', feed?.since(request.from ?? 0, FEED_BYTES_MAX));
    }
  }
}

const valued = (message: string, value: unknown): Answer => ({ code: ReplyCode.OK, message, session: {}, value });

/** Who did what and with which outcome; no params. */
function audit(
  log: Logger,
  { request, method, user, class: role }: Extract<Verdict, { do: 'act' }>,
  answer: Answer,
): void {
  if (method !== 'start' && method !== 'stop' && method !== 'abort') return;
  const outcome = answer.fault ? { outcome: 'refused', fault: answer.fault.code } : { outcome: 'done' };
  log.info(
    { user, client: request.client, class: role, method, operation: request.op, session: request.session, ...outcome },
    'asked',
  );
}

/** The bytes of a reply: long data of its session is cut as in its topic; what cannot be said even so is answered with its fault. */
function textOf(reply: Reply): string {
  const whole = encode(reply);
  if (whole.ok) return whole.value;
  const session = Session.safeParse(reply.session);
  const text = session.success ? encode({ ...reply, session: forTopic(session.data) }) : whole;
  if (text.ok) return text.value;
  return JSON.stringify({
    ...reply,
    session: {},
    value: undefined,
    code: ReplyCode.ERROR,
    message: text.fault.message,
    fault: text.fault,
  });
}
