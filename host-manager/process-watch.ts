/** The watch over lives: turns what the kernel says (exit, lifeline, a look at /proc) into events of the driver. */
import type { Cancel, Clock } from '../base/clock.ts';
import { causeOf } from '../base/fault.ts';
import { recordPath, removePidRecord, writePidRecord } from '../store/pid-record.ts';
import { alive } from '../store/proc.ts';
import type { DriverEvent } from './driver.ts';
import type { LifelinePool } from './lifeline.ts';
import { lastLineOf, outputTail, sizeOf } from './output-tail.ts';
import { exitFileCode } from './process-files.ts';
import { type Holders, type Life, lives, signalAll, survivors } from './process-life.ts';

export interface WatchParts {
  runFolder: string;
  clock: Clock;
  pool: LifelinePool;
  holders: Holders;
  emit: (event: DriverEvent) => void;
  onTrouble: (text: string) => void;
}

export interface Watch {
  /** The newest life of each instance that is not over. */
  readonly lives: ReadonlyMap<string, Life>;
  /** From now on what becomes of it is told; of a child of ours, its end by `ended`. */
  begin(life: Life): void;
  /** Our child has been reaped. */
  ended(life: Life, code: number | null, signal: string | null): void;
  /** Look at a rest that has just been signalled. */
  lookSoon(life: Life): void;
  /** End what was found without leader: SIGTERM, then SIGKILL. */
  endRest(life: Life): void;
  close(): void;
}

/** An adopted process without a lifeline is looked at once a second (host-manager §6). */
const LOOK_UNGUARDED_MS = 1_000;
/** With one, the look finds a leader that died and left a process behind: then the lifeline stays held and says nothing. */
const LOOK_ADOPTED_MS = 5_000;
const LOOK_SOON_MS = 5;
const LOOK_CLOSED_MS = 50;
/** From SIGTERM to SIGKILL for a rest (host-manager §4). */
const REST_GRACE_MS = 2_000;

export function watchLives({ runFolder, clock, pool, holders, emit, onTrouble }: WatchParts): Watch {
  const known = new Map<string, Life>();
  const looks = new Map<Life, Cancel>();
  const graces = new Set<Cancel>();
  let closed = false;

  const lookAfter = (life: Life, delayMs: number): void => {
    looks.get(life)?.();
    const cancel = clock.after(delayMs, () => {
      looks.delete(life);
      if (!closed) look(life, delayMs);
    });
    looks.set(life, cancel);
  };
  const look = (life: Life, waitedMs: number): void => {
    if (known.get(life.instanceId) !== life) return;
    const laterMs = Math.min(waitedMs * 2, LOOK_UNGUARDED_MS);
    if (life.leaderGone) {
      if (!lives(life)) restGone(life);
      else if (life.lifeline?.held() !== true) lookAfter(life, laterMs); // a held one says by itself when it is free
    } else if (life.leader !== undefined && alive(life.leader)) {
      life.unguarded = life.lifeline?.held() !== true;
      if (life.adopted) lookAfter(life, life.unguarded ? laterMs : LOOK_ADOPTED_MS);
    } else if (life.adopted) ended(life, exitFileCode(runFolder, life.instanceId, life.generation), null);
  };
  /** It is over: told first, for on this event the next one is launched; its files are put away after that. */
  const finish = (life: Life, event: DriverEvent): void => {
    looks.get(life)?.();
    looks.delete(life);
    known.delete(life.instanceId);
    emit(event);
    if (!known.has(life.instanceId)) removePidRecord(runFolder, life.instanceId, life.life);
    if (life.lifeline === undefined) return;
    life.lifeline.close();
    pool.give(life.lifeline.path);
  };
  const restGone = (life: Life): void =>
    finish(life, { type: 'rest-gone', instanceId: life.instanceId, generation: life.generation });
  const ended = (life: Life, code: number | null, signal: string | null): void => {
    if (closed) return;
    life.leaderGone = true;
    life.rest = survivors(life, holders);
    const event = exitedEvent(life, code, signal);
    if (life.rest.length === 0 && !lives(life)) return finish(life, event);
    lookAfter(life, LOOK_SOON_MS);
    emit(event);
  };
  const onReady = (life: Life): void => {
    if (closed || known.get(life.instanceId) !== life || life.leaderGone) return;
    life.record = { ...life.record, ready: true };
    keep(life);
    emit({ type: 'ready', instanceId: life.instanceId, generation: life.generation });
  };
  const keep = (life: Life): void => {
    try {
      writePidRecord(runFolder, life.record);
    } catch (thrown) {
      onTrouble(`Cannot write "${recordPath(runFolder, life.instanceId)}": ${causeOf(thrown)}`);
    }
  };
  return {
    lives: known,
    begin(life) {
      known.set(life.instanceId, life);
      if (life.leader !== undefined) keep(life);
      life.lifeline?.watch({
        // Read perhaps in the middle of a question about this life: told after its answer.
        onReady: () => queueMicrotask(() => onReady(life)),
        onEnd() {
          // A dying process lets go of it a moment before it is dead; one that still lives a little later has closed it.
          if (life.leaderGone || life.adopted) look(life, LOOK_SOON_MS);
          else lookAfter(life, LOOK_CLOSED_MS);
        },
      });
      if (life.adopted) lookAfter(life, life.unguarded ? LOOK_UNGUARDED_MS : LOOK_ADOPTED_MS);
    },
    ended,
    lookSoon: (life) => lookAfter(life, LOOK_SOON_MS),
    endRest(life) {
      signalAll(life, 'SIGTERM', holders);
      lookAfter(life, LOOK_SOON_MS);
      const cancel = clock.after(REST_GRACE_MS, () => {
        graces.delete(cancel);
        if (known.get(life.instanceId) === life) signalAll(life, 'SIGKILL', holders);
      });
      graces.add(cancel);
    },
    close() {
      closed = true;
      for (const cancel of [...looks.values(), ...graces]) cancel();
      for (const life of known.values()) {
        life.lifeline?.close();
        life.letGo();
      }
    },
  };
}

/** Where the output ended is noted now; it is read only when somebody asks, so that the log disk never stands before a relaunch. */
function exitedEvent(life: Life, code: number | null, signal: string | null): DriverEvent {
  const { log } = life.record;
  const err = log && { path: log.err, from: log.err_offset, to: sizeOf(log.err) };
  const out = log && { path: log.out, from: log.out_offset, to: sizeOf(log.out) };
  let read: string[] | undefined;
  const tail = (): string[] => {
    read ??= err === undefined ? [] : outputTail(err);
    return read;
  };
  return {
    type: 'exited',
    instanceId: life.instanceId,
    generation: life.generation,
    code,
    signal,
    rest: life.rest.map(({ pid }) => pid),
    get stderrTail() {
      return tail();
    },
    get lastLine() {
      return lastLineOf(tail()) ?? (out === undefined ? null : lastLineOf(outputTail(out)));
    },
  };
}
