/** The caller's side of one request: sent again under the same id until it is answered or its time is over (PROTOCOL §4). */

const REPEAT_MS_FIRST = 300;
const REPEAT_MS_MAX = 2_000;
const REPEAT_GROWTH = 1.7;

/** What the machine reads of a reply. */
export interface ReplySeen {
  final: boolean;
  fault?: { code: string; retry_ms?: number | undefined } | undefined;
}

export interface Call {
  readonly id: string;
  readonly endsAtMs: number;
  /** Between 0 and 1, for the spread of the repeats. */
  readonly random: () => number;
  /** How often it was sent. */
  readonly sends: number;
  readonly nextSendAtMs: number;
  /** The agent has said that it is at work. */
  readonly received: boolean;
  readonly busUp: boolean;
  /** It has its result. */
  readonly over: boolean;
}

export type CallEvent<R extends ReplySeen> =
  | { type: 'tick' }
  | { type: 'reply'; reply: R }
  | { type: 'bus'; up: boolean };

export interface CallAct<R extends ReplySeen> {
  /** Publish the identical bytes now. */
  send?: true;
  /** The one result of the call. `no-reply` becomes a fault by `silenceCode`. */
  done?: { reply: R } | { fault: 'no-reply' };
}

export interface CallDecision<R extends ReplySeen> {
  call: Call;
  act: CallAct<R>;
  /** When to step again with `tick`; undefined once it is over. */
  wakeAtMs: number | undefined;
}

/** A call that waits for its first `tick`, at which it is sent. The bus counts as up until it is said to be down. */
export const newCall = (given: { id: string; ttlMs: number; startedMs: number; random: () => number }): Call => ({
  id: given.id,
  endsAtMs: given.startedMs + given.ttlMs,
  random: given.random,
  sends: 0,
  nextSendAtMs: given.startedMs,
  received: false,
  busUp: true,
  over: false,
});

/** Wait after the k-th sending (k from 0), ms: 300 × 1.7^k, at most 2 000, ± 20 %. */
export const nextSendMs = (k: number, random: () => number): number =>
  spread(Math.min(REPEAT_MS_FIRST * REPEAT_GROWTH ** k, REPEAT_MS_MAX), random);

/** Decide what one event means for a call. Once over, every event is ignored. */
export function callStep<R extends ReplySeen>(call: Call, event: CallEvent<R>, nowMs: number): CallDecision<R> {
  if (call.over) return { call, act: {}, wakeAtMs: undefined };
  switch (event.type) {
    case 'reply':
      return onReply(call, event.reply, nowMs);
    case 'bus':
      // Back after an outage: at once, the agent may long have the answer.
      return onTime<R>(
        { ...call, busUp: event.up, nextSendAtMs: event.up && !call.busUp ? nowMs : call.nextSendAtMs },
        nowMs,
      );
    case 'tick':
      return onTime<R>(call, nowMs);
  }
}

function onReply<R extends ReplySeen>(call: Call, reply: R, nowMs: number): CallDecision<R> {
  const retryMs = retryOf(reply);
  if (retryMs !== undefined && nowMs + retryMs < call.endsAtMs) {
    // Never earlier than asked; a fifth more at most, so that the refused do not come back in step.
    return wait({ ...call, nextSendAtMs: nowMs + retryMs * (1 + 0.2 * call.random()) });
  }
  if (reply.final || retryMs !== undefined) return over(call, { reply });
  return wait({ ...call, received: true, nextSendAtMs: nowMs + spread(REPEAT_MS_MAX, call.random) });
}

function onTime<R extends ReplySeen>(call: Call, nowMs: number): CallDecision<R> {
  if (nowMs >= call.endsAtMs) return over(call, { fault: 'no-reply' });
  if (!call.busUp || nowMs < call.nextSendAtMs) return wait(call);
  const pauseMs = call.received ? spread(REPEAT_MS_MAX, call.random) : nextSendMs(call.sends, call.random);
  const { wakeAtMs, ...rest } = wait<R>({ ...call, sends: call.sends + 1, nextSendAtMs: nowMs + pauseMs });
  return { ...rest, act: { send: true }, wakeAtMs };
}

const wait = <R extends ReplySeen>(call: Call): CallDecision<R> => ({
  call,
  act: {},
  wakeAtMs: call.busUp ? Math.min(call.nextSendAtMs, call.endsAtMs) : call.endsAtMs,
});

const over = <R extends ReplySeen>(call: Call, done: NonNullable<CallAct<R>['done']>): CallDecision<R> => ({
  call: { ...call, over: true },
  act: { done },
  wakeAtMs: undefined,
});

const spread = (ms: number, random: () => number): number => ms * (0.8 + 0.4 * random());

/** BUSY and RATE_LIMITED invite the same request again; no other refusal does. */
function retryOf({ fault }: ReplySeen): number | undefined {
  return fault && (fault.code === 'BUSY' || fault.code === 'RATE_LIMITED') ? fault.retry_ms : undefined;
}

/** What the caller knew of the agent and the bus when its time was over. */
export interface Silence {
  /** A presence, a beat or a ping of it was seen ever. */
  presenceKnown: boolean;
  /** Lost, offline, or three beats missed. */
  silent: boolean;
  connectionUp: boolean;
}

/** The fault of a call that ended without a reply (PROTOCOL §4.7). Without a connection nothing else can be known. */
export function silenceCode({
  presenceKnown,
  silent,
  connectionUp,
}: Silence): 'BUS_DOWN' | 'UNKNOWN_AGENT' | 'AGENT_ABSENT' | 'NO_REPLY' {
  if (!connectionUp) return 'BUS_DOWN';
  if (!presenceKnown) return 'UNKNOWN_AGENT';
  return silent ? 'AGENT_ABSENT' : 'NO_REPLY';
}
