/** What an agent makes of a request before it does anything: the order of PROTOCOL §4.4, each refusal with its code. */
import { type Fault, fault } from '../base/fault.ts';
import { type Copies, admitBytes } from './copies.ts';
import { type DuplicateTable, type RequestKey, admit, forget, runningOf } from './duplicates.ts';
import { Method, type Reply, ReplyCode, Request, TTL_DEFAULT_MS, decode } from './envelope.ts';
import { type BeatLog, type Now, isFresh } from './freshness.ts';
import { ALL_AGENTS, type RequestClass, REQUEST_CLASSES } from './topics.ts';

export interface InboxView {
  agent: string;
  g: number;
  /** Class that start, stop and abort of an operation need. */
  operations(op: string): { class: RequestClass } | undefined;
  duplicates: DuplicateTable;
  copies: Copies;
  beats: BeatLog;
  rates: Rates;
  /** Where there are no users: why the proof of an admin request is not accepted. */
  proof?(request: Request): Fault | undefined;
  /** Is this session, begun by a generation before, in the store? */
  knowsSession?(session: string): boolean;
}

export interface RequestArrival {
  bytes: Uint8Array;
  topic: { agent: string; class: RequestClass; user: string };
  retained: boolean;
}

export type Verdict =
  | { do: 'silence'; why: string }
  | { do: 'reply'; reply: Reply; to: { user: string; client: string } }
  /** The same bytes as an earlier answer. */
  | { do: 'again'; reply: string; to: { user: string; client: string } }
  | { do: 'act'; request: Request; method: Method; user: string; class: RequestClass; key: RequestKey | null };

/** Starts of each user in the running second. Made by `newRates`, changed only here. */
export interface Rates {
  secondMs: number;
  readonly starts: Map<string, number>;
}
export const newRates = (): Rates => ({ secondMs: 0, starts: new Map() });

const STARTS_PER_S = 100;
const PER_USER_RUNNING = 32;
const RETRY_MS = 1_000;
const ACTS: ReadonlySet<Method> = new Set(['start', 'stop', 'abort']);
const NEEDS_OP: ReadonlySet<Method> = new Set(['status', 'history', 'messages', 'wait', 'start', 'stop', 'abort']);

/** Judge one arrival; the tables of the view take note of it. */
export function judge(arrival: RequestArrival, view: InboxView, now: Now): Verdict {
  const { topic, bytes } = arrival;
  if (arrival.retained) return { do: 'silence', why: 'retained' };
  const parsed = parse(bytes);
  if ('why' in parsed) return parsed.to ? refuse(view, now, parsed.to.id, { ...topic, client: parsed.to.client }, parsed.why) : { do: 'silence', why: parsed.why.message };
  const { request } = parsed;
  const { id, client } = request;
  const to = { user: topic.user, client: client ?? '' };
  const no = (why: Fault): Verdict => (id === undefined || client === undefined ? { do: 'silence', why: why.message } : refuse(view, now, id, to, why));

  const method = Method.safeParse(request.method).data;
  if (!method) return no(fault('METHOD_UNKNOWN', { method: request.method, known: Method.options }));
  if (topic.agent === ALL_AGENTS && method !== 'ping') return no(fault('REQUEST_INVALID', { problem: `"${ALL_AGENTS}" takes only "ping"` }));
  const allowed = classProblem(request, method, topic.class, view);
  if (allowed) return no(allowed);

  const ttlMs = request.ttl_ms ?? TTL_DEFAULT_MS;
  const effect = ACTS.has(method);
  const key = id === undefined || client === undefined ? null : { user: topic.user, client, id };
  if (key) {
    const admitted = admit(view.duplicates, key, { nowMs: now.monotonicMs, ttlMs, effect, lane: method === 'wait' ? 'wait' : effect ? 'act' : 'read' });
    if (admitted.verdict === 'running') return { do: 'reply', reply: receipt(view, now, key.id), to };
    if (admitted.verdict === 'answered') return { do: 'again', reply: admitted.reply ?? '', to };
    if (admitted.verdict === 'full') return no(busy('the table of requests'));
  } else if (admitBytes(view.copies, `${topic.agent}/${topic.class}/${topic.user}`, text(bytes), now.monotonicMs) !== 'new') {
    return { do: 'silence', why: 'a copy' };
  }
  const late = dueProblem(request, { method, ttlMs, class: topic.class, user: topic.user }, view, now);
  if (late) {
    if (key) forget(view.duplicates, key);
    return no(late);
  }
  return { do: 'act', request, method, user: topic.user, class: topic.class, key };
}

type Parsed = { request: Request } | { why: Fault; to?: { id: string; client: string } };

function parse(bytes: Uint8Array): Parsed {
  const decoded = decode(bytes);
  if (!decoded.ok) return { why: decoded.fault };
  const parsed = Request.safeParse(decoded.value);
  if (parsed.success) return { request: parsed.data };
  const { id, client } = decoded.value;
  const issue = parsed.error.issues[0];
  const problem =
    issue?.code === 'unrecognized_keys' ? `unknown field ${issue.keys.map((key) => `"${key}"`).join(', ')}` : `${issue?.path.join('.') || 'message'}: ${issue?.message ?? 'not valid'}`;
  const why = fault('REQUEST_INVALID', { problem });
  return typeof id === 'string' && typeof client === 'string' && Request.shape.client.safeParse(client).success ? { why, to: { id, client } } : { why };
}

/** The class in the topic must cover the method and the operation; admin without users needs its proof besides. */
function classProblem(request: Request, method: Method, held: RequestClass, view: InboxView): Fault | undefined {
  if (NEEDS_OP.has(method) && request.op === undefined) return fault('REQUEST_INVALID', { problem: `"${method}" needs "op"` });
  if (method === 'start' && request.session === undefined && request.id !== undefined) return fault('REQUEST_INVALID', { problem: '"start" needs "session", an id chosen by the caller' });
  const needed: RequestClass = ACTS.has(method) ? (view.operations(request.op ?? '')?.class ?? 'read') : 'read';
  if (REQUEST_CLASSES.indexOf(held) < REQUEST_CLASSES.indexOf(needed)) return fault('DENIED', { needed, held });
  return held === 'admin' ? view.proof?.(request) : undefined;
}

/** Too old, meant for another generation, or more than may be asked at once. */
function dueProblem(request: Request, asked: { method: Method; ttlMs: number; class: RequestClass; user: string }, view: InboxView, now: Now): Fault | undefined {
  const { method, ttlMs, user } = asked;
  if (asked.class !== 'read' && !isFresh({ beat: request.beat, sent: request.sent, ttlMs }, view.beats, now)) return fault('EXPIRED', { ttlMs });
  if (method === 'start' && request.g !== undefined && request.g !== view.g && !view.knowsSession?.(request.session ?? '')) {
    return fault('STALE_GENERATION', { agent: view.agent, asked: request.g, current: view.g, session: request.session });
  }
  if (runningOf(view.duplicates, user) > PER_USER_RUNNING) return busy('the inbox');
  if (method === 'start' && overRate(view.rates, user, now)) return { ...fault('RATE_LIMITED', { limit: `${STARTS_PER_S} starts a second`, retryMs: RETRY_MS }), retry_ms: RETRY_MS };
  return undefined;
}

function overRate(rates: Rates, user: string, now: Now): boolean {
  if (now.monotonicMs - rates.secondMs >= 1_000) {
    rates.secondMs = now.monotonicMs;
    rates.starts.clear();
  }
  const starts = (rates.starts.get(user) ?? 0) + 1;
  rates.starts.set(user, starts);
  return starts > STARTS_PER_S;
}

const busy = (what: string): Fault => ({ ...fault('BUSY', { what, retryMs: RETRY_MS }), retry_ms: RETRY_MS });
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const receipt = ({ g }: InboxView, { wallS }: Now, id: string): Reply => ({ id, g, t: wallS, code: ReplyCode.OK, message: 'Received.', session: {}, final: false });

function refuse({ g }: InboxView, { wallS }: Now, id: string, to: { user: string; client: string }, why: Fault): Verdict {
  const reply: Reply = { id, g, t: wallS, code: ReplyCode.ERROR, message: why.message, session: {}, final: true, fault: why };
  return { do: 'reply', reply, to: { user: to.user, client: to.client } };
}

