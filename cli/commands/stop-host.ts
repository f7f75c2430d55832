/** `cupola stop` and `cupola restart` without a target: this machine's HostManager. */
import { type Outcome, failed, ok } from '../../base/fault.ts';
import type { Caller } from '../../client/caller.ts';
import { hostManagerSocketPath } from '../../store/host-folder.ts';
import { sayDuration } from '../duration.ts';
import { readFleet } from '../fleet.ts';
import { interrupted, watchingOnly } from '../interrupt.ts';
import type { Result } from '../output.ts';
import { runningTasks } from '../running-tasks.ts';
import type { Shell } from '../shell.ts';
import { type Site, ownHostManager } from '../site.ts';
import { firstPresence, startHost } from './start-host.ts';
import { confirmed } from './up-down.ts';

const ENDED_WITHIN_MS = 60_000;
/** Not a child of this program, so its end is looked for: nothing tells of it. */
const LOOK_MS = 50;

export type Leave = 'none' | 'all' | 'dockers';

export async function stopHost(shell: Shell, leave: Leave): Promise<Result> {
  const site = await shell.site(true);
  if (!site.ok) return site;
  const running = await ownManager(shell, site.value);
  if (!running.ok)
    return { text: `HostManager "${ownHostManager(site.value)}" does not run`, document: { stopped: false } };
  const tasks = leave === 'all' ? [] : await tasksOf(shell, site.value);
  if (
    tasks.length > 0 &&
    !(await confirmed(shell, `${tasks.join(', ')} ${tasks.length === 1 ? 'runs' : 'run'}. Stop all the same`))
  ) {
    return { ...failed('CONFIRM', { what: `${tasks.join(', ')} would be cut off` }), document: { tasks } };
  }
  if (shell.options.dryRun)
    return { text: `would stop ${ownHostManager(site.value)}`, document: { stopped: false, tasks } };
  return dieAndWait(shell, site.value, running.value, leave);
}

/** The HostManager alone: children go on and are adopted by the next one. */
export async function restartHost(shell: Shell): Promise<Result> {
  const site = await shell.site();
  if (!site.ok) return site;
  const running = await ownManager(shell, site.value);
  if (!running.ok) return running;
  if (shell.options.dryRun)
    return { text: `would restart ${ownHostManager(site.value)}; children untouched`, document: { outcomes: [] } };
  const ended = await dieAndWait(shell, site.value, running.value, 'all');
  if (ended.fault !== undefined || ended.exit !== undefined) return ended;
  return startHost(shell, { foreground: false, force: false, passed: [] });
}

async function dieAndWait(shell: Shell, site: Site, caller: Caller, leave: Leave): Promise<Result> {
  const { clock, launcher } = shell.parts;
  const manager = ownHostManager(site);
  const timeout = shell.timeoutMs(ENDED_WITHIN_MS);
  if (!timeout.ok) return timeout;
  const limitMs = timeout.value ?? ENDED_WITHIN_MS;
  const presence = await firstPresence(caller, manager, clock);
  const beganMs = clock.monotonicMs();
  const params = { disown_dockers: leave !== 'none', disown_hosts: leave === 'all' };
  const reply = await caller.call(manager, { method: 'start', class: 'admin', op: 'die', params });
  await caller.close();
  // A connection that ends while it dies is no refusal.
  if (!reply.ok && !['BUS_DOWN', 'AGENT_ABSENT', 'NO_REPLY', 'OUTCOME_UNKNOWN', 'STOPPING'].includes(reply.fault.code))
    return reply;
  const watching = watchingOnly(shell);
  const there = async (): Promise<boolean> => {
    if (presence !== undefined) return launcher.alive(presence.pid);
    const still = await shell.parts.connect.socket(hostManagerSocketPath(site.folder), site.folder.authKeys);
    if (still.ok) await still.value.close();
    return still.ok;
  };
  while (!watching.interrupted() && clock.monotonicMs() - beganMs < limitMs && (await there()))
    await clock.sleep(LOOK_MS, watching.signal);
  watching.end();
  if (watching.interrupted()) return interrupted();
  const tookMs = clock.monotonicMs() - beganMs;
  if (tookMs >= limitMs && (await there()))
    return failed('NOT_ENDED', { agent: manager, waitedMs: limitMs, pid: presence?.pid ?? 'unknown' });
  return {
    text: `${manager} stopped in ${sayDuration(tookMs)}`,
    document: { stopped: true, took_ms: Math.round(tookMs) },
  };
}

/** Only the socket will do: this is about this very machine. */
async function ownManager(shell: Shell, site: Site): Promise<Outcome<Caller>> {
  const caller = await shell.parts.connect.socket(hostManagerSocketPath(site.folder), site.folder.authKeys);
  return caller.ok ? ok(caller.value) : failed('HOST_MANAGER_ABSENT', { host: site.host });
}

async function tasksOf(shell: Shell, site: Site): Promise<string[]> {
  const { disk, clock } = shell.parts;
  const reach = shell.reach(site);
  const fleet = await readFleet({ site, reach, disk, clock, hosts: [site.host] });
  const up = fleet.hosts.flatMap(({ instances }) =>
    instances.filter(
      ({ phase, agent_class }) => phase === 'up' && agent_class !== 'Broker' && agent_class !== 'Command',
    ),
  );
  return runningTasks({ reach, clock, agents: up.map(({ instance_id }) => instance_id) });
}
