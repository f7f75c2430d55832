/** `cupola restart [TARGET…]`: instances to their next generation; without a target this machine's HostManager. */
import { type Fault, fault } from '../../base/fault.ts';
import type { Caller } from '../../client/caller.ts';
import { isObject } from '../../protocol/envelope.ts';
import { Session } from '../../protocol/session.ts';
import { interrupted, watchingOnly } from '../interrupt.ts';
import type { Result } from '../output.ts';
import { type Shell, filterOf, managerOf } from '../shell.ts';
import { filters } from '../targets.ts';
import { type InstanceOutcome, waitForSession } from '../wait.ts';
import { restartHost } from './stop-host.ts';
import { byHost, chooseFor, lost, noteOutcome, outcomesResult, planned, unwantedAmong } from './up-down.ts';

const RESTARTED_WITHIN_MS = 120_000;

export async function restart(
  shell: Shell,
  words: readonly string[],
  options: { wait: boolean; cold: boolean },
): Promise<Result> {
  if (words.length === 0 && !filters(filterOf(shell.options))) return restartHost(shell);
  const chosen = await chooseFor(shell, 'restart', words);
  if (!chosen.ok) return chosen;
  const { site, ids, fleet } = chosen.value;
  const timeout = shell.timeoutMs(RESTARTED_WITHIN_MS);
  if (!timeout.ok) return timeout;
  if (shell.options.dryRun) return planned('restart', site, chosen.value);
  const outcomes: InstanceOutcome[] = [];
  for (const group of byHost(ids, chosen.value, site)) {
    const manager = await managerOf(shell, site, fleet, group[0] ?? '');
    if (!manager.ok) outcomes.push(...group.map((id) => lost(id, manager.fault)));
    else {
      const rows = fleet.hosts.flatMap(({ instances }) => instances);
      const unwanted = unwantedAmong(rows, group, 'restart');
      if (unwanted.length > 0) {
        outcomes.push(...unwanted);
        continue;
      }
      const told = await restartOn(shell, manager.value, group, options, timeout.value ?? RESTARTED_WITHIN_MS);
      if (told === 'left') return interrupted({ outcomes });
      outcomes.push(...told);
    }
  }
  return outcomesResult(shell, outcomes);
}

async function restartOn(
  shell: Shell,
  { caller, manager }: { caller: Caller; manager: string },
  ids: readonly string[],
  { wait, cold }: { wait: boolean; cold: boolean },
  timeoutMs: number,
): Promise<InstanceOutcome[] | 'left'> {
  const { clock } = shell.parts;
  const beganMs = clock.monotonicMs();
  const reply = await caller.call(manager, {
    method: 'start',
    class: 'admin',
    op: 'restart',
    params: { instances: [...ids], cold },
  });
  if (!reply.ok) return ids.map((id) => lost(id, reply.fault));
  const session = Session.safeParse(reply.value.session);
  if (!wait || !session.success)
    return ids.map((id) => ({ instance_id: id, ok: true, is: 'asked', took_ms: 0, fault: null }));
  const watching = watchingOnly(shell);
  const ended = await waitForSession({
    caller,
    clock,
    agent: manager,
    op: 'restart',
    sessionId: session.data.session_id,
    timeoutMs,
    signal: watching.signal,
  });
  watching.end();
  if (!ended.ok) return ids.map((id) => lost(id, ended.fault));
  if (ended.value === undefined) return 'left';
  const tookMs = Math.round(clock.monotonicMs() - beganMs);
  const outcomes = outcomesOf(ids, ended.value, tookMs);
  for (const outcome of outcomes) noteOutcome(shell, outcome);
  return outcomes;
}

/** What the session of the task `restart` says of each instance. */
export function outcomesOf(ids: readonly string[], session: Session, tookMs: number): InstanceOutcome[] {
  return ids.map((id) => {
    const told = session.data[id];
    const detail = isObject(told) ? told : { outcome: told };
    const word = String(detail['outcome'] ?? detail['is'] ?? (session.success === true ? 'up' : 'not done'));
    const good =
      typeof detail['ok'] === 'boolean'
        ? detail['ok']
        : session.success === true || /^(up|ready|restarted|ok|committed)$/.test(word);
    return { instance_id: id, ok: good, is: word, took_ms: tookMs, fault: good ? null : failureOf(id, session, word) };
  });
}

const failureOf = (id: string, session: Session, word: string): Fault =>
  fault('SESSION_FAILED', {
    text: `"${id}" not restarted: ${session.fault?.message ?? session.messages.findLast(([, text]) => text.includes(id))?.[1] ?? word}`,
  });
