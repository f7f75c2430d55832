/** The real driver: processes of this machine, launched into their own session, watched by the kernel, signalled only when verified. */
import type { Clock } from '../base/clock.ts';
import { causeOf } from '../base/fault.ts';
import type { HostFolder } from '../store/host-folder.ts';
import { liveProcess, readPidRecord } from '../store/pid-record.ts';
import { errnoOf, fifoHolders } from '../store/proc.ts';
import type { Driver, DriverEvent, LaunchSpec } from './driver.ts';
import { lifelinePool } from './lifeline.ts';
import { adoptLives } from './process-adoption.ts';
import { forgetFiles, outsideProcess } from './process-files.ts';
import { launchProcess } from './process-launch.ts';
import { type Holders, lives, remainsOf, signalAll, signalGroup, signalLeader } from './process-life.ts';
import { watchLives } from './process-watch.ts';

export interface ProcessDriverParts {
  folder: HostFolder;
  clock: Clock;
  onEvent: (event: DriverEvent) => void;
  /** The HostManager's own instance-id (`hm-<host>`): its record is not a child's. */
  ownId?: string;
  /** What stops nothing but should be told: a record or a log that could not be written. */
  onTrouble?: (text: string) => void;
}

/** The folder must be there (`makeHostFolder`), and this process must hold its lock (`takeHostLock`). */
export function processDriver({ folder, clock, onEvent, ownId, onTrouble = () => {} }: ProcessDriverParts): Driver {
  const pool = lifelinePool(folder.run);
  const holders = oncePerTurn(fifoHolders);
  let closed = false;
  const emit = (event: DriverEvent): void => {
    if (!closed) onEvent(event);
  };
  const watch = watchLives({ runFolder: folder.run, clock, pool, holders, emit, onTrouble });
  pool.refill();

  const isAlive = (instanceId: string): boolean => {
    const life = watch.lives.get(instanceId);
    if (life !== undefined) return lives(life);
    const record = readPidRecord(folder.run, instanceId);
    return record !== undefined && liveProcess(record) !== undefined;
  };
  const spawnFailed = ({ instanceId, generation }: LaunchSpec, errno: string, text: string): void =>
    queueMicrotask(() => emit({ type: 'spawn-failed', instanceId, generation, errno, text }));

  const start = (spec: LaunchSpec): void => {
    const { child, life, told } = launchProcess({ spec, folder, pool, nowMs: clock.nowMs(), onTrouble });
    child.once('error', (error) => {
      if (life === undefined) spawnFailed(spec, errnoOf(error), told(error));
      else onTrouble(causeOf(error));
    });
    if (life === undefined) return;
    const { instanceId, generation } = spec;
    const spawned = { type: 'spawned', instanceId, generation, pid: child.pid ?? 0, atMs: clock.nowMs() } as const;
    queueMicrotask(() => emit(spawned));
    child.once('exit', (code, signal) => watch.ended(life, code, signal));
    watch.begin(life);
    pool.refill();
  };

  return {
    launch(spec) {
      if (isAlive(spec.instanceId)) return spawnFailed(spec, 'EBUSY', 'a process of this instance still lives');
      try {
        start(spec);
      } catch (thrown) {
        spawnFailed(spec, errnoOf(thrown), causeOf(thrown));
      }
    },
    signal(instanceId, signal, to) {
      const life = watch.lives.get(instanceId);
      if (life === undefined) return;
      if (to === 'group') signalGroup(life, signal);
      else signalLeader(life, signal);
    },
    terminateRest(instanceId) {
      const life = watch.lives.get(instanceId);
      if (life?.leaderGone !== true) return;
      signalAll(life, 'SIGTERM', holders);
      watch.lookSoon(life);
    },
    kill(instanceId) {
      const life = watch.lives.get(instanceId);
      if (life === undefined) return;
      signalAll(life, 'SIGKILL', holders);
      if (life.leaderGone) watch.lookSoon(life);
    },
    alive: isAlive,
    remains(instanceId) {
      const life = watch.lives.get(instanceId);
      return life === undefined ? [] : remainsOf(life, holders);
    },
    outside: (instanceId) => outsideProcess(folder.run, instanceId),
    adopt() {
      const own = ownId ?? `hm-${folder.host}`;
      const { found, left } = adoptLives({ folder, ownId: own, holders, pool, nowMs: clock.nowMs() });
      for (const { life } of found) watch.begin(life);
      for (const life of left) {
        watch.begin(life);
        watch.endRest(life);
      }
      return found.map(({ found }) => found);
    },
    forget(instanceId) {
      if (!isAlive(instanceId)) forgetFiles(folder.run, instanceId);
    },
    close() {
      closed = true;
      watch.close();
    },
  };
}

/** Those who ask within one turn share one scan of /proc: a stop of hundreds costs one. */
function oncePerTurn(scan: Holders): Holders {
  let known: ReturnType<Holders> | undefined;
  return () => {
    if (known === undefined) {
      known = scan();
      queueMicrotask(() => {
        known = undefined;
      });
    }
    return known;
  };
}
