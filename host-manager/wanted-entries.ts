/** Entries of the site config as what supervision must know of them. */
import { createHash } from 'node:crypto';
import type { Entry } from '../site-config/site.ts';
import type { SiteInForce } from './site-in-force.ts';
import type { WantedInstance } from './wanted.ts';

/** Class of programs that are not agents: a controller, a script, anything. */
export const COMMAND_CLASS = 'Command';

/** What this host wants, in the order of the file. */
export const wantedOf = (site: SiteInForce): WantedInstance[] => site.entries.map((entry) => wantedEntry(entry, site));

function wantedEntry(entry: Entry, site: SiteInForce): WantedInstance {
  const why = inoperableWhy(entry, site);
  const { restart } = entry;
  return {
    instanceId: entry.instanceId,
    agentClass: entry.agentClass,
    management: entry.manage,
    start: entry.start,
    operable: why === undefined,
    ...(why === undefined ? {} : { inoperableWhy: why }),
    definitionHash: entry.definitionHash,
    program:
      entry.command === undefined
        ? ''
        : createHash('sha256').update(JSON.stringify(entry.command)).digest('hex').slice(0, 16),
    after: entry.after,
    restart: {
      policy: restart.policy,
      delayMs: restart.delayMs,
      maxDelayMs: restart.maxDelayMs,
      healthyAfterMs: restart.healthyAfterMs,
      giveUp: restart.giveUp ? { failures: restart.giveUp.failures, withinMs: restart.giveUp.withinMs } : null,
    },
    stop: entry.stop,
    readiness: { by: entry.readiness.by, withinMs: entry.readiness.withinMs },
    config: { file: entry.place.file, line: entry.place.line },
  };
}

/** Keys that are read and do nothing yet: told at every reading, so that nobody relies on them. */
export function idleKeys({ instanceId, limits, readiness, health, watch, spare }: Entry): string[] {
  const idle = [
    ...Object.keys(limits).map((key) => `limits.${key}`),
    ...(readiness.by === 'presence' || readiness.by === 'spawn' ? [] : [`readiness.by: ${readiness.by}`]),
    ...(health.watchdogMs === undefined ? [] : ['health.watchdog']),
    ...(health.check === undefined ? [] : ['health.check']),
    ...(watch.length === 0 ? [] : ['watch']),
    ...(spare ? [] : ['spare']),
  ];
  return idle.map((key) => `"${key}" of "${instanceId}" has no effect in this version`);
}

function inoperableWhy({ agentClass, manage, user }: Entry, { classes }: SiteInForce): string | undefined {
  // Never with more rights than were asked for.
  if (user !== undefined) return `running as user "${user}" is not available in this version`;
  if (manage === 'docker') return 'managed by docker, and no compose file names its service';
  if (agentClass === COMMAND_CLASS || classes.has(agentClass)) return undefined;
  return `agent class "${agentClass}" is not installed`;
}
