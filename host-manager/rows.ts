/** The row of an instance at a time: what `manager` shows of it, and the word and the sentence people see. */
import type { Is, NextAction, Row } from '../protocol/rows.ts';
import type { Exit, Instance, Phase } from './instance.ts';
import { howItEnded } from './lives.ts';
import { stability } from './stability.ts';

const HOUR_MS = 3_600_000;
const UNSTABLE_BELOW = 0.5;
const UNSTABLE_FAILURES = 3;

const NEXT_ACTIONS: Record<Phase['name'], NextAction> = {
  inoperable: '?',
  down: 'down',
  blocked: 'start',
  launching: 'wait_start',
  up: 'up',
  stopping: 'wait_dead',
  waiting: 'start_at',
  'gave-up': 'down',
};

export function rowOf(instance: Instance, nowMs: number): Row {
  const { phase, wanted, exits, relaunchTimesMs } = instance;
  const nextAction = NEXT_ACTIONS[phase.name];
  const stable = stability(instance.failureTimesMs, nowMs);
  const last = exits.at(-1);
  const reasons = restartReasons(instance);
  return {
    next_action: nextAction,
    target_state: instance.target,
    stability: stable,
    agent_class: wanted.management === 'docker' ? `${wanted.agentClass}[d?]` : wanted.agentClass,
    instance_id: instance.id,
    operable: instance.operable,
    restart_required: reasons.length > 0,
    is: isOf(phase),
    phase: phase.name,
    since: instance.sinceMs / 1_000,
    why: whyOf(instance, nowMs),
    actor: actorOf(instance),
    management: instance.retired ? 'retired' : wanted.management,
    config: wanted.config,
    config_state: wanted.start,
    ...lifeOf(phase),
    draining: [],
    restarts_1h: relaunchTimesMs.filter((atMs) => nowMs - atMs <= HOUR_MS).length,
    restarts_24h: relaunchTimesMs.filter((atMs) => nowMs - atMs <= 24 * HOUR_MS).length,
    failures_in_row: instance.failuresInRow,
    retry_at: phase.name === 'waiting' ? phase.relaunchAtMs / 1_000 : null,
    unstable: nextAction !== 'down' && (stable <= UNSTABLE_BELOW || instance.failuresInRow >= UNSTABLE_FAILURES),
    exit: last === undefined ? null : exitRow(last),
    restart_reasons: reasons,
    waits_for: phase.name === 'blocked' ? [...phase.waitsFor] : [],
  };
}

/** The word people see. */
export function isOf(phase: Phase): Is {
  switch (phase.name) {
    case 'blocked':
    case 'waiting':
    case 'gave-up':
      return 'waiting';
    case 'up':
      if (phase.health === 'lost') return 'lost';
      return phase.degraded || phase.health === 'failing' ? 'degraded' : 'up';
    default:
      return phase.name;
  }
}

/** Who brought it to where it is: the one behind the last change, or behind its target. */
export const actorOf = ({ changes, targetActor }: Instance): string => changes.at(-1)?.actor ?? targetActor;

/** One sentence: where it is and why. */
export function whyOf(instance: Instance, nowMs: number): string {
  const { phase, changes } = instance;
  const cause = changes.at(-1)?.cause ?? `${instance.targetActor} wants it ${instance.target}`;
  switch (phase.name) {
    case 'inoperable':
      return phase.why;
    case 'blocked':
      return `waits for ${phase.waitsFor.join(', ')}`;
    case 'waiting':
      return `launched again in ${Math.max(0, Math.round(phase.relaunchAtMs - nowMs))} ms; ${lastEnd(instance)}`;
    case 'up':
      if (phase.health === 'lost') return 'its heartbeat is lost';
      return phase.ready === 'late' ? `not ready after ${instance.wanted.readiness.withinMs} ms` : cause;
    case 'stopping':
      return phase.step === 'stuck' ? 'it will not die: nothing is launched beside it' : cause;
    default:
      return cause;
  }
}

function lastEnd({ exits, failuresInRow }: Instance): string {
  const last = exits.at(-1);
  const times = `${failuresInRow} ${failuresInRow === 1 ? 'failure' : 'failures'} in a row`;
  if (last === undefined) return times;
  return `${last.cause === 'spawn' ? `launch failed: ${last.lastLine ?? ''}` : howItEnded(last)}, ${times}`;
}

const NO_LIFE = {
  pid: null,
  generation: null,
  started_at: null,
  adopted: false,
  watch: null,
  ready: 'no',
  health: 'unknown',
  degraded: false,
} as const;

type Life = Pick<Row, 'pid' | 'generation' | 'started_at' | 'adopted' | 'watch' | 'ready' | 'health' | 'degraded'>;

function lifeOf(phase: Phase): Life {
  if (phase.name === 'launching') return { ...NO_LIFE, generation: phase.generation };
  if (phase.name === 'stopping') {
    const { pid, generation, startedAtMs, step } = phase;
    const started_at = startedAtMs === null ? null : startedAtMs / 1_000;
    return { ...NO_LIFE, pid, generation, started_at, health: step === 'stuck' ? 'stuck' : 'unknown' };
  }
  if (phase.name !== 'up') return NO_LIFE;
  const { pid, generation, startedAtMs, adopted, watch, ready, health, degraded } = phase;
  return { pid, generation, started_at: startedAtMs / 1_000, adopted, watch, ready, health, degraded };
}

/** What runs was launched from another definition than the one in force. */
const restartReasons = ({ phase, wanted }: Instance): string[] =>
  (phase.name === 'up' || phase.name === 'launching') && phase.definitionHash !== wanted.definitionHash
    ? ['config']
    : [];

const exitRow = ({ code, signal, cause, atMs, uptimeMs, expected, lastLine }: Exit): NonNullable<Row['exit']> => ({
  code,
  signal,
  cause,
  at: atMs / 1_000,
  uptime_s: uptimeMs === null ? null : uptimeMs / 1_000,
  expected,
  last_line: lastLine,
  report: null,
});
