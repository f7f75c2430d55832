/** The messages of the wire: one schema each, and how they become bytes (PROTOCOL §2-6). */
import * as z from 'zod';
import { type Outcome, failed, ok } from '../base/fault.ts';
import { FaultWire, Session } from './session.ts';
import { PAYLOAD_BYTES_MAX } from './topics.ts';

export const PROTOCOL_VERSION = 1;

export const PresenceState = z.enum(['online', 'draining', 'offline', 'lost']);
export const Presence = z.looseObject({
  state: PresenceState,
  g: z.number(),
  generation: z.number(),
  start: z.number(),
  since: z.number(),
  class: z.string(),
  host: z.string(),
  pid: z.number(),
  version: z.string(),
  protocol: z.number(),
  api_hash: z.string(),
  reason: z.string().optional(),
});
export type Presence = z.infer<typeof Presence>;

export const Claim = z.looseObject({
  g: z.number(),
  nonce: z.string(),
  host: z.string(),
  pid: z.number(),
  /** Set by a live holder in its answer: the nonce of the claim that it refuses. */
  held: z.string().optional(),
  since: z.number().optional(),
});
export type Claim = z.infer<typeof Claim>;

export const Heartbeat = z.looseObject({
  g: z.number(),
  k: z.number(),
  t: z.number(),
  codes: z.record(z.string(), z.number()),
  marks: z.record(z.string(), z.number()),
  lag_ms: z.number(),
});
export type Heartbeat = z.infer<typeof Heartbeat>;

export const OperationApi = z.looseObject({
  type: z.enum(['task', 'process']),
  title: z.string().optional(),
  description: z.string().optional(),
  class: z.enum(['read', 'operate', 'admin']),
  params: z.record(z.string(), z.unknown()),
  data: z.record(z.string(), z.unknown()).optional(),
  abortable: z.boolean(),
  confirm: z.string().optional(),
});
export type OperationApi = z.infer<typeof OperationApi>;

export const FeedApi = z.looseObject({
  description: z.string().optional(),
  fields: z.record(
    z.string(),
    z.looseObject({ type: z.string(), unit: z.string().optional(), precision: z.number().optional() }),
  ),
  record: z.boolean(),
});
export type FeedApi = z.infer<typeof FeedApi>;

export const Api = z.looseObject({
  g: z.number(),
  class: z.string(),
  version: z.string(),
  protocol: z.number(),
  description: z.string(),
  operations: z.record(z.string(), OperationApi),
  feeds: z.record(z.string(), FeedApi),
  states: z.record(z.string(), z.unknown()),
  resources: z.array(z.unknown()),
});
export type Api = z.infer<typeof Api>;

/** A value of a feed: what JSON can say of one sample. */
export const Sample = z.union([z.number(), z.string(), z.boolean(), z.null()]);
export type Sample = z.infer<typeof Sample>;

export const Block = z.looseObject({
  g: z.number(),
  n: z.number(),
  ts: z.array(z.number()),
  fields: z.record(z.string(), z.array(Sample)),
});
export type Block = z.infer<typeof Block>;

/** Latest value of each field, flat: `{g, n, t, channel_00: 4.2, …}`. */
export const Last = z.looseObject({ g: z.number(), n: z.number(), t: z.number() });
export type Last = z.infer<typeof Last>;

export const Method = z.enum([
  'ping',
  'info',
  'describe',
  'status',
  'history',
  'messages',
  'wait',
  'start',
  'stop',
  'abort',
  'feed.get',
  'challenge',
]);
export type Method = z.infer<typeof Method>;

const Id = z.string().min(1).max(64);
/** A request. Strict: an unknown field is refused by name, so that a misspelt one is never silently left out. */
export const Request = z.strictObject({
  id: Id.optional(),
  client: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/)
    .optional(),
  method: z.string().min(1).max(32),
  op: z.string().max(64).optional(),
  feed: z.string().max(255).optional(),
  params: z.record(z.string(), z.unknown()).nullable().optional(),
  session: Id.optional(),
  sent: z.number().optional(),
  ttl_ms: z.number().positive().max(120_000).optional(),
  for_ms: z.number().nullable().optional(),
  before: z.number().optional(),
  from: z.number().optional(),
  g: z.number().optional(),
  beat: z.number().optional(),
  token: z.union([z.number(), z.string()]).optional(),
  proof: z.string().max(256).optional(),
  note: z.string().max(1024).optional(),
});
export type Request = z.infer<typeof Request>;

export const TTL_DEFAULT_MS = 10_000;

export const ReplyCode = { OK: 0, ERROR: -1, TIMEOUT: 1 } as const;
export const Reply = z.looseObject({
  id: z.string(),
  g: z.number(),
  t: z.number(),
  code: z.number(),
  message: z.string(),
  session: z.union([Session, z.strictObject({})]),
  final: z.boolean(),
  replayed: z.boolean().optional(),
  fault: FaultWire.optional(),
  /** Answers of `ping`, `info`, `describe`, `history`, `messages`, `feed.get`, `challenge`. */
  value: z.unknown().optional(),
});
export type Reply = z.infer<typeof Reply>;

const DEPTH_MAX = 32;

/** The bytes of a message: JSON, a non-finite number as null; a fault when it is over the limit or no JSON. */
export function encode(message: unknown, bytesMax = PAYLOAD_BYTES_MAX): Outcome<string> {
  let text: string | undefined;
  try {
    text = JSON.stringify(message);
  } catch (thrown) {
    return failed('REQUEST_INVALID', { problem: thrown instanceof Error ? thrown.message : String(thrown) });
  }
  if (text === undefined) return failed('REQUEST_INVALID', { problem: 'it is no JSON value' });
  const bytes = byteLength(text);
  return bytes > bytesMax ? failed('TOO_LARGE', { bytes, limit: bytesMax }) : ok(text);
}

/** The JSON object in `payload`. Never throws: UTF-8, one object, nested at most 32 deep. */
export function decode(payload: Uint8Array): Outcome<Record<string, unknown>> {
  if (payload.byteLength > PAYLOAD_BYTES_MAX)
    return failed('TOO_LARGE', { bytes: payload.byteLength, limit: PAYLOAD_BYTES_MAX });
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(payload));
  } catch {
    return failed('REQUEST_INVALID', { problem: 'it is not UTF-8 JSON' });
  }
  if (!isObject(value)) return failed('REQUEST_INVALID', { problem: 'it is not a JSON object' });
  if (depthOver(value, DEPTH_MAX))
    return failed('REQUEST_INVALID', { problem: `it is nested deeper than ${DEPTH_MAX}` });
  return ok(value);
}

/** A decoded message read by its schema. */
export function read<T>(schema: z.ZodType<T>, payload: Uint8Array): Outcome<T> {
  const decoded = decode(payload);
  if (!decoded.ok) return decoded;
  const parsed = schema.safeParse(decoded.value);
  if (parsed.success) return ok(parsed.data);
  const issue = parsed.error.issues[0];
  return failed('REQUEST_INVALID', {
    problem: `${issue?.path.join('.') || 'message'}: ${issue?.message ?? 'not valid'}`,
  });
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const utf8 = new TextDecoder('utf-8', { fatal: true });
const encoder = new TextEncoder();
const byteLength = (text: string): number => encoder.encode(text).byteLength;

/** Walks without recursion, so that depth itself is no danger. */
function depthOver(value: unknown, limit: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > limit) return true;
    level = level.flatMap((item) => (typeof item === 'object' && item !== null ? Object.values(item) : []));
  }
  return false;
}
