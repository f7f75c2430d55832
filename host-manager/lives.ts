/** The end of a life: counted in exactly one place, remembered, and reported when nobody asked for it. */
import type { DriverEvent } from './driver.ts';
import type { Action, Crash, Decision } from './event.ts';
import { tell } from './event.ts';
import type { Counts, Exit, Instance } from './instance.ts';
import { FAILURES_KEPT, stability } from './stability.ts';

export type Exited = Extract<DriverEvent, { type: 'exited' }>;
export type SpawnFailed = Extract<DriverEvent, { type: 'spawn-failed' }>;

const EXITS_KEPT = 10;
const STDERR_WHOLE = 50;
const STDERR_LAST = 20;

/** The instance with this end in its history and in `count`. */
export const ended = (instance: Instance, exit: Exit, count: Exclude<keyof Counts, 'launches'>): Instance => ({
  ...instance,
  counts: { ...instance.counts, [count]: instance.counts[count] + 1 },
  exits: [...instance.exits, exit].slice(-EXITS_KEPT),
});

/** The same for a failure: its time is kept, and after an unhealthy life the next wait grows. */
export function failedLife(instance: Instance, exit: Exit, healthy: boolean): Instance {
  const counted = ended(instance, exit, exit.cause === 'spawn' ? 'spawnFailures' : 'crashes');
  return {
    ...counted,
    failuresInRow: instance.failuresInRow + 1,
    unhealthyInRow: healthy ? 0 : instance.unhealthyInRow + 1,
    failureTimesMs: [...instance.failureTimesMs, exit.atMs].slice(-FAILURES_KEPT),
  };
}

export const exitOf = (event: Exited, startedAtMs: number | null, nowMs: number): Exit => ({
  atMs: nowMs,
  generation: event.generation,
  code: event.code,
  signal: event.signal,
  cause: event.signal === null ? 'exit' : 'signal',
  uptimeMs: startedAtMs === null ? null : Math.max(0, nowMs - startedAtMs),
  expected: false,
  lastLine: event.lastLine,
});

/** `exited with code 3 after 2.5 s`. */
export function howItEnded({ code, signal, uptimeMs }: Exit): string {
  const after = uptimeMs === null ? '' : ` after ${uptimeMs / 1_000} s`;
  if (signal !== null) return `ended by ${signal}${after}`;
  return code === null ? `ended${after}, exit code unknown` : `exited with code ${code}${after}`;
}

/** A decision about a failure, with what is told and reported of it after everything that is urgent. */
export function reported({ instance, actions }: Decision, exit: Exit, stderrTail: readonly string[]): Decision {
  const crash = crashOf(instance, exit, stderrTail);
  const { failuresInRow, nextLaunchAtMs } = crash;
  const facts = {
    code: exit.code,
    signal: exit.signal,
    uptimeMs: exit.uptimeMs,
    failuresInRow,
    stability: crash.stability,
    nextLaunchAtMs,
  };
  const text =
    exit.cause === 'spawn' ? `launch failed: ${exit.lastLine ?? ''}` : `unexpected exit: ${howItEnded(exit)}`;
  const stderr: Action[] =
    stderrTail.length === 0 ? [] : [tell('warn', stderrText(stderrTail), { lines: stderrTail.length })];
  return { instance, actions: [...actions, { type: 'report', crash }, tell('warn', text, facts), ...stderr] };
}

function crashOf(instance: Instance, exit: Exit, stderrTail: readonly string[]): Crash {
  const { phase } = instance;
  return {
    instanceId: instance.id,
    agentClass: instance.wanted.agentClass,
    generation: exit.generation ?? instance.generation,
    atMs: exit.atMs,
    cause: exit.cause === 'spawn' || exit.cause === 'signal' ? exit.cause : 'exit',
    code: exit.code,
    signal: exit.signal,
    uptimeMs: exit.uptimeMs,
    failuresInRow: instance.failuresInRow,
    stability: stability(instance.failureTimesMs, exit.atMs),
    nextLaunchAtMs: phase.name === 'waiting' ? phase.relaunchAtMs : phase.name === 'launching' ? exit.atMs : null,
    definitionHash: instance.wanted.definitionHash,
    stderrTail: stderrTail.slice(-STDERR_WHOLE),
    lastLine: exit.lastLine,
  };
}

/** All of it up to 50 lines, else the last 20. */
function stderrText(lines: readonly string[]): string {
  const shown = lines.length <= STDERR_WHOLE ? lines : lines.slice(-STDERR_LAST);
  const head =
    shown.length === lines.length ? 'stderr:' : `stderr, last ${STDERR_LAST} of more than ${STDERR_WHOLE} lines:`;
  return [head, ...shown].join('\n');
}
