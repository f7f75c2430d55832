/** What an agent makes of one request that arrives: silence, a reply, or something to do (PROTOCOL §4, in the order of rule 4). */
import { type Fault, fault } from '../base/fault.ts';
import { didYouMean } from '../base/nearest.ts';
import { type Copies, admitBytes } from './copies.ts';
import { type DuplicateTable, type Lane, type RequestKey, admit, forget, settle } from './duplicates.ts';
import { type Method, Request, TTL_DEFAULT_MS, decode } from './envelope.ts';
import { type BeatLog, type Now, isFresh } from './freshness.ts';
import { METHOD_NAMES, actsOnOperation, covers, methodOf, neededField } from './methods.ts';
import { type Rates, busy, mayLog, rateProblem } from './rates.ts';
import { receiptBytes, refusalBytes, replayedBytes } from './replies.ts';
import { ALL_AGENTS, NAME, type RequestClass } from './topics.ts';

export interface Arrival {
  bytes: Uint8Array;
  topic: { agent: string; class: RequestClass; user: string };
  retained: boolean;
}

/** What the agent is at this moment. The tables are its own; `judge` writes into them, nobody else need read them. */
export interface InboxView {
  agent: string;
  g: number;
  operations: (op: string) => { class: RequestClass; type: 'task' | 'process' } | undefined;
  /** Names of the operations, for the remedy of OPERATION_UNKNOWN. */
  operationNames?: readonly string[];
  duplicates: DuplicateTable;
  /** Of requests without id or client. */
  anonymousBytes: Copies;
  beats: BeatLog;
  rates: Rates;
  /** Given only where there are no users: the fault of a request that needs class admin, or undefined if its proof is good. */
  proof?: (request: Request, op: string | undefined) => Fault | undefined;
  /** Does the store know this session? Then a request of an earlier generation is still understood. */
  knowsSession?: (session: string) => boolean;
}

export type Verdict =
  | { do: 'silence'; why: string; log: boolean }
  | { do: 'reply'; bytes: string; to: { user: string; client: string }; fault?: Fault; request?: Request }
  | {
      do: 'act';
      request: Request;
      method: Method;
      /** The class that the request needs, covered by that of its topic. */
      class: RequestClass;
      user: string;
      /** For `settle` with the final reply, or `forget` if that has `retry_ms`; null for what is not answered. */
      key: RequestKey | null;
      answer: boolean;
    };

/** Judge one arrival. `act` means: enter it nowhere else, do it, then `settle` its key. */
export function judge(arrival: Arrival, view: InboxView, now: Now): Verdict {
  const { topic } = arrival;
  if (topic.agent !== view.agent && topic.agent !== ALL_AGENTS)
    return { do: 'silence', why: 'for another agent', log: false };
  if (arrival.retained) return silence(arrival, view, now, 'retained', true);
  const decoded = decode(arrival.bytes);
  if (!decoded.ok) return silence(arrival, view, now, 'malformed');
  const key = keyOf(decoded.value, topic.user);
  const context: Context = { arrival, view, now, key };
  const parsed = Request.safeParse(decoded.value);
  if (!parsed.success) return refuse(context, fault('REQUEST_INVALID', { problem: problemOf(parsed.error.issues) }));
  const request = parsed.data;
  const method = methodOf(request.method);
  if (topic.agent === ALL_AGENTS && (method !== 'ping' || topic.class !== 'read'))
    return silence(arrival, view, now, 'not a read ping');
  if (!method)
    return refuse(context, fault('METHOD_UNKNOWN', { method: request.method, known: METHOD_NAMES }), request);
  return judgeMethod(context, request, method);
}

interface Context {
  arrival: Arrival;
  view: InboxView;
  now: Now;
  key: RequestKey | null;
}

/** From "class and user" on. */
function judgeMethod(context: Context, request: Request, method: Method): Verdict {
  const { arrival, view, now, key } = context;
  const field = neededField(method);
  if (field && request[field] === undefined) {
    return refuse(context, fault('REQUEST_INVALID', { problem: `${field}: needed by "${method}"` }), request);
  }
  const needed = neededClass(view, request, method);
  if (!needed)
    return refuse(context, fault('OPERATION_UNKNOWN', { op: request.op, known: view.operationNames ?? [] }), request);
  if (!covers(arrival.topic.class, needed))
    return refuse(context, fault('DENIED', { needed, held: arrival.topic.class }), request);

  const known = recall(context, request, method, needed);
  if (known) return known;
  const problem =
    staleProblem(view, request, needed, now) ??
    generationProblem(view, request, method) ??
    rateProblem(
      view.rates,
      view.duplicates,
      { user: arrival.topic.user, lane: laneOf(method, needed), start: method === 'start' },
      now.monotonicMs,
    ) ??
    kindProblem(view, request, method) ??
    (needed === 'admin' ? view.proof?.(request, request.op) : undefined);
  if (!problem)
    return { do: 'act', request, method, class: needed, user: arrival.topic.user, key, answer: key !== null };
  const verdict = refuse(context, problem, request);
  // The same bytes will be refused alike; only what invites a repeat is judged anew.
  if (key && problem.retry_ms !== undefined) forget(view.duplicates, key);
  else if (key && verdict.do === 'reply') settle(view.duplicates, key, verdict.bytes, now.monotonicMs);
  return verdict;
}

/** The verdict on a request that has been here before, or for which there is no room; undefined for a new one, now entered. */
function recall(
  { arrival, view, now, key }: Context,
  request: Request,
  method: Method,
  needed: RequestClass,
): Verdict | undefined {
  const { topic } = arrival;
  if (!key) {
    const name = `${topic.agent}/${topic.class}/${topic.user}`;
    const admitted = admitBytes(view.anonymousBytes, name, new TextDecoder().decode(arrival.bytes), now.monotonicMs);
    if (admitted === 'new') return undefined;
    return admitted === 'copy'
      ? { do: 'silence', why: 'copy', log: false }
      : silence(arrival, view, now, 'too many without id');
  }
  const { verdict, reply } = admit(view.duplicates, key, {
    nowMs: now.monotonicMs,
    ttlMs: request.ttl_ms ?? TTL_DEFAULT_MS,
    effect: needed !== 'read' && request.session === undefined,
    lane: laneOf(method, needed),
  });
  const to = { user: key.user, client: key.client };
  switch (verdict) {
    case 'new':
      return undefined;
    case 'running':
      return { do: 'reply', to, bytes: receiptBytes(key.id, view.g, now.wallS), request };
    case 'answered':
      return { do: 'reply', to, bytes: replayedBytes(reply ?? '{}'), request };
    case 'full': {
      const full = busy(`the memory for requests of user "${key.user}"`, 1_000);
      return { do: 'reply', to, bytes: refusalBytes(key.id, view.g, now.wallS, full), fault: full, request };
    }
  }
}

function neededClass(view: InboxView, request: Request, method: Method): RequestClass | undefined {
  if (!actsOnOperation(method)) return 'read';
  return view.operations(request.op ?? '')?.class;
}

/** Only what changes something must be fresh: a late read harms nobody. */
function staleProblem(view: InboxView, request: Request, needed: RequestClass, now: Now): Fault | undefined {
  if (needed === 'read') return undefined;
  const ttlMs = request.ttl_ms ?? TTL_DEFAULT_MS;
  // Beats are counted by each generation anew: one of another generation says nothing about this one's.
  const beat = request.g === view.g ? request.beat : undefined;
  const silentOfAge = beat === undefined && request.beat !== undefined && request.sent === undefined;
  return !silentOfAge && isFresh({ beat, sent: request.sent, ttlMs }, view.beats, now)
    ? undefined
    : fault('EXPIRED', { ttlMs });
}

function generationProblem(view: InboxView, { g, session }: Request, method: Method): Fault | undefined {
  if (g === undefined || g === view.g || !actsOnOperation(method)) return undefined;
  if (session !== undefined && view.knowsSession?.(session)) return undefined;
  return fault('STALE_GENERATION', { asked: g, agent: view.agent, current: view.g });
}

/** A process is stopped, a task is aborted. */
function kindProblem(view: InboxView, { op = '' }: Request, method: Method): Fault | undefined {
  if (method !== 'stop' && method !== 'abort') return undefined;
  const type = view.operations(op)?.type;
  const verb = type === 'task' ? 'abort' : 'stop';
  return verb === method ? undefined : fault('OPERATION_KIND', { op, type, verb });
}

function laneOf(method: Method, needed: RequestClass): Lane {
  if (method === 'wait') return 'wait';
  return needed === 'read' ? 'read' : 'act';
}

function refuse({ view, arrival, now, key }: Context, problem: Fault, request?: Request): Verdict {
  if (!key) return silence(arrival, view, now, problem.code);
  const bytes = refusalBytes(key.id, view.g, now.wallS, problem);
  const to = { user: key.user, client: key.client };
  return request ? { do: 'reply', to, bytes, fault: problem, request } : { do: 'reply', to, bytes, fault: problem };
}

function silence({ topic }: Arrival, view: InboxView, now: Now, why: string, once = false): Verdict {
  const log = mayLog(view.rates, `${why} ${topic.agent}/${topic.class}/${topic.user}`, now.monotonicMs, once);
  return { do: 'silence', why, log };
}

/** Id and client of a message that may be no request at all: enough to refuse it to whoever asked. */
function keyOf({ id, client }: Record<string, unknown>, user: string): RequestKey | null {
  const usable =
    typeof id === 'string' && id.length >= 1 && id.length <= 64 && typeof client === 'string' && NAME.test(client);
  return usable ? { user, client, id } : null;
}

/** What is wrong, an unknown field by its name. */
function problemOf(issues: readonly { code?: string; keys?: unknown; path: PropertyKey[]; message: string }[]): string {
  const unknown = issues.find(({ code }) => code === 'unrecognized_keys');
  if (unknown && Array.isArray(unknown.keys)) {
    const name = String(unknown.keys[0]).slice(0, 64);
    return `field "${name}" not known${didYouMean(name, Object.keys(Request.shape))}`;
  }
  const [first] = issues;
  return first ? `${first.path.map(String).join('.') || 'message'}: ${first.message}` : 'not valid';
}
