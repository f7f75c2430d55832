/** The state of the fleet: what each HostManager says of its instances, or what its folder says when it is dead. */
import { type Fault, type Outcome, failed, ok } from '../base/fault.ts';
import type { Clock } from '../base/clock.ts';
import type { Caller } from '../client/caller.ts';
import { ManagerData, type Row } from '../protocol/rows.ts';
import { Session } from '../protocol/session.ts';
import type { Disk, DiskRecord } from './parts.ts';
import type { Reach } from './reach.ts';
import { type Site, ownHostManager } from './site.ts';
import type { Candidate } from './targets.ts';
import { within } from './within.ts';

export interface HostState {
  host: string;
  instance_id: string;
  is: 'up' | 'lost' | 'down';
  /** Unix seconds; of the `manager` process. */
  since: number | null;
  seen_at: number | null;
  manager: ManagerData | null;
  instances: readonly Row[];
  /** Pid records, where nobody answered and the folder is on this machine. */
  records: readonly DiskRecord[];
  problem?: string;
  fault?: Fault;
}

export interface Fleet {
  source: 'socket' | 'bus' | 'disk';
  hosts: HostState[];
}

/** How long a HostManager may take to say its state. */
const STATE_TTL_MS = 3_000;
/** The same with the way there: a broker that does not answer must not hold up the whole table. */
const STATE_LIMIT_MS = 4_000;

interface Asked {
  site: Site;
  reach: Reach;
  disk: Disk;
  clock: Clock;
  /** Only these hosts; all without. */
  hosts?: readonly string[];
}

/** Ask every HostManager of the site at once. */
export async function readFleet({ site, reach, disk, clock, hosts: wanted }: Asked): Promise<Fleet> {
  const managers = new Map([[site.host, ownHostManager(site)], ...site.hostManagers]);
  const chosen = [...managers]
    .filter(([host]) => wanted === undefined || wanted.includes(host))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  let source: Fleet['source'] = 'disk';
  const hosts = await Promise.all(
    chosen.map(async ([host, manager]) => {
      const late = (): Answer =>
        failed('AGENT_ABSENT', { agent: manager, why: `no answer within ${STATE_LIMIT_MS} ms` });
      const told = await within(clock, STATE_LIMIT_MS, askManager(reach, manager), late);
      if (!told.ok) return absent(host, manager, told.fault, host === site.host ? await disk.records(site.folder) : []);
      if (host === site.host || source === 'disk') source = told.value.via;
      return hostState(host, manager, told.value.session, clock);
    }),
  );
  return { source, hosts };
}

type Answer = Outcome<{ via: Caller['via']; session: Session }>;

async function askManager(reach: Reach, manager: string): Promise<Answer> {
  const caller = await reach.caller(manager);
  if (!caller.ok) return caller;
  const session = await managerSession(caller.value, manager);
  return session.ok ? ok({ via: caller.value.via, session: session.value }) : session;
}

/** The newest session of the process `manager`. */
export async function managerSession(caller: Caller, manager: string): Promise<Outcome<Session>> {
  const reply = await caller.call(manager, { method: 'status', class: 'read', op: 'manager', ttlMs: STATE_TTL_MS });
  if (!reply.ok) return reply;
  const session = Session.safeParse(reply.value.session);
  return session.success ? ok(session.data) : failed('MANAGER_NOT_RUNNING', { agent: manager });
}

function hostState(host: string, manager: string, session: Session, clock: Clock): HostState {
  const data = ManagerData.safeParse(session.data);
  const running = session.status === 'running' || session.status === 'starting';
  return {
    host,
    instance_id: manager,
    is: 'up',
    since: session.start_time,
    seen_at: clock.nowMs() / 1_000,
    manager: data.success ? data.data : null,
    instances: data.success ? data.data.child_states : [],
    records: [],
    ...(running ? {} : { problem: `manager is ${session.status}` }),
  };
}

const absent = (host: string, manager: string, why: Fault, records: readonly DiskRecord[]): HostState => ({
  host,
  instance_id: manager,
  is: why.code === 'HOST_MANAGER_ABSENT' ? 'down' : 'lost',
  since: null,
  seen_at: null,
  manager: null,
  instances: [],
  records,
  fault: why,
});

/** What a word on the command line can mean: rows of HostManagers that answer, entries of the file for the others. */
export function candidates(fleet: Fleet, site: Site): Candidate[] {
  const told = fleet.hosts.flatMap(({ host, instances }) =>
    instances.map((row) => ({
      id: row.instance_id,
      host,
      agentClass: row.agent_class,
      is: row.is,
      changed: row.restart_required,
    })),
  );
  const silent = new Set(fleet.hosts.filter(({ manager }) => manager === null).map(({ host }) => host));
  const listed = site.instances
    .filter(({ id, host }) => silent.has(host) && !told.some((row) => row.id === id))
    .map(({ id, host, agentClass }) => ({ id, host, agentClass, is: 'lost', changed: false }));
  return [...told, ...listed];
}

/** The document of `status`. */
export const fleetDocument = (fleet: Fleet, site: Site): Record<string, unknown> => ({
  site: site.file ?? null,
  source: fleet.source,
  hosts: fleet.hosts.map(({ instances, records, fault, ...host }) => ({
    ...host,
    ...(host.manager === null
      ? { records, ...(fault === undefined ? {} : { fault }) }
      : { manager: { ...host.manager, child_states: instances } }),
  })),
});
