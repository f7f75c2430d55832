/** How agents are reached: this machine's HostManager by its socket, others by the bus, by their own socket where the bus is down. */
import { type Outcome, failed } from '../base/fault.ts';
import type { Caller } from '../client/caller.ts';
import { hostManagerSocketPath, socketPath } from '../store/host-folder.ts';
import type { Connect } from './parts.ts';
import { type Site, ownHostManager } from './site.ts';

export interface Reach {
  /** The best way to `agent`. Each way is opened once. */
  caller(agent: string): Promise<Outcome<Caller>>;
  close(): Promise<void>;
}

export function reachOf(site: Site, connect: Connect, broker: string | undefined): Reach {
  const open = new Map<string, Promise<Outcome<Caller>>>();
  const once = (way: string, make: () => Promise<Outcome<Caller>>): Promise<Outcome<Caller>> => {
    const made = open.get(way) ?? make();
    open.set(way, made);
    return made;
  };
  const bus = () => once('bus', () => connect.bus(site, broker));
  const socket = (path: string) => once(path, () => connect.socket(path, site.folder.authKeys));

  const ownManager = async (): Promise<Outcome<Caller>> => {
    const local = await socket(hostManagerSocketPath(site.folder));
    if (local.ok) return local;
    // Where its folder is, its socket would be: the bus could only tell the same, seconds later.
    if (site.here || !site.brokerNamed) return failed('HOST_MANAGER_ABSENT', { host: site.host });
    const remote = await bus();
    return remote.ok ? remote : failed('HOST_MANAGER_ABSENT', { host: site.host });
  };
  const other = async (agent: string): Promise<Outcome<Caller>> => {
    const remote = await bus();
    if (remote.ok || broker !== undefined) return remote;
    const here = site.instances.some(({ id, host }) => id === agent && host === site.host);
    const local = here ? await socket(socketPath(site.folder, agent)) : remote;
    return local.ok ? local : remote;
  };
  return {
    caller: (agent) => (broker === undefined && agent === ownHostManager(site) ? ownManager() : other(agent)),
    async close() {
      const ways = await Promise.allSettled(open.values());
      const callers = ways.flatMap((way) => (way.status === 'fulfilled' && way.value.ok ? [way.value.value] : []));
      await Promise.all(callers.map((caller) => caller.close()));
    },
  };
}
