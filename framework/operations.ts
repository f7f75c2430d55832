/** The verbs on operations: start, status, wait, stop, abort, history, messages (framework §4). */
import { type Clock, type Cancel } from '../base/clock.ts';
import { type Fault, type FaultCode, fault } from '../base/fault.ts';
import type { Logger } from '../base/log.ts';
import { ReplyCode } from '../protocol/envelope.ts';
import { MESSAGES_KEPT, MESSAGES_SHOWN, type Session, opCodeName } from '../protocol/session.ts';
import type { Operation } from './operation.ts';
import { checkParams, shownParams } from './params.ts';
import { type SessionRecords, interrupted } from './session-records.ts';
import { type OpenSession, openSession, resultOf } from './session.ts';

export interface Answer {
  code: number;
  message: string;
  session: Session | Record<string, never>;
  fault?: Fault;
  value?: unknown;
}

export interface Start {
  params?: unknown;
  /** Chosen by the caller: a second start with it returns that session and runs nothing. */
  session: string;
  user: string;
  role: string;
}

export interface Operations {
  add(operation: Operation): void;
  names(): string[];
  get(name: string): Operation | undefined;
  start(op: string, start: Start): Promise<Answer>;
  status(op: string, session?: string): Answer;
  /** `forMs` null waits until the session is done; 0 or less answers at once. */
  wait(op: string, session: string | undefined, forMs: number | null): Promise<Answer>;
  /** `stop` of a process, `abort` of a task. */
  end(op: string, verb: 'stop' | 'abort', session?: string): Answer;
  history(op: string): Answer;
  messages(op: string, before?: number): Answer;
  /** The newest session of an operation, or undefined when it never ran. */
  newest(op: string): Session | undefined;
  /** Is this session, started with an effect, known: running, kept, or in the store? */
  knows(session: string): boolean;
  /** No new starts; stop processes, abort abortable tasks; resolve when all sessions are done, or naming those left at `graceMs`. */
  drain(reason: string, graceMs: number): Promise<string[]>;
}

export interface OperationsParts {
  agent: string;
  g: number;
  clock: Clock;
  log: Logger;
  records: SessionRecords;
  /** A session looks different now: `atOnce` for transitions, else within the rate of its topic. */
  changed(op: string, atOnce: boolean): void;
  /** A session is over: what its operation has buffered goes out. */
  sessionEnded(): void;
}

interface Held {
  operation: Operation;
  current: OpenSession | undefined;
  /** Ended ones, oldest first. */
  ended: Session[];
  started: number;
  n: number;
  /** Starts of an immediate task that wait for their turn. */
  queue: Promise<unknown>;
  waiting: number;
}

const QUEUE_MAX = 64;
const STOP_TOLD_AFTER_MS = 30_000;
const PAGE_MESSAGES_MAX = 100;
const PAGE_BYTES_MAX = 65_536;

export function operationsOf({ agent, g, clock, log, records, changed, sessionEnded }: OperationsParts): Operations {
  const held = new Map<string, Held>();
  let draining: string | undefined;

  const view = (one: Held, session: OpenSession | Session, messages = MESSAGES_SHOWN): Session =>
    isOpen(session)
      ? { ...session.view(messages), g, n: one.n }
      : { ...session, messages: session.messages.slice(-messages) };
  const bump = (one: Held, atOnce: boolean) => {
    if (atOnce) one.n++;
    changed(one.operation.name, atOnce);
  };
  const sessionOf = (one: Held, id: string): OpenSession | Session | undefined =>
    one.current?.id === id ? one.current : one.ended.find((session) => session.session_id === id);
  const refuse = (
    code: FaultCode,
    facts: Record<string, unknown>,
    session: Session | Record<string, never> = {},
  ): Answer => {
    const why = fault(code, facts);
    return { code: ReplyCode.ERROR, message: why.message, session, fault: why };
  };
  const unknown = (op: string) => refuse('OPERATION_UNKNOWN', { op, known: [...held.keys()] });
  const lost = (op: string, session: string) => refuse('SESSION_UNKNOWN', { op, session });

  const finish = (one: Held, session: OpenSession, result: Parameters<OpenSession['end']>[0]) => {
    session.end(result);
    const ended = view(one, session, MESSAGES_KEPT);
    one.ended = [...one.ended, ended].slice(-one.operation.history);
    one.current = undefined;
    if (one.operation.durable) records.ended(ended);
    sessionEnded();
  };
  const run = async (one: Held, session: OpenSession, params: Record<string, unknown>): Promise<void> => {
    const { operation } = one;
    session.begin();
    let result: ReturnType<typeof resultOf>;
    try {
      result = resultOf({ returned: await operation.run(session.handle, params) });
    } catch (thrown) {
      result = resultOf({ thrown });
      if (result.crash)
        log.error({ operation: operation.name, session: session.id, err: result.crash }, 'operation crashed');
    }
    const aborted = operation.type === 'task' && session.handle.signal.aborted && !operation.immediate;
    finish(one, session, aborted && result.success ? abortedResult(result.text) : result);
  };
  const open = (one: Held, start: Start, params: Record<string, unknown>): OpenSession => {
    one.started++;
    const { operation } = one;
    const session = openSession(
      {
        opName: operation.name,
        id: start.session,
        number: one.started,
        user: start.user,
        role: start.role,
        params: shownParams(operation.params, params),
        dataBytesMax: operation.dataBytesMax,
      },
      { clock, g, changed: (atOnce) => bump(one, atOnce) },
    );
    one.current = session;
    bump(one, true);
    return session;
  };
  /** Immediate tasks run inside the request, one after another in order of arrival. */
  const inTurn = async (one: Held, start: Start, params: Record<string, unknown>): Promise<Answer> => {
    if (one.waiting > QUEUE_MAX)
      return refuse('OPERATION_QUEUE_FULL', { op: one.operation.name, waiting: one.waiting - 1 });
    one.waiting++;
    const turn = one.queue.then(async (): Promise<Answer> => {
      if (draining !== undefined) {
        one.waiting--;
        return refuse('STOPPING', { agent, reason: draining });
      }
      const session = open(one, start, params);
      await run(one, session, params);
      one.waiting--;
      return { code: ReplyCode.OK, message: `Started task "${one.operation.name}".`, session: last(one) };
    });
    one.queue = turn;
    return turn;
  };
  const last = (one: Held): Session | Record<string, never> => {
    const session = one.ended.at(-1);
    return session ? view(one, session) : {};
  };

  return {
    add(operation) {
      const { ended, started } = records.of(operation.name);
      const crashed = ended
        .filter((session) => session.status !== 'done')
        .map((session) => interrupted(session, clock));
      for (const session of crashed) records.ended(session);
      const whole = ended.map((session) => crashed.find((one) => one.session_id === session.session_id) ?? session);
      held.set(operation.name, {
        operation,
        current: undefined,
        ended: whole,
        started,
        n: whole.length > 0 ? 1 : 0,
        queue: Promise.resolve(),
        waiting: 0,
      });
    },
    names: () => [...held.keys()],
    get: (name) => held.get(name)?.operation,

    async start(op, start) {
      const one = held.get(op);
      if (!one) return unknown(op);
      const started = `Started ${one.operation.type} "${op}".`;
      const known = sessionOf(one, start.session);
      if (known) return { code: ReplyCode.OK, message: started, session: view(one, known) };
      if (draining !== undefined) return refuse('STOPPING', { agent, reason: draining });
      const checked = checkParams(one.operation.params, start.params);
      if (!checked.ok) return refuse('PARAMS_INVALID', { op, problems: checked.problems.join('; ') });
      if (one.operation.immediate) return inTurn(one, start, checked.value);
      if (one.current) return refuse('OPERATION_ACTIVE', { op }, view(one, one.current));
      const session = open(one, start, checked.value);
      if (one.operation.durable) {
        const kept = await records.began(view(one, session));
        if (!kept.ok) log.warn({ operation: op, session: session.id, fault: kept.fault.code }, 'session not kept');
      }
      const answer = { code: ReplyCode.OK, message: started, session: view(one, session) };
      queueMicrotask(() => void run(one, session, checked.value));
      return answer;
    },

    status(op, id) {
      const one = held.get(op);
      if (!one) return unknown(op);
      if (one.current?.refresh()) one.n++;
      const session = id === undefined ? (one.current ?? one.ended.at(-1)) : sessionOf(one, id);
      if (!session)
        return id === undefined ? { code: ReplyCode.OK, message: 'No session active.', session: {} } : lost(op, id);
      return { code: ReplyCode.OK, message: 'Session active.', session: view(one, session) };
    },

    async wait(op, id, forMs) {
      const one = held.get(op);
      if (!one) return unknown(op);
      const session = id === undefined ? (one.current ?? one.ended.at(-1)) : sessionOf(one, id);
      if (!session) return id === undefined ? { code: ReplyCode.OK, message: 'Idle.', session: {} } : lost(op, id);
      if (isOpen(session)) {
        await settledWithin(session.done, forMs, clock);
        if (session.status !== 'done') {
          return {
            code: ReplyCode.TIMEOUT,
            message: `Operation "${op}" still running; wait timed out.`,
            session: view(one, session),
          };
        }
      }
      const ended = sessionOf(one, isOpen(session) ? session.id : session.session_id) ?? session;
      const shown = view(one, ended);
      return {
        code: ReplyCode.OK,
        message: `Operation "${op}" is currently not running (${opCodeName(shown.op_code)}).`,
        session: shown,
      };
    },

    end(op, verb, id) {
      const one = held.get(op);
      if (!one) return unknown(op);
      const { type, abortable } = one.operation;
      if ((type === 'process') !== (verb === 'stop')) {
        return refuse('OPERATION_KIND', { op, type, verb: type === 'process' ? 'stop' : 'abort' });
      }
      const current = one.current ?? one.ended.at(-1);
      if (!current) return { code: ReplyCode.ERROR, message: 'No session active.', session: {} };
      if (id !== undefined) {
        const asked = sessionOf(one, id);
        if (!asked) return lost(op, id);
        if (asked !== one.current && asked !== current) {
          return refuse('STALE_SESSION', { session: id, current: view(one, current).session_id }, view(one, asked));
        }
      }
      if (!isOpen(current) || current.status === 'stopping') {
        return { code: ReplyCode.ERROR, message: 'The operation is already stopping', session: view(one, current) };
      }
      if (!abortable) return refuse('NOT_ABORTABLE', { op }, view(one, current));
      current.stop();
      tellWhenSlow(current, clock);
      const message = `Requested ${verb} on ${type} "${op}".`;
      return { code: ReplyCode.OK, message, session: view(one, current) };
    },

    history(op) {
      const one = held.get(op);
      if (!one) return unknown(op);
      const all = [...one.ended, ...(one.current ? [view(one, one.current)] : [])];
      const value = all.toReversed().map(({ data: _data, messages: _messages, ...rest }) => rest);
      return { code: ReplyCode.OK, message: `${value.length} sessions.`, session: {}, value };
    },

    messages(op, before) {
      const one = held.get(op);
      if (!one) return unknown(op);
      const session = one.current ? view(one, one.current, MESSAGES_KEPT) : one.ended.at(-1);
      return { code: ReplyCode.OK, message: 'Messages.', session: {}, value: pageOf(session?.messages ?? [], before) };
    },

    newest(op) {
      const one = held.get(op);
      if (!one) return undefined;
      if (one.current?.refresh()) one.n++;
      const session = one.current ?? one.ended.at(-1);
      return session && { ...view(one, session), n: one.n, g };
    },

    knows: (id) => records.knows(id) || [...held.values()].some((one) => sessionOf(one, id) !== undefined),

    async drain(reason, graceMs) {
      draining = reason;
      const open = [...held.values()].flatMap((one) => (one.current ? [{ one, session: one.current }] : []));
      for (const { one, session } of open) {
        if (one.operation.abortable) session.stop();
      }
      const all = Promise.all(open.map(({ session }) => session.done));
      await settledWithin(all, graceMs, clock);
      return open.filter(({ session }) => session.status !== 'done').map(({ one }) => one.operation.name);
    },
  };
}

const isOpen = (session: OpenSession | Session): session is OpenSession => 'handle' in session && 'view' in session;

/** What a task that was aborted and returned has come to. */
const abortedResult = (text = 'aborted') => ({ success: false, text, fault: fault('SESSION_FAILED', { text }) });

/** The newest messages before number `before`: as many as one reply carries, at least one. */
function pageOf(
  messages: Session['messages'],
  before = messages.length,
): { from: number; messages: Session['messages'] } {
  const until = Math.max(0, Math.min(before, messages.length));
  let from = until;
  for (let bytes = 0; from > 0 && until - from < PAGE_MESSAGES_MAX; from--) {
    bytes += Buffer.byteLength(JSON.stringify(messages[from - 1]));
    if (bytes > PAGE_BYTES_MAX && from < until) break;
  }
  return { from, messages: messages.slice(from, until) };
}

/** Wait for `promise`, but no longer than `forMs`; null waits as long as it takes. */
async function settledWithin(promise: Promise<unknown>, forMs: number | null, clock: Clock): Promise<void> {
  if (forMs === null) return void (await promise);
  if (forMs <= 0) return;
  const over = new AbortController();
  await Promise.race([promise, clock.sleep(forMs, over.signal)]);
  over.abort();
}

/** A session that does not end after it was asked to says so once. */
function tellWhenSlow(session: OpenSession, clock: Clock): void {
  const cancel: Cancel = clock.after(STOP_TOLD_AFTER_MS, () =>
    session.handle.message(`Still stopping ${STOP_TOLD_AFTER_MS / 1_000} s after the request.`),
  );
  void session.done.then(cancel);
}
