/** One run of one operation, as everyone sees it (PROTOCOL §5). */
import * as z from 'zod';

export const OpCode = {
  NONE: 1,
  STARTING: 2,
  RUNNING: 3,
  STOPPING: 4,
  SUCCEEDED: 5,
  FAILED: 6,
  EXPIRED: 7,
  DEGRADED: 8,
} as const;
export type OpCode = (typeof OpCode)[keyof typeof OpCode];

export const SessionStatus = z.enum(['none', 'starting', 'running', 'stopping', 'done']);
export type SessionStatus = z.infer<typeof SessionStatus>;

export const FaultWire = z.looseObject({
  code: z.string(),
  message: z.string().optional(),
  remedy: z.string().default(''),
  facts: z.record(z.string(), z.unknown()).default({}),
  retry_ms: z.number().optional(),
});
export type FaultWire = z.infer<typeof FaultWire>;

export const Session = z.looseObject({
  g: z.number(),
  n: z.number(),
  op_name: z.string(),
  session_id: z.string(),
  number: z.number(),
  op_code: z.number(),
  status: SessionStatus,
  success: z.boolean().nullable(),
  degraded: z.union([z.boolean(), z.string()]),
  start_time: z.number(),
  end_time: z.number().nullable(),
  user: z.string(),
  role: z.string().optional(),
  params: z.record(z.string(), z.unknown()),
  fault: FaultWire.optional(),
  progress: z.looseObject({
    fraction: z.number().optional(),
    text: z.string().optional(),
    eta_s: z.number().optional(),
  }),
  messages: z.array(z.tuple([z.number(), z.string()])),
  data: z.record(z.string(), z.unknown()),
  /** Fields of `data` left out of the topic because they are too long; `status` has them whole. */
  cut: z.array(z.string()).optional(),
});
export type Session = z.infer<typeof Session>;

/** Newest messages shown in the topic, and kept in the agent. */
export const MESSAGES_SHOWN = 20;
export const MESSAGES_KEPT = 1_000;
export const SESSION_BYTES_MAX = 65_536;

/** The op code that belongs to a status. */
export function opCodeOf(status: SessionStatus, success: boolean | null, degraded: boolean | string): OpCode {
  switch (status) {
    case 'none':
      return OpCode.NONE;
    case 'starting':
      return OpCode.STARTING;
    case 'running':
      return degraded === false ? OpCode.RUNNING : OpCode.DEGRADED;
    case 'stopping':
      return OpCode.STOPPING;
    case 'done':
      return success ? OpCode.SUCCEEDED : OpCode.FAILED;
  }
}

/** The name of an op code, `UNKNOWN` for one that is none. */
export const opCodeName = (code: number): string =>
  Object.entries(OpCode).find(([, value]) => value === code)?.[0] ?? 'UNKNOWN';
