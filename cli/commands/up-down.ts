/** `cupola up`, `down`, `retry`: set the target state of instances and wait until it holds. */
import { type Fault, exitOf, failed, fault } from '../../base/fault.ts';
import type { Ask, Caller } from '../../client/caller.ts';
import type { Row } from '../../protocol/rows.ts';
import { Session } from '../../protocol/session.ts';
import { hostOf, managerOf, type ChosenInstances, type Shell, chooseInstances, filterOf } from '../shell.ts';
import { sayDuration } from '../duration.ts';
import { type Result, exitOfAll } from '../output.ts';
import type { Site } from '../site.ts';
import { filters, readTarget, wrongForm } from '../targets.ts';
import { type InstanceOutcome, waitForRows } from '../wait.ts';
import { interrupted, watchingOnly } from '../interrupt.ts';

export type Verb = 'up' | 'down' | 'retry';

/** Classes that the whole site stands on: admin alone may change them. */
const INFRASTRUCTURE = new Set(['Broker', 'Dashboard', 'Scheduler', 'Executor', 'Resources']);
const REACHED_WITHIN_MS = 60_000;

export interface UpDownOptions {
  wait: boolean;
  now: boolean;
}

export async function upDown(
  shell: Shell,
  verb: Verb,
  words: readonly string[],
  options: UpDownOptions,
): Promise<Result> {
  const chosen = await chooseFor(shell, verb, words);
  if (!chosen.ok) return chosen;
  const { site, ids, fleet } = chosen.value;
  if (
    options.now &&
    verb === 'down' &&
    !(await confirmed(shell, `SIGKILL ${ids.join(', ')} at once, without a safe state`))
  ) {
    return failed('CONFIRM', { what: '"--now" ends without a safe state' });
  }
  const timeout = shell.timeoutMs(REACHED_WITHIN_MS);
  if (!timeout.ok) return timeout;
  if (shell.options.dryRun) return planned(verb, site, chosen.value);

  const outcomes: InstanceOutcome[] = [];
  for (const group of byHost(ids, chosen.value, site)) {
    const manager = await managerOf(shell, site, fleet, group[0] ?? '');
    if (!manager.ok) {
      outcomes.push(...group.map((id) => lost(id, manager.fault)));
      continue;
    }
    const limitMs = timeout.value ?? REACHED_WITHIN_MS;
    const told = await carryOut(shell, verb, group, chosen.value, manager.value, options, limitMs);
    if (told === 'left') return interrupted({ outcomes });
    outcomes.push(...told);
  }
  return outcomesResult(shell, outcomes);
}

/** The instances that a changing verb means; without target or filter it means none. */
export async function chooseFor(shell: Shell, verb: string, words: readonly string[]) {
  const operation = words.find((word) => readTarget(word).kind === 'part');
  if (operation !== undefined) return wrongForm.operationGiven(operation, verb);
  if (words.length === 0 && !filters(filterOf(shell.options))) {
    return failed('USAGE', {
      problem: `"${verb}" needs a target`,
      remedy: `Run "cupola ${verb} ID" or "cupola ${verb} --all"`,
    });
  }
  const site = await shell.site();
  if (!site.ok) return site;
  const chosen = await chooseInstances(shell, site.value, words);
  if (!chosen.ok) return chosen;
  if (chosen.value.ids.length === 0)
    return failed('TARGET_UNKNOWN', { target: words.join(' ') || 'by these filters', near: '' });
  const { ids, fleet } = chosen.value;
  const meant = verb === 'retry' || verb === 'restart' ? withoutWantedDown(ids, words, fleet) : ids;
  return { ok: true as const, value: { ...chosen.value, ids: meant, site: site.value } };
}

async function carryOut(
  shell: Shell,
  verb: Verb,
  ids: readonly string[],
  chosen: ChosenInstances,
  { manager, caller }: { manager: string; caller: Caller },
  options: UpDownOptions,
  timeoutMs: number,
): Promise<InstanceOutcome[] | 'left'> {
  const rows = chosen.fleet.hosts.flatMap(({ instances }) => instances);
  if (verb === 'retry') {
    const unwanted = unwantedAmong(rows, ids, 'retry');
    if (unwanted.length > 0) return unwanted;
  }
  const base = rows.some(({ instance_id, agent_class }) => ids.includes(instance_id) && INFRASTRUCTURE.has(agent_class))
    ? 'admin'
    : 'operate';
  const ask: Ask =
    verb === 'retry'
      ? { method: 'start', class: base, op: 'retry', params: { instances: [...ids] } }
      : {
          method: 'start',
          class: base,
          op: 'update',
          params: { requests: ids.map((id) => [id, verb]), reload_config: false },
        };
  const reply = await caller.call(manager, ask);
  if (!reply.ok) return ids.map((id) => lost(id, reply.fault));
  const refused = refusalOf(reply.value.session);
  if (refused !== undefined) return ids.map((id) => lost(id, refused));
  if (options.now && verb === 'down')
    await caller.call(manager, { method: 'start', class: 'admin', op: 'kill', params: { instances: [...ids] } });
  if (!options.wait) return ids.map((id) => ({ instance_id: id, ok: true, is: 'asked', took_ms: 0, fault: null }));
  const watching = watchingOnly(shell);
  const wanted = verb === 'down' ? 'down' : 'up';
  const onReached = (outcome: InstanceOutcome) => noteOutcome(shell, outcome);
  const outcomes = await waitForRows({
    caller,
    clock: shell.parts.clock,
    manager,
    ids,
    wanted,
    timeoutMs,
    onReached,
    signal: watching.signal,
  });
  watching.end();
  return watching.interrupted() ? 'left' : outcomes;
}

/** What an immediate task of the HostManager found wrong. */
export function refusalOf(given: unknown): Fault | undefined {
  const session = Session.safeParse(given);
  if (!session.success || session.data.success !== false) return undefined;
  const text = session.data.messages.at(-1)?.[1] ?? 'it failed';
  const told = session.data.fault;
  return {
    code: told?.code ?? 'SESSION_FAILED',
    message: told?.message ?? text,
    remedy: told?.remedy ?? '',
    facts: told?.facts ?? {},
  };
}

export async function confirmed(shell: Shell, what: string): Promise<boolean> {
  if (shell.options.yes) return true;
  if (!shell.terminal.interactive) return false;
  return /^y(es)?$/i.test(((await shell.terminal.ask(`${what}? [y/N] `)) ?? '').trim());
}

export function outcomesResult(shell: Shell, outcomes: readonly InstanceOutcome[]): Result {
  const failures = outcomes.flatMap((outcome) => (outcome.fault === null ? [] : [outcome.fault]));
  const exit = exitOfAll(outcomes.map((outcome) => (outcome.fault === null ? 0 : exitOf(outcome.fault.code))));
  const waited = outcomes.filter(({ is }) => is !== 'asked');
  const text = outcomes.some(({ is }) => is === 'asked')
    ? outcomes.map((outcome) => outcomeText(outcome, shell)).join('\n')
    : '';
  return {
    exit,
    text:
      shell.terminal.outIsTerminal && waited.length > 0
        ? ''
        : text || outcomes.map((outcome) => outcomeText(outcome, shell)).join('\n'),
    ids: outcomes.filter(({ fault }) => fault === null).map(({ instance_id }) => instance_id),
    document: { outcomes },
    ...(failures[0] === undefined ? {} : { fault: failures[0] }),
  };
}

export function outcomeText({ instance_id, is, took_ms, fault }: InstanceOutcome, shell: Shell): string {
  if (fault !== null) return `${shell.paint('red', '✗')} ${instance_id} ${is === 'unknown' ? '' : is}`.trimEnd();
  return is === 'asked'
    ? `${instance_id} asked`
    : `${shell.paint('green', '✓')} ${instance_id} ${is} ${sayDuration(took_ms)}`;
}

/** A line when it happens, where a person looks on; elsewhere the result tells it once. */
export function noteOutcome(shell: Shell, outcome: InstanceOutcome): void {
  if (shell.terminal.outIsTerminal) shell.note(outcomeText(outcome, shell));
}

/** `restart --all` means those that are wanted up; one that is named by itself, or alone, is refused with its reason. */
function withoutWantedDown(
  ids: readonly string[],
  words: readonly string[],
  { hosts }: ChosenInstances['fleet'],
): string[] {
  const down = hosts.flatMap(({ instances }) => instances.filter(({ target_state }) => target_state === 'down'));
  const left = ids.filter((id) => words.includes(id) || !down.some(({ instance_id }) => instance_id === id));
  return left.length > 0 ? left : [...ids];
}

/** What is wanted down is neither tried again nor restarted: the whole call is refused, as nothing was done yet. */
export const unwantedAmong = (rows: readonly Row[], ids: readonly string[], verb: string): InstanceOutcome[] =>
  rows
    .filter(({ instance_id, target_state }) => ids.includes(instance_id) && target_state === 'down')
    .map(({ instance_id, is }) => ({
      ...lost(
        instance_id,
        fault('WANTED_DOWN', { instance: instance_id, verb: verb === 'retry' ? 'try again' : 'restart' }),
      ),
      is,
    }));

export const lost = (id: string, fault: Fault): InstanceOutcome => ({
  instance_id: id,
  ok: false,
  is: 'unknown',
  took_ms: 0,
  fault,
});

/** Ids grouped by the host that they are on, in the order given. */
export function byHost(ids: readonly string[], { fleet }: Pick<ChosenInstances, 'fleet'>, site: Site): string[][] {
  const groups = new Map<string, string[]>();
  for (const id of ids) {
    const host = hostOf(fleet, site, id);
    groups.set(host, [...(groups.get(host) ?? []), id]);
  }
  return [...groups.values()];
}

export function planned(verb: string, site: Site, chosen: ChosenInstances): Result {
  const rows = new Map(
    chosen.fleet.hosts.flatMap(({ instances }) => instances.map((row) => [row.instance_id, row] as const)),
  );
  const acts = chosen.ids.map((id) => {
    const row = rows.get(id);
    const running = row?.next_action === 'up' || row?.next_action === 'wait_start';
    const act =
      verb === 'restart' ? 'restart' : verb === 'down' ? (running ? 'stop' : 'keep') : running ? 'keep' : 'start';
    return {
      instance_id: id,
      host: hostOf(chosen.fleet, site, id),
      act,
      cause: 'asked',
      file: row?.config?.file ?? null,
      line: row?.config?.line ?? null,
    };
  });
  const signs: Record<string, string> = { start: '+', restart: '~', stop: '-', keep: '=' };
  return {
    text: acts.map(({ act, instance_id }) => `  ${signs[act] ?? ' '} ${act.padEnd(8)} ${instance_id}`).join('\n'),
    ids: chosen.ids,
    document: { plan: { id: null, acts, complaints: [] }, outcomes: [] },
  };
}
