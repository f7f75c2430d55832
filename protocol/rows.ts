/** What a HostManager says of its instances: `session.data` of the process `manager` (specs: host-manager §3). */
import * as z from 'zod';

export const NextAction = z.enum(['down', 'start', 'wait_start', 'up', 'start_at', 'wait_dead', '?']);
export type NextAction = z.infer<typeof NextAction>;

export const TargetState = z.enum(['up', 'down']);
export type TargetState = z.infer<typeof TargetState>;

/** The word people see, in the table, on the page and in JSON. */
export const Is = z.enum(['inoperable', 'down', 'waiting', 'launching', 'up', 'degraded', 'lost', 'stopping']);
export type Is = z.infer<typeof Is>;

export const PhaseName = z.enum(['inoperable', 'down', 'blocked', 'launching', 'up', 'stopping', 'waiting', 'gave-up']);
export type PhaseName = z.infer<typeof PhaseName>;

export const LastExit = z.looseObject({
  code: z.number().nullable(),
  signal: z.string().nullable(),
  cause: z.string(),
  /** Unix seconds. */
  at: z.number(),
  uptime_s: z.number().nullable(),
  expected: z.boolean(),
  last_line: z.string().nullable(),
  report: z.string().nullable(),
});
export type LastExit = z.infer<typeof LastExit>;

export const Row = z.looseObject({
  next_action: NextAction,
  target_state: z.enum(['up', 'down', 'passive']),
  stability: z.number(),
  agent_class: z.string(),
  instance_id: z.string(),
  operable: z.boolean(),
  restart_required: z.boolean(),
  is: Is,
  phase: PhaseName,
  since: z.number(),
  why: z.string(),
  actor: z.string(),
  management: z.enum(['host', 'docker', 'retired']),
  config: z.looseObject({ file: z.string(), line: z.number() }).nullable(),
  config_state: TargetState,
  pid: z.number().nullable(),
  generation: z.number().nullable(),
  started_at: z.number().nullable(),
  adopted: z.boolean(),
  watch: z.enum(['exit', 'lifeline', 'timer', 'engine']).nullable(),
  draining: z.array(z.looseObject({ generation: z.number(), pid: z.number() })),
  ready: z.enum(['yes', 'waiting', 'late', 'no']),
  health: z.enum(['ok', 'lost', 'failing', 'stuck', 'unknown']),
  degraded: z.boolean(),
  restarts_1h: z.number(),
  restarts_24h: z.number(),
  failures_in_row: z.number(),
  /** Unix seconds, or null. */
  retry_at: z.number().nullable(),
  unstable: z.boolean(),
  exit: LastExit.nullable(),
  restart_reasons: z.array(z.string()),
  waits_for: z.array(z.string()),
});
export type Row = z.infer<typeof Row>;

export const ManagerData = z.looseObject({
  child_states: z.array(Row),
  config_parse_status: z.record(z.string(), z.tuple([z.boolean(), z.number(), z.string()])),
  orphans: z.record(z.string(), z.unknown()),
  new_tags: z.record(z.string(), z.string()),
  pending: z.unknown(),
  engine: z.looseObject({ state: z.enum(['up', 'unreachable', 'absent']) }),
  store: z.enum(['ok', 'memory']),
  revision: z.string(),
  host: z.looseObject({ name: z.string() }),
});
export type ManagerData = z.infer<typeof ManagerData>;

/** Answer of the task `why`. */
export const Why = z.looseObject({
  target: z.string(),
  because: z.array(
    z.looseObject({
      /** Unix seconds. */
      at: z.number().nullable(),
      text: z.string(),
      actor: z.string().optional(),
      file: z.string().optional(),
      line: z.number().optional(),
    }),
  ),
  next: z.looseObject({ act: z.string(), at: z.number().nullable() }),
  remedy: z.string(),
});
export type Why = z.infer<typeof Why>;

/** State is a shape and a word, never colour alone: one map for table, page and docs. */
export const SHAPES: Record<Is, string> = {
  up: '●',
  degraded: '◐',
  launching: '◌',
  stopping: '◌',
  waiting: '▲',
  down: '○',
  lost: '✕',
  inoperable: '?',
};
