/** The one loop: an event comes, the machine decides, the driver acts, the limits are armed. Synchronous throughout. */
import type { Cancel, Clock } from '../base/clock.ts';
import { causeOf } from '../base/fault.ts';
import { decide } from './decide.ts';
import type { Driver, LaunchSpec } from './driver.ts';
import type { Action, Crash, Event, Level, Surroundings } from './event.ts';
import type { Instance } from './instance.ts';
import { limitOf } from './instance.ts';
import type { Ledger } from './ledger.ts';
import { unmetOf } from './order.ts';

/** What is said, to sessions and to the log alike. */
export interface Message {
  atMs: number;
  instance: string | null;
  level: Level;
  text: string;
  facts: Record<string, unknown>;
}

export interface LoopParts {
  clock: Clock;
  random: () => number;
  driver: Driver;
  launchSpec: (id: string, generation: number) => LaunchSpec;
  ledger: Ledger;
  report: (crash: Crash) => void;
  tell: (message: Message) => void;
  /** The instance has changed, or is gone. */
  onChange: (id: string) => void;
  /** Launches that are not ready yet, at most, while the host starts. */
  launchesAtOnce: number;
}

export interface Loop {
  readonly rows: ReadonlyMap<string, Instance>;
  /** A new row, or the same one with other values; no decision is made. */
  put(instance: Instance): void;
  drop(id: string): void;
  dispatch(id: string, event: Event): void;
  /** These wait their turn: for the broker and for a place in the launch queue. */
  boot(ids: readonly string[]): void;
  /** This one no longer waits its turn. */
  hurry(id: string): void;
  close(): void;
}

type Waiting = { id: string; event: Event; armedForMs: number | null };

export function loop(parts: LoopParts): Loop {
  const { clock, driver, ledger } = parts;
  const rows = new Map<string, Instance>();
  const blocked = new Set<string>();
  const booting = new Set<string>();
  const limits = new Map<string, { atMs: number; cancel: Cancel }>();
  const queue: Waiting[] = [];
  let draining = false;
  let closed = false;

  const say = (instance: string | null, level: Level, text: string, facts: Record<string, unknown> = {}): void =>
    parts.tell({ atMs: clock.nowMs(), instance, level, text, facts });

  const place = (instance: Instance): void => {
    const { id, phase } = instance;
    rows.set(id, instance);
    if (phase.name === 'blocked') blocked.add(id);
    else blocked.delete(id);
    if (phase.name !== 'blocked' && phase.name !== 'down') booting.delete(id);
    arm(instance);
  };

  const put = (instance: Instance): void => {
    place(instance);
    parts.onChange(instance.id);
  };

  const drop = (id: string): void => {
    limits.get(id)?.cancel();
    for (const held of [limits, rows, blocked, booting]) held.delete(id);
    parts.onChange(id);
  };

  const arm = (instance: Instance): void => {
    const { id } = instance;
    const atMs = limitOf(instance);
    const armed = limits.get(id);
    if (armed?.atMs === atMs) return;
    armed?.cancel();
    limits.delete(id);
    if (atMs === null) return;
    const cancel = clock.after(atMs - clock.nowMs(), () => {
      limits.delete(id);
      enqueue({ id, event: { type: 'limit' }, armedForMs: atMs });
    });
    limits.set(id, { atMs, cancel });
  };

  const queueFull = (): boolean => {
    let underWay = 0;
    for (const { phase } of rows.values()) {
      if (phase.name === 'launching' || (phase.name === 'up' && phase.ready === 'waiting')) underWay++;
    }
    return underWay >= parts.launchesAtOnce;
  };

  /** Looked up only when the decision asks. */
  const around = (instance: Instance): Surroundings => ({
    get alive() {
      return driver.alive(instance.id);
    },
    get outside() {
      return driver.outside(instance.id);
    },
    get unmet() {
      return unmetOf(instance, rows, booting.has(instance.id));
    },
    get queueFull() {
      return booting.has(instance.id) && queueFull();
    },
    get random() {
      return parts.random();
    },
  });

  const act = (instance: Instance, action: Action): void => {
    const { id } = instance;
    switch (action.type) {
      case 'launch':
        return launch(id, action.generation);
      case 'signal':
        return driver.signal(id, action.signal, action.to);
      case 'terminate-rest':
        return driver.terminateRest(id);
      case 'kill':
        return driver.kill(id);
      case 'forget':
        drop(id);
        ledger.forget(id);
        return driver.forget(id);
      case 'report':
        return parts.report(action.crash);
      case 'tell':
        return say(id, action.level, action.text, withRemains(id, action));
      case 'defect':
        return say(id, 'error', action.text, { defect: true });
      default:
        return action satisfies never;
    }
  };

  const withRemains = (id: string, { level, facts }: Extract<Action, { type: 'tell' }>): Record<string, unknown> =>
    level === 'error' && 'looks' in facts ? { ...facts, remains: driver.remains(id) } : facts;

  const launch = (id: string, generation: number): void => {
    try {
      driver.launch(parts.launchSpec(id, generation));
    } catch (thrown) {
      const event: Event = { type: 'spawn-failed', instanceId: id, generation, errno: 'LAUNCH', text: causeOf(thrown) };
      queue.push({ id, event, armedForMs: null });
    }
  };

  const handle = ({ id, event, armedForMs }: Waiting): void => {
    const instance = rows.get(id);
    if (instance === undefined) return;
    if (armedForMs !== null && limitOf(instance) !== armedForMs) return; // its phase has gone on meanwhile
    const decision = decide(instance, event, around(instance), clock.nowMs());
    place(decision.instance);
    // What is asked of the kernel comes first; what is said and written of it waits for nothing and holds up nothing.
    for (const action of decision.actions) if (URGENT.has(action.type)) act(decision.instance, action);
    for (const action of decision.actions) if (!URGENT.has(action.type)) act(decision.instance, action);
    if (decision.instance === instance || rows.get(id) !== decision.instance) return;
    ledger.note(instance, decision.instance);
    parts.onChange(id);
  };

  /** One of the blocked that what it waited for has set free. */
  const freed = (): string | undefined => {
    if (blocked.size === 0) return undefined;
    const full = queueFull();
    for (const id of blocked) {
      const instance = rows.get(id);
      if (instance?.phase.name !== 'blocked') continue;
      const inLine = booting.has(id);
      if (instance.phase.by === 'queue' && !(inLine && full)) return id;
      if (instance.phase.by === 'after' && unmetOf(instance, rows, inLine).ids.length === 0) return id;
    }
    return undefined;
  };

  const enqueue = (waiting: Waiting): void => {
    if (closed) return;
    queue.push(waiting);
    if (draining) return;
    draining = true;
    try {
      drain();
    } finally {
      draining = false;
    }
  };

  const drain = (): void => {
    for (;;) {
      if (closed) return;
      const next = queue.shift();
      if (next !== undefined) {
        handle(next);
        continue;
      }
      const id = freed();
      if (id === undefined) return;
      handle({ id, event: { type: 'freed' }, armedForMs: null });
    }
  };

  return {
    rows,
    put,
    drop,
    dispatch: (id, event) => enqueue({ id, event, armedForMs: null }),
    boot: (ids) => {
      for (const id of ids) booting.add(id);
    },
    hurry: (id) => booting.delete(id),
    close() {
      closed = true;
      for (const { cancel } of limits.values()) cancel();
      limits.clear();
      queue.length = 0;
    },
  };
}

const URGENT: ReadonlySet<Action['type']> = new Set(['launch', 'signal', 'terminate-rest', 'kill']);
