/** `cupola start` without a target: this machine's HostManager, its broker and its children. */
import { join } from 'node:path';
import { type Fault, type Outcome, exitOf, failed, fault } from '../../base/fault.ts';
import type { Clock } from '../../base/clock.ts';
import type { Caller } from '../../client/caller.ts';
import type { Row } from '../../protocol/rows.ts';
import { hostManagerSocketPath } from '../../store/host-folder.ts';
import { bell } from '../bell.ts';
import { fleetDocument, readFleet } from '../fleet.ts';
import { interrupted, watchingOnly } from '../interrupt.ts';
import { watchManager } from '../manager-watch.ts';
import type { Result } from '../output.ts';
import type { Launched, Parts } from '../parts.ts';
import type { Shell } from '../shell.ts';
import { type Site, ownHostManager, passedOn } from '../site.ts';
import { statusText } from '../status-table.ts';
import { reachedBy } from '../wait.ts';

/** How long the HostManager may take to answer on its socket. */
const ANSWER_MS = 10_000;
/** How long the children may take before the table is shown as it is. */
const CHILDREN_MS = 30_000;

export interface StartOptions {
  foreground: boolean;
  force: boolean;
  /** Flags of the HostManager, passed on as they are. */
  passed: readonly string[];
}

export async function startHost(shell: Shell, options: StartOptions): Promise<Result> {
  const site = await shell.site(true);
  if (!site.ok) return site;
  const { parts } = shell;
  const made = parts.launcher.makeFolders(site.value.folder);
  if (!made.ok) return made;
  const running = await parts.connect.socket(hostManagerSocketPath(site.value.folder), site.value.folder.authKeys);
  if (running.ok) return alreadyRunning(shell, site.value, running.value, options);

  const args = [
    'agent',
    'run',
    'HostManager',
    '--instance-id',
    ownHostManager(site.value),
    ...passedOn(site.value, shell.flags),
    ...options.passed,
  ];
  if (options.foreground) return inForeground(shell, site.value, args);
  const logs = logsOf(site.value);
  const launched = parts.launcher.background(args, logs);
  if (!launched.ok) return launched;
  const watching = watchingOnly(shell);
  const caller = await answering(parts, site.value, launched.value, watching.signal);
  if (!caller.ok) {
    watching.end();
    return watching.interrupted() ? interrupted({ pid: launched.value.pid }) : notStarted(caller.fault);
  }
  await childrenUp(caller.value, ownHostManager(site.value), parts.clock, watching.signal);
  watching.end();
  await caller.value.close();
  if (watching.interrupted()) return interrupted({ pid: launched.value.pid });
  return started(shell, site.value, `HostManager "${ownHostManager(site.value)}" started, pid ${launched.value.pid}`);
}

async function alreadyRunning(shell: Shell, site: Site, caller: Caller, { force }: StartOptions): Promise<Result> {
  const presence = await firstPresence(caller, ownHostManager(site), shell.parts.clock);
  await caller.close();
  const since = presence === undefined ? 'unknown' : new Date(presence.since * 1_000).toISOString();
  const facts = { agent: ownHostManager(site), pid: presence?.pid ?? 'unknown', since };
  if (force) return { fault: fault('ALREADY_RUNNING', facts) };
  return started(shell, site, `HostManager "${facts.agent}" runs already, pid ${facts.pid}`);
}

/** The table and what to do next. What is not as wanted is shown, and is no failure of the start. */
async function started(shell: Shell, site: Site, line: string): Promise<Result> {
  const { disk, clock } = shell.parts;
  const fleet = await readFleet({ site, reach: shell.reach(site), disk, clock, hosts: [site.host] });
  return {
    text: `${line}\n${statusText(fleet, shell.view())}\n${nextSteps(site)}`,
    document: fleetDocument(fleet, site),
  };
}

/** What a person wants to do now. */
function nextSteps(site: Site): string {
  const example = site.instances.find(
    ({ host, agentClass }) => host === site.host && !['Broker', 'Dashboard', 'HostManager'].includes(agentClass),
  );
  const lines = [
    'cupola status',
    ...(example === undefined ? [] : [`cupola status ${example.id}`, `cupola logs ${example.id} -f`]),
    'cupola stop',
  ];
  return `  next: ${lines.join('  ·  ')}`;
}

async function inForeground(shell: Shell, site: Site, args: readonly string[]): Promise<Result> {
  const { launcher, clock } = shell.parts;
  const launched = launcher.foreground(args);
  if (!launched.ok) return launched;
  const child = launched.value;
  const cancel = shell.terminal.onInterrupt((signal) => child.signal(signal === 'SIGINT' ? 'SIGINT' : 'SIGTERM'));
  const over = new AbortController();
  const telling = answering(shell.parts, site, child, over.signal).then(async (caller) => {
    if (!caller.ok) return;
    await childrenUp(caller.value, ownHostManager(site), clock, over.signal);
    await caller.value.close();
    if (!over.signal.aborted) shell.note(`${nextSteps(site)}  (Ctrl-C stops all)`);
  });
  const exit = await child.ended;
  over.abort();
  await telling;
  cancel();
  return exit === 0
    ? { document: { pid: child.pid } }
    : { ...failed('START_FAILED', { exit, cause: '', log: 'the lines above' }), exit };
}

/** Wait until the socket answers, told by the folder that it lies in. */
export async function answering(
  parts: Parts,
  site: Site,
  child: Launched,
  signal: AbortSignal,
): Promise<Outcome<Caller>> {
  const { launcher, clock, connect } = parts;
  const path = hostManagerSocketPath(site.folder);
  const over = new AbortController();
  const { ring: wake, rung } = bell();
  const cancels = [launcher.watchFolder(site.folder.run, wake), clock.after(ANSWER_MS, () => over.abort())];
  let exit: number | undefined;
  void child.ended.then((code) => {
    exit = code;
    wake();
  });
  over.signal.addEventListener('abort', wake, { once: true });
  signal.addEventListener('abort', wake, { once: true });
  let found: Outcome<Caller> | undefined;
  while (found === undefined) {
    const caller = await connect.socket(path, site.folder.authKeys);
    if (caller.ok) found = caller;
    else if (exit !== undefined) found = await ended(parts, site, exit);
    else if (over.signal.aborted || signal.aborted)
      found = failed('START_TIMEOUT', { waitedMs: ANSWER_MS, log: logsOf(site).err });
    else await rung();
  }
  for (const cancel of cancels) cancel();
  signal.removeEventListener('abort', wake);
  return found;
}

/** The exit code of a HostManager that ended at once names the kind of its fault. */
const notStarted = (why: Fault): Result => {
  const { exit } = why.facts;
  return why.code === 'START_FAILED' && typeof exit === 'number' && exit !== 0 ? { fault: why, exit } : { fault: why };
};

/** A HostManager that ended at once has told why on stderr. */
async function ended({ disk }: Parts, site: Site, exit: number): Promise<Outcome<never>> {
  const lines = await disk.lines(site.folder, ownHostManager(site), { stream: 'err', lines: 5 });
  const last = lines.ok
    ? (lines.value.findLast(({ text }) => text.trim() !== '' && !text.startsWith('  next:'))?.text ?? '')
    : '';
  const told = failed('START_FAILED', { exit, cause: last === '' ? '' : `: ${last}`, log: logsOf(site).err });
  return exit === exitOf('ALREADY_RUNNING')
    ? failed('ALREADY_RUNNING', { agent: ownHostManager(site), pid: 'unknown', since: 'unknown' })
    : told;
}

/** Is it on its way, and worth waiting for? */
const comingUp = (row: Row): boolean =>
  row.target_state === 'up' && row.phase !== 'waiting' && row.ready !== 'late' && reachedBy(row, 'up') === 'not yet';

/** Wait until every child that is wanted up is up and ready, or will not come by itself. */
export function childrenUp(caller: Caller, manager: string, clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      cancelWatch();
      cancelLimit();
      signal.removeEventListener('abort', end);
      resolve();
    };
    let settled = false;
    let cancelWatch = (): void => void (settled = true);
    const cancelLimit = clock.after(CHILDREN_MS, end);
    signal.addEventListener('abort', end, { once: true });
    const cancel = watchManager(caller, manager, ({ child_states }, { status }) => {
      if (!settled && status === 'running' && !child_states.some(comingUp)) end();
    });
    if (settled) cancel();
    else cancelWatch = cancel;
  });
}

/** Who serves this socket: said at once by one that serves. */
export function firstPresence(
  caller: Caller,
  agent: string,
  clock: Clock,
): Promise<{ pid: number; since: number } | undefined> {
  return new Promise((resolve) => {
    let over = false;
    const end = (found: { pid: number; since: number } | undefined): void => {
      if (over) return;
      over = true;
      cancelLimit();
      queueMicrotask(() => cancelWatch());
      resolve(found);
    };
    const cancelLimit = clock.after(1_000, () => end(undefined));
    const cancelWatch = caller.watchPresence((who, { pid, since, state }) => {
      if (who === agent && state === 'online') end({ pid, since });
    });
  });
}

const logsOf = (site: Site): { out: string; err: string } => ({
  out: join(site.folder.log, `${ownHostManager(site)}.out.log`),
  err: join(site.folder.log, `${ownHostManager(site)}.err.log`),
});
