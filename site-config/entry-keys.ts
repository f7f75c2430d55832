/** The keys that Cupola adds to an entry, as one schema each (spec: site config, §4). All optional: defaults come later. */
import * as z from 'zod';
import type { Probe } from './site.ts';
import { duration, size } from './units.ts';

const words = <const T extends readonly [string, ...string[]]>(known: T) => z.enum(known);
const Text = z
  .string({ error: 'it must be text; put it in quotes' })
  .min(1, { error: 'it is empty' })
  .max(4096, { error: 'it is longer than 4096 characters' });
const Count = (min: number, max: number) =>
  z
    .int({ error: 'it must be a whole number' })
    .min(min, { error: `it must be from ${min} to ${max}` })
    .max(max, { error: `it must be from ${min} to ${max}` });
const SIGNALS = ['INT', 'TERM', 'QUIT', 'HUP', 'USR1', 'USR2'] as const;
const Signal = z
  .string({ error: `it must be one of ${SIGNALS.join(' ')}` })
  .transform((word) => word.toUpperCase().replace(/^SIG/, ''))
  .pipe(z.enum(SIGNALS))
  .transform((word) => `SIG${word}` as const);
const Policy = words(['always', 'on-failure', 'never']);
const HostPort = Text.regex(/^(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9_.-]+):\d{1,5}$/, { error: 'it must be HOST:PORT' });
const HttpUrl = Text.regex(/^https?:\/\/[^\s/]+/, { error: 'it must be an http or https URL' });

const After = z.union([
  Text.transform((instance) => ({ instance, until: 'ready' as const, atMostMs: 30_000 })),
  z
    .object({ instance: Text, until: words(['ready', 'up']).default('ready'), atMost: duration().default(30_000) })
    .transform(({ instance, until, atMost }) => ({ instance, until, atMostMs: atMost })),
]);

const Restart = z.union([
  Policy.transform((policy) => ({ policy })),
  z.object({
    policy: Policy.optional(),
    delay: duration().optional(),
    maxDelay: duration().optional(),
    healthyAfter: duration().optional(),
    giveUp: z.object({ failures: Count(1, 10_000), within: duration({ minMs: 1 }) }).optional(),
  }),
]);

const Stop = z.object({
  signal: Signal.optional(),
  grace: duration({ maxMs: 3_600_000 }).optional(),
  to: words(['leader', 'group']).optional(),
});

const Readiness = z
  .object({
    by: words(['presence', 'spawn', 'tcp', 'http', 'log']).optional(),
    at: Text.optional(),
    within: duration({ minMs: 1 }).optional(),
  })
  .superRefine(({ by, at }, context) => {
    if (by === 'tcp' || by === 'http' || by === 'log') {
      const form = by === 'tcp' ? HostPort : by === 'http' ? HttpUrl : Text;
      const problem = at === undefined ? `by: ${by} needs it` : form.safeParse(at).error?.issues[0]?.message;
      if (problem !== undefined) context.addIssue({ code: 'custom', path: ['at'], message: problem });
    } else if (at !== undefined) {
      context.addIssue({ code: 'custom', path: ['at'], message: 'it goes with by: tcp, http or log' });
    }
  });

const Check = z
  .object({
    tcp: HostPort.optional(),
    http: HttpUrl.optional(),
    exec: z
      .array(Text, { error: 'it must be a list: program and arguments' })
      .min(1, { error: 'it is empty' })
      .optional(),
    every: duration({ minMs: 100 }).default(10_000),
    timeout: duration({ minMs: 1 }).default(3000),
    failures: Count(1, 1000).default(3),
  })
  .transform(({ tcp, http, exec, every, timeout, failures }, context) => {
    const probes: Probe[] = [];
    if (tcp !== undefined) probes.push({ by: 'tcp', at: tcp });
    if (http !== undefined) probes.push({ by: 'http', at: http });
    if (exec !== undefined) probes.push({ by: 'exec', argv: exec });
    const [probe, more] = probes;
    if (probe && !more) return { probe, everyMs: every, timeoutMs: timeout, failures };
    context.addIssue({ code: 'custom', message: 'it needs one of tcp, http, exec' });
    return z.NEVER;
  });

const Health = z.object({
  heartbeat: duration({ minMs: 100 }).optional(),
  // Unquoted `off` is false.
  watchdog: z
    .union([z.literal('off'), z.literal(false), duration({ minMs: 100 })], { error: 'it must be off or a duration' })
    .optional(),
  check: Check.optional(),
});

const Env = z.record(
  z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'a name is letters, digits and "_"' }),
  z.string({ error: 'it must be text; put it in quotes' }).regex(/^[^\0]*$/, { error: 'it holds a zero byte' }),
  { error: 'it must be a map of names to text' },
);

export const EntryKeys = z.object({
  settings: z.record(z.string(), z.unknown(), { error: 'it must be a map' }).optional(),
  command: z
    .union([z.array(Text).min(1, { error: 'it is empty' }), Text], { error: 'it must be a list of texts, or one text' })
    .optional(),
  after: z.array(After, { error: 'it must be a list of instance-ids' }).optional(),
  restart: Restart.optional(),
  stop: Stop.optional(),
  readiness: Readiness.optional(),
  health: Health.optional(),
  env: Env.optional(),
  envFile: Text.optional(),
  user: Text.optional(),
  cwd: Text.optional(),
  limits: z
    .object({
      memory: size().optional(),
      cpu: z.number().positive().max(102_400).optional(),
      files: Count(1, 1_048_576).optional(),
      processes: Count(1, 1_048_576).optional(),
      nice: Count(0, 19).optional(),
    })
    .optional(),
  watch: z.array(Text, { error: 'it must be a list of file patterns' }).optional(),
  log: z
    .object({
      size: size().optional(),
      keep: Count(0, 1000).optional(),
      level: words(['trace', 'debug', 'info', 'warn', 'error', 'fatal']).optional(),
    })
    .optional(),
  expose: words(['control', 'status', 'none']).optional(),
  spare: z.boolean({ error: 'it must be true or false' }).optional(),
  autoRefresh: z.union([z.boolean(), z.literal('lab')], { error: 'it must be false, true or lab' }).optional(),
});
export type EntryKeys = z.infer<typeof EntryKeys>;

/** The keys of §2 that an entry has in OCS, spelt exactly so. */
export const OCS_ENTRY_KEYS = ['instance-id', 'agent-class', 'arguments', 'manage'] as const;

/** Keys that say nothing about a container: the compose file does. */
export const HOST_ONLY_KEYS = ['command', 'env', 'envFile', 'user', 'cwd', 'limits', 'watch', 'spare'] as const;
