/** A world of processes in virtual time, and drivers over it: one for each life of the HostManager. */
import type { Clock } from '../../base/clock.ts';
import type { Driver, DriverEvent, Found, LaunchSpec } from '../../host-manager/driver.ts';

/** How the program of an instance behaves. */
export interface Behaviour {
  spawnDelayMs: number;
  spawnFails: boolean;
  /** Null: it never says that it is ready. */
  readyAfterMs: number | null;
  /** It ends by itself. */
  endsAfterMs: number | null;
  exitCode: number;
  /** How long it takes to end when asked. */
  slowMs: number;
  ignoresPolite: boolean;
  /** Even SIGKILL does not end it: it hangs in the kernel. */
  unkillable: boolean;
  /** Processes left behind when the leader ends. */
  leaves: number;
}

export const WELL: Behaviour = {
  spawnDelayMs: 2,
  spawnFails: false,
  readyAfterMs: 20,
  endsAfterMs: null,
  exitCode: 3,
  slowMs: 0,
  ignoresPolite: false,
  unkillable: false,
  leaves: 0,
};

export interface Living {
  instanceId: string;
  generation: number;
  pid: number;
  startedAtMs: number;
  definitionHash: string;
  ready: boolean;
  leader: boolean;
  /** Left behind by this pid. */
  ofPid: number;
}

export interface World {
  /** Every breach of "at most one process of an instance". */
  readonly doubles: string[];
  readonly launches: { instanceId: string; generation: number; atMs: number; pid: number | null }[];
  readonly signals: { instanceId: string; signal: string; atMs: number }[];
  behave(id: string, over: Partial<Behaviour>): void;
  living(id?: string): Living[];
  leader(id: string): Living | undefined;
  /** The leader ends by itself or by a hand from outside. */
  end(id: string, how: { code: number | null; signal: string | null }, leaves?: number): void;
  outsiders: Map<string, number>;
  /** A driver for one life of a HostManager; `exits` counts what it has told of each instance. */
  driver(deliver: (event: DriverEvent) => void): Driver & { exits: Map<string, number> };
  /** The HostManager is killed: its driver tells nothing any more. */
  crashManager(): void;
}

export function simulatedWorld(clock: Clock): World {
  const behaviours = new Map<string, Behaviour>();
  const processes = new Map<number, Living>();
  const doubles: string[] = [];
  const launches: World['launches'] = [];
  const signals: World['signals'] = [];
  const outsiders = new Map<string, number>();
  let lastPid = 1_000;
  let manager: { tell: (event: DriverEvent) => void } | undefined;

  /** What happened to a process whose launch has not been told yet: it is told after that. */
  const untold = new Map<number, DriverEvent[]>();
  const tell = (pid: number, event: DriverEvent): void => {
    const waiting = untold.get(pid);
    if (waiting === undefined) manager?.tell(event);
    else waiting.push(event);
  };

  const of = (id: string): Behaviour => behaviours.get(id) ?? WELL;
  const living = (id?: string): Living[] =>
    [...processes.values()].filter(({ instanceId }) => id === undefined || instanceId === id);
  const leader = (id: string): Living | undefined => living(id).find((one) => one.leader);
  const lives = (one: Living): boolean => processes.get(one.pid) === one;

  const born = (spec: LaunchSpec): Living => {
    const { instanceId, generation, definitionHash } = spec;
    const others = living(instanceId);
    if (others.length > 0 || outsiders.has(instanceId)) {
      doubles.push(
        `"${instanceId}" generation ${generation} launched beside ${others.map(({ pid }) => pid).join(', ') || 'an outsider'}`,
      );
    }
    const pid = ++lastPid;
    const one = {
      instanceId,
      generation,
      pid,
      startedAtMs: clock.nowMs(),
      definitionHash,
      ready: false,
      leader: true,
      ofPid: pid,
    };
    processes.set(pid, one);
    return one;
  };

  const endLeader = (one: Living, how: { code: number | null; signal: string | null }, leaves: number): void => {
    if (!lives(one)) return;
    processes.delete(one.pid);
    for (let left = 0; left < leaves; left++) {
      const pid = ++lastPid;
      processes.set(pid, { ...one, pid, leader: false });
    }
    const { instanceId, generation } = one;
    const rest = living(instanceId).map(({ pid }) => pid);
    const lastLine = how.code === null ? null : `last line of ${instanceId}`;
    tell(one.pid, {
      type: 'exited',
      instanceId,
      generation,
      ...how,
      rest,
      stderrTail: lastLine === null ? [] : [lastLine],
      lastLine,
    });
  };

  const endRest = (id: string, killed: boolean): void => {
    const rest = living(id).filter((one) => !one.leader);
    if (rest.length === 0 || (of(id).unkillable && killed) || (of(id).ignoresPolite && !killed)) return;
    for (const { pid } of rest) processes.delete(pid);
    const generation = rest[0]?.generation ?? 0;
    if (leader(id) === undefined) tell(rest[0]?.ofPid ?? 0, { type: 'rest-gone', instanceId: id, generation });
  };

  /** What an adoption finds without its leader is ended; SIGKILL stays pending as long as it hangs. */
  const doom = (id: string): void => {
    if (leader(id) !== undefined || living(id).length === 0) return;
    if (!of(id).unkillable) return endRest(id, true);
    clock.after(1_000, () => doom(id));
  };

  const live = (one: Living): void => {
    const { readyAfterMs, endsAfterMs, exitCode, leaves } = of(one.instanceId);
    const { instanceId, generation } = one;
    if (readyAfterMs !== null) {
      clock.after(readyAfterMs, () => {
        if (!lives(one)) return;
        one.ready = true;
        manager?.tell({ type: 'ready', instanceId, generation });
      });
    }
    if (endsAfterMs !== null) clock.after(endsAfterMs, () => endLeader(one, { code: exitCode, signal: null }, leaves));
  };

  const driver: World['driver'] = (deliver) => {
    const exits = new Map<string, number>();
    const self = {
      tell(event: DriverEvent): void {
        clock.after(0, () => {
          if (manager !== self) return;
          if (event.type === 'exited') exits.set(event.instanceId, (exits.get(event.instanceId) ?? 0) + 1);
          deliver(event);
        });
      },
    };
    manager = self;
    return {
      exits,
      launch(spec) {
        const { instanceId, generation } = spec;
        const { spawnDelayMs, spawnFails } = of(instanceId);
        if (spawnFails) {
          launches.push({ instanceId, generation, atMs: clock.nowMs(), pid: null });
          clock.after(spawnDelayMs, () =>
            self.tell({ type: 'spawn-failed', instanceId, generation, errno: 'ENOENT', text: 'no such program' }),
          );
          return;
        }
        const one = born(spec);
        launches.push({ instanceId, generation, atMs: clock.nowMs(), pid: one.pid });
        untold.set(one.pid, []);
        clock.after(spawnDelayMs, () => {
          self.tell({ type: 'spawned', instanceId, generation, pid: one.pid, atMs: one.startedAtMs });
          for (const event of untold.get(one.pid) ?? []) self.tell(event);
          untold.delete(one.pid);
          live(one);
        });
      },
      signal(instanceId, signal) {
        signals.push({ instanceId, signal, atMs: clock.nowMs() });
        const one = leader(instanceId);
        const { ignoresPolite, unkillable, slowMs, leaves } = of(instanceId);
        if (one === undefined || ignoresPolite || unkillable) return;
        clock.after(slowMs, () => endLeader(one, { code: 0, signal: null }, leaves));
      },
      terminateRest: (id) => void clock.after(1, () => endRest(id, false)),
      kill(instanceId) {
        signals.push({ instanceId, signal: 'SIGKILL', atMs: clock.nowMs() });
        const one = leader(instanceId);
        clock.after(1, () => {
          if (of(instanceId).unkillable) return;
          for (const { pid, leader: leads } of living(instanceId))
            if (!leads && one !== undefined && lives(one)) processes.delete(pid);
          if (one !== undefined && lives(one)) endLeader(one, { code: null, signal: 'SIGKILL' }, 0);
          else endRest(instanceId, true);
        });
      },
      alive: (id) => living(id).length > 0,
      remains: (id) => living(id).map(({ pid }) => ({ pid, state: 'D' })),
      outside(id) {
        const pid = outsiders.get(id);
        return pid === undefined ? undefined : { pid };
      },
      adopt() {
        for (const { instanceId } of living()) if (leader(instanceId) === undefined) doom(instanceId);
        return living()
          .filter((one) => one.leader)
          .map(foundOf);
      },
      forget(id) {
        exits.delete(id);
      },
      close() {
        if (manager === self) manager = undefined;
      },
    };
  };

  return {
    doubles,
    launches,
    signals,
    behave: (id, over) => behaviours.set(id, { ...of(id), ...over }),
    living,
    leader,
    end(id, how, leaves = 0) {
      const one = leader(id);
      if (one !== undefined) endLeader(one, how, leaves);
    },
    outsiders,
    driver,
    crashManager() {
      manager = undefined;
      untold.clear();
    },
  };
}

const foundOf = ({ instanceId, generation, pid, startedAtMs, definitionHash, ready }: Living): Found => ({
  instanceId,
  generation,
  pid,
  startedAtMs,
  definitionHash,
  ready,
  watch: 'lifeline',
});
