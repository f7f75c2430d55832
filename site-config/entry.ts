/** An entry with every default filled in, and the hash that tells whether a running agent still is what the file says. */
import { createHash } from 'node:crypto';
import type { EntryKeys } from './entry-keys.ts';
import type { Manage } from './manage.ts';
import type { AutoRefresh, Entry, EntryPlace } from './site.ts';

export interface EntryParts {
  readonly instanceId: string;
  readonly agentClass: string;
  readonly args: readonly string[];
  readonly manage: Manage;
  /** The entry's own keys over the defaults of its host. */
  readonly keys: EntryKeys;
  /** It runs through OCS's own agent CLI, and so is never seen on our bus. */
  readonly foreign: boolean;
  readonly inherited: { readonly autoRefresh: AutoRefresh; readonly user?: string | undefined };
  readonly place: EntryPlace;
}

/** Fill in the defaults of the table in the spec (site config, §4). */
export function entryOf({ instanceId, agentClass, args, manage, keys, foreign, inherited, place }: EntryParts): Entry {
  const program = agentClass === 'Command';
  const definition = {
    instanceId,
    agentClass,
    args,
    settings: keys.settings ?? {},
    command: keys.command,
    after: keys.after ?? [],
    restart: restartOf(keys.restart ?? {}),
    stop: {
      signal: keys.stop?.signal ?? 'SIGINT',
      graceMs: keys.stop?.grace ?? 10_000,
      to: keys.stop?.to ?? (program ? 'group' : 'leader'),
    },
    readiness: {
      by: keys.readiness?.by ?? (program || foreign ? 'spawn' : 'presence'),
      at: keys.readiness?.at,
      withinMs: keys.readiness?.within ?? 15_000,
    },
    health: healthOf(keys.health ?? {}),
    env: keys.env ?? {},
    envFile: keys.envFile,
    user: keys.user ?? inherited.user,
    cwd: keys.cwd,
    limits: limitsOf(keys.limits ?? {}),
    log: { sizeBytes: keys.log?.size ?? 10 * 1024 ** 2, keep: keys.log?.keep ?? 5, level: keys.log?.level ?? 'info' },
    expose: keys.expose ?? 'control',
    spare: keys.spare ?? true,
    watch: keys.watch ?? [],
    autoRefresh: keys.autoRefresh ?? inherited.autoRefresh,
  } as const;
  return { ...definition, ...manage, place, definitionHash: hashOf(definition) };
}

function restartOf(given: NonNullable<EntryKeys['restart']>): Entry['restart'] {
  const keys = { delay: undefined, maxDelay: undefined, healthyAfter: undefined, giveUp: undefined, ...given };
  const delayMs = keys.delay ?? 250;
  return {
    policy: keys.policy ?? 'always',
    delayMs,
    maxDelayMs: Math.max(delayMs, keys.maxDelay ?? 30_000),
    healthyAfterMs: keys.healthyAfter ?? 10_000,
    giveUp: keys.giveUp && { failures: keys.giveUp.failures, withinMs: keys.giveUp.within },
  };
}

const healthOf = ({ heartbeat, watchdog, check }: NonNullable<EntryKeys['health']>): Entry['health'] => ({
  heartbeatMs: heartbeat ?? 5000,
  watchdogMs: typeof watchdog === 'number' ? watchdog : undefined,
  check,
});

const limitsOf = ({ memory, cpu, files, processes, nice }: NonNullable<EntryKeys['limits']>): Entry['limits'] => ({
  memoryBytes: memory,
  cpuPercent: cpu,
  files,
  processes,
  nice,
});

/** SHA-256 over the value, its keys in order: the order in the file says nothing. */
export const hashOf = (value: unknown): string => createHash('sha256').update(ordered(value)).digest('hex');

function ordered(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(ordered).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const pairs = Object.entries(value).filter(([, item]) => item !== undefined);
  return `{${pairs
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => `${JSON.stringify(key)}:${ordered(item)}`)
    .join(',')}}`;
}
