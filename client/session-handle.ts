/** A session from outside: follow it, wait for it, end it. */
import type { Clock } from '../base/clock.ts';
import { CupolaFault, type Outcome, fault, must } from '../base/fault.ts';
import { type Reply, ReplyCode } from '../protocol/envelope.ts';
import { Session } from '../protocol/session.ts';
import type { RequestClass } from '../protocol/topics.ts';
import type { Ask, Caller } from './caller.ts';
import { type Stream, openStream } from './stream.ts';

/** How to reach one operation of one agent. */
export interface OperationAddress {
  caller: Caller;
  clock: Clock;
  agent: string;
  op: string;
  /** Class of start, stop and abort. */
  class(): Promise<RequestClass>;
}

export interface WaitOptions {
  /** No limit unless told. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

export interface SessionHandle extends AsyncIterable<Session> {
  readonly id: string;
  /** As it was at the start. */
  readonly session: Session;
  status(): Promise<Session>;
  /** The ended session; throws the fault of one that failed, TIMEOUT when it is not over in time. */
  wait(options?: WaitOptions): Promise<Session>;
  stop(): Promise<Session>;
  abort(): Promise<Session>;
}

const WAIT_TURN_MS = 30_000;
const CHANGES_MAX = 1_000;

/** Ask, and give the session of the reply. */
export async function ask(address: OperationAddress, method: Ask['method'], more: Partial<Ask> = {}): Promise<Reply> {
  const acts = method === 'start' || method === 'stop' || method === 'abort';
  const needed = acts ? await address.class() : 'read';
  return must(await address.caller.call(address.agent, { method, class: needed, op: address.op, ...more }));
}

/** The session in a reply, or null when the operation never ran. */
export const sessionIn = (reply: Reply): Session | null => Session.safeParse(reply.session).data ?? null;

/** Wait in turns of at most 30 s, as the wire wants it. */
export async function waitFor(
  address: OperationAddress,
  session: string | undefined,
  options: WaitOptions = {},
): Promise<Session | null> {
  const untilMs = address.clock.monotonicMs() + (options.timeoutMs ?? Number.POSITIVE_INFINITY);
  for (;;) {
    const leftMs = Math.max(0, untilMs - address.clock.monotonicMs());
    const turn = ask(address, 'wait', {
      forMs: Math.min(WAIT_TURN_MS, leftMs),
      ...(session === undefined ? {} : { session }),
    });
    const reply = await unlessAborted(turn, options.signal);
    if (reply.code !== ReplyCode.TIMEOUT) return sessionIn(reply);
    if (leftMs <= WAIT_TURN_MS) {
      const next = `cupola wait ${address.agent}.${address.op}`;
      throw new CupolaFault(
        fault('TIMEOUT', {
          what: `${address.agent}.${address.op}`,
          waitedMs: options.timeoutMs,
          next,
          session: sessionIn(reply),
        }),
      );
    }
  }
}

/** `promise`, or the reason of `signal` thrown as soon as it aborts. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const give = () => reject(signal.reason);
    if (signal.aborted) give();
    signal.addEventListener('abort', give, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', give));
  });
}

/** An ended session, or the fault it failed with. */
export function succeeded(session: Session | null): Session {
  if (!session) throw new CupolaFault(fault('SESSION_UNKNOWN', { session: '', op: '' }));
  if (session.success !== false) return session;
  const why = session.fault ?? fault('SESSION_FAILED', { text: session.messages.at(-1)?.[1] ?? 'failed' });
  throw new CupolaFault({
    code: why.code,
    message: why.message ?? '',
    remedy: why.remedy,
    facts: { ...why.facts, session },
  });
}

export function sessionHandle(address: OperationAddress, session: Session): SessionHandle {
  const id = session.session_id;
  const asked = (method: 'status' | 'stop' | 'abort') => async () =>
    sessionIn(await ask(address, method, { session: id })) ?? session;
  return {
    id,
    session,
    status: asked('status'),
    stop: asked('stop'),
    abort: asked('abort'),
    wait: async (options) => succeeded(await waitFor(address, id, options)),
    [Symbol.asyncIterator]: () => changesOf(address, session),
  };
}

/** Every change of the session until it is done, or AGENT_ABSENT when the agent has gone. */
function changesOf(address: OperationAddress, first: Session): Stream<Session> {
  const cancels: (() => void)[] = [];
  const stream = openStream<Session>(CHANGES_MAX, () => {
    for (const cancel of cancels) cancel();
  });
  const { caller, agent, op } = address;
  const absent = (why: string): Outcome<never> => ({ ok: false, fault: fault('AGENT_ABSENT', { agent, why }) });
  cancels.push(
    caller.watchSession(agent, op, (change) => {
      if (!change) return;
      if (change.session_id === first.session_id) stream.push(change);
      const over = change.session_id === first.session_id ? change.status === 'done' : change.number > first.number;
      if (over) stream.end();
    }),
    caller.watchPresence((who, presence) => {
      if (who !== agent) return;
      const gone = presence.state === 'lost' || presence.state === 'offline';
      if (gone || presence.g > first.g) {
        const outcome = absent(gone ? `it is ${presence.state}` : 'it has restarted');
        if (!outcome.ok) stream.end(new CupolaFault(outcome.fault));
      }
    }),
  );
  return stream;
}
