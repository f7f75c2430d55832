/** One run of one operation, from inside: its status moves forward only, its data is shown as it stands at each snapshot. */
import type { Clock } from '../base/clock.ts';
import { CupolaFault, type Fault, causeOf, fault } from '../base/fault.ts';
import {
  MESSAGES_KEPT,
  MESSAGES_SHOWN,
  SESSION_BYTES_MAX,
  type Session,
  type SessionStatus,
  opCodeOf,
} from '../protocol/session.ts';

const MESSAGE_BYTES_MAX = 4_096;
const MESSAGE_AGE_MAX_S = 3_600;
const MESSAGES_ALWAYS_KEPT = 5;

/** A failure that an operation returns or throws: success false, and the reason is shown. */
export interface Failed {
  readonly failed: Fault;
}

/** What `run` is given. */
export interface RunSession {
  readonly id: string;
  readonly number: number;
  readonly user: string;
  readonly role: string;
  /** False from `stopping` on. */
  readonly running: boolean;
  /** Aborted from `stopping` on. */
  readonly signal: AbortSignal;
  /** Shown state: assign or mutate it; both are seen at the next snapshot. */
  data: Record<string, unknown>;
  /** Wait `ms`; ends at once on stop or abort. Resolves to `running`. */
  sleep(ms: number): Promise<boolean>;
  /** Ticks at `hz` without drift, until stop or abort: `for await (const tick of session.pace(10))`. */
  pace(hz: number): AsyncGenerator<number>;
  message(text: string): void;
  /** `fraction` 0..1; `etaS` seconds to go. */
  progress(fraction: number, text?: string, etaS?: number): void;
  degraded(reason: string | false): void;
  /** Return or throw it: the session ends with success false. */
  failed(reason: string | Fault): Failed;
}

export interface Opening {
  opName: string;
  id: string;
  number: number;
  user: string;
  role: string;
  /** As shown: secrets already left out. */
  params: Record<string, unknown>;
  /** Bytes of `data` that are shown at most. */
  dataBytesMax: number;
}

/** The operation's side of a session. */
export interface OpenSession {
  readonly id: string;
  readonly number: number;
  readonly handle: RunSession;
  readonly status: SessionStatus;
  /** Resolves when the status is `done`. */
  readonly done: Promise<void>;
  /** `run` is being called. */
  begin(): void;
  /** Stop or abort was asked: `running` is false from now on. */
  stop(): void;
  /** `run` has returned or thrown. */
  end(result: { success: boolean; text?: string | undefined; fault?: Fault | undefined }): void;
  /** All of it, with up to `messages` of the newest messages. */
  view(messages?: number): Session;
  /** Take in what `data` has become; true when that changed what is shown. */
  refresh(): boolean;
}

/** `changed(true)` asks for publication at once, `changed(false)` for one within the rate. */
export function openSession(
  opening: Opening,
  { clock, g, changed }: { clock: Clock; g: number; changed(atOnce: boolean): void },
): OpenSession {
  const stopping = new AbortController();
  const startTime = clock.nowMs() / 1_000;
  let status: SessionStatus = 'starting';
  let success: boolean | null = null;
  let endTime: number | null = null;
  let reason: Fault | undefined;
  let degraded: string | false = false;
  let progress: Session['progress'] = {};
  let data: Record<string, unknown> = {};
  let shownText = '{}';
  let shownData: Record<string, unknown> = {};
  let complaint = '';
  /** Something beside `data` looks different since the last snapshot. */
  let fresh = false;
  let messages: [number, string][] = [];
  let settle: () => void = () => {};
  const done = new Promise<void>((resolve) => {
    settle = resolve;
  });

  const say = (text: string) => {
    const now = clock.nowMs() / 1_000;
    messages.push([now, shortened(text)]);
    const tooOld = messages.findIndex(([at]) => at >= now - MESSAGE_AGE_MAX_S);
    const surplus = Math.max(messages.length - MESSAGES_KEPT, Math.min(tooOld, messages.length - MESSAGES_ALWAYS_KEPT));
    if (surplus > 0) messages = messages.slice(surplus);
  };
  const enter = (next: SessionStatus) => {
    status = next;
    say(`Status is now "${next}".`);
    changed(true);
  };
  const refresh = (): boolean => {
    const changedBeside = fresh;
    fresh = false;
    return takeData() || changedBeside;
  };
  const takeData = (): boolean => {
    const taken = dataText(data, opening);
    if (!taken.ok) {
      if (taken.fault.message === complaint) return false;
      complaint = taken.fault.message;
      say(complaint);
      return true;
    }
    complaint = '';
    if (taken.text === shownText) return false;
    shownText = taken.text;
    shownData = taken.value;
    return true;
  };

  const handle: RunSession = {
    id: opening.id,
    number: opening.number,
    user: opening.user,
    role: opening.role,
    signal: stopping.signal,
    get running() {
      return status === 'starting' || status === 'running';
    },
    get data() {
      changed(false);
      return data;
    },
    set data(value) {
      data = value;
      changed(false);
    },
    async sleep(ms) {
      changed(false);
      if (!stopping.signal.aborted) await clock.sleep(ms, stopping.signal);
      return handle.running;
    },
    async *pace(hz) {
      const periodMs = 1_000 / hz;
      let dueMs = clock.monotonicMs();
      for (let tick = 0; handle.running; tick++) {
        yield tick;
        dueMs = Math.max(dueMs + periodMs, clock.monotonicMs() - periodMs);
        await handle.sleep(Math.max(0, dueMs - clock.monotonicMs()));
      }
    },
    message(text) {
      say(text);
      fresh = true;
      changed(false);
    },
    progress(fraction, text, etaS) {
      // A number that is none would make the whole session unreadable to others.
      progress = {
        ...(Number.isFinite(fraction) ? { fraction } : {}),
        ...(text === undefined ? {} : { text }),
        ...(etaS !== undefined && Number.isFinite(etaS) ? { eta_s: etaS } : {}),
      };
      fresh = true;
      changed(false);
    },
    degraded(why) {
      if (why === degraded) return;
      degraded = why;
      say(why === false ? 'No longer degraded.' : `Degraded: ${why}`);
      changed(true);
    },
    failed: (why) => ({ failed: typeof why === 'string' ? fault('SESSION_FAILED', { text: why }) : why }),
  };

  say('Status is now "starting".');
  return {
    id: opening.id,
    number: opening.number,
    handle,
    done,
    get status() {
      return status;
    },
    begin() {
      if (status === 'starting') enter('running');
    },
    stop() {
      if (status === 'stopping' || status === 'done') return;
      enter('stopping');
      stopping.abort();
    },
    end({ success: well, text, fault: why }) {
      if (status === 'done') return;
      refresh();
      success = well;
      reason = why;
      endTime = clock.nowMs() / 1_000;
      if (text) say(text);
      stopping.abort();
      enter('done');
      settle();
    },
    refresh,
    view: (newest = MESSAGES_SHOWN) => ({
      g,
      n: 0,
      op_name: opening.opName,
      session_id: opening.id,
      number: opening.number,
      op_code: opCodeOf(status, success, degraded),
      status,
      success,
      degraded,
      start_time: startTime,
      end_time: endTime,
      user: opening.user,
      role: opening.role,
      params: opening.params,
      ...(reason ? { fault: reason } : {}),
      progress,
      messages: messages.slice(-newest),
      data: shownData,
    }),
  };
}

/** What the result of `run`, returned or thrown, makes of the session. */
export function resultOf(result: { returned: unknown } | { thrown: unknown }): {
  success: boolean;
  text?: string;
  fault?: Fault;
  crash?: unknown;
} {
  const value = 'returned' in result ? result.returned : result.thrown;
  const why = isFailed(value)
    ? value.failed
    : value instanceof CupolaFault
      ? value.fault
      : isFault(value)
        ? value
        : undefined;
  if (why) return { success: false, text: why.message, fault: why };
  if ('returned' in result)
    return typeof value === 'string' && value ? { success: true, text: value } : { success: true };
  const text = `CRASH: ${causeOf(value)}`;
  return { success: false, text, fault: fault('SESSION_FAILED', { text }), crash: value };
}

/** The session as its topic carries it: below the limit, the longest fields of data left out and named in `cut`. */
export function forTopic(session: Session, bytesMax = SESSION_BYTES_MAX): Session {
  let bytes = Buffer.byteLength(JSON.stringify(session));
  if (bytes <= bytesMax) return session;
  const data = { ...session.data };
  const cut: string[] = [];
  const longest = Object.entries(data)
    .map(([key, value]) => ({ key, bytes: Buffer.byteLength(JSON.stringify(value) ?? '') }))
    .toSorted((a, b) => b.bytes - a.bytes);
  for (const field of longest) {
    if (bytes <= bytesMax - 1_024) break;
    delete data[field.key];
    cut.push(field.key);
    bytes -= field.bytes;
  }
  const messages = bytes <= bytesMax - 1_024 ? session.messages : session.messages.slice(-2);
  return { ...session, data, messages, cut };
}

type DataText = { ok: true; text: string; value: Record<string, unknown> } | { ok: false; fault: Fault };

/** `data` as JSON: a non-finite number becomes null; what JSON cannot say is a fault that spoils nothing else. */
function dataText(data: Record<string, unknown>, { opName, dataBytesMax }: Opening): DataText {
  try {
    const text = JSON.stringify(data, (key, value: unknown) => {
      if (typeof value === 'function' || typeof value === 'bigint' || typeof value === 'symbol') {
        throw new TypeError(`"${key}" is a ${typeof value}`);
      }
      return value;
    });
    const bytes = Buffer.byteLength(text);
    if (bytes > dataBytesMax)
      return { ok: false, fault: fault('DATA_TOO_LARGE', { op: opName, bytes, limit: dataBytesMax }) };
    return { ok: true, text, value: JSON.parse(text) };
  } catch (thrown) {
    return { ok: false, fault: fault('DATA_NOT_JSON', { op: opName, problem: causeOf(thrown) }) };
  }
}

function shortened(text: string): string {
  const bytes = Buffer.byteLength(text);
  if (bytes <= MESSAGE_BYTES_MAX) return text;
  const kept = Buffer.from(text)
    .subarray(0, MESSAGE_BYTES_MAX - 48)
    .toString('utf8')
    .replace(/�$/, '');
  return `${kept} … (${bytes - Buffer.byteLength(kept)} bytes more)`;
}

const isFailed = (value: unknown): value is Failed =>
  typeof value === 'object' && value !== null && 'failed' in value && isFault(value.failed);
const isFault = (value: unknown): value is Fault =>
  typeof value === 'object' && value !== null && 'code' in value && 'message' in value && 'remedy' in value;
