/** The supervisor of one host: what people, the config and the kernel say becomes events of the instances. */
import type { Cancel } from '../base/clock.ts';
import { didYouMean } from '../base/nearest.ts';
import type { Outcome } from '../base/fault.ts';
import { failed, ok } from '../base/fault.ts';
import type { Row, TargetState, Why } from '../protocol/rows.ts';
import type { DriverEvent, Found } from './driver.ts';
import type { Event } from './event.ts';
import type { Instance } from './instance.ts';
import { newInstance } from './instance.ts';
import type { KeptStore } from './ledger.ts';
import { ledger } from './ledger.ts';
import type { LoopParts } from './loop.ts';
import { loop } from './loop.ts';
import { launchOrder } from './order.ts';
import type { PlannedAct } from './reload.ts';
import { planReload } from './reload.ts';
import type { Requests, Resolved } from './requests.ts';
import { resolveRequests } from './requests.ts';
import { rowOf } from './rows.ts';
import type { Stopped } from './stop-all.ts';
import { stopAll } from './stop-all.ts';
import type { Aim } from './targets.ts';
import { startTarget } from './targets.ts';
import type { WantedInstance } from './wanted.ts';
import { leftOver } from './wanted.ts';
import { whyAnswer } from './why.ts';

export interface SupervisorParts extends Omit<LoopParts, 'ledger' | 'launchesAtOnce'> {
  store: KeptStore;
  settings: { agent: string; bootId: string; launchesAtOnce: number };
}

export interface LoadOptions {
  /** A start of the HostManager keeps targets; a start of `manager` by a person resets them to the file. */
  keepTargets: boolean;
  initialState?: TargetState | null;
}

/** Which ids an operation was done for, and what is said of the others. */
export interface Named {
  ids: string[];
  ignored: string[];
}

export interface Supervisor {
  /** Begin: adopt first, then admit, the broker first, then by `after`. */
  load(wanted: readonly WantedInstance[], options: LoadOptions): void;
  /** Begin again with the rows as they were. */
  resume(): void;
  /** What a reload would do. */
  plan(wanted: readonly WantedInstance[], restartChanged?: boolean): PlannedAct[];
  reload(
    wanted: readonly WantedInstance[],
    options?: { restartChanged?: boolean; actor?: string },
  ): Outcome<PlannedAct[]>;
  request(requests: Requests, actor: string): Outcome<Resolved>;
  restart(ids: readonly string[], actor: string): Outcome<Named>;
  retry(ids: readonly string[], actor: string): Outcome<Named>;
  kill(ids: readonly string[], actor: string): Outcome<Named>;
  /** All to down, tier by tier; no kept target changes. A second call gets the same promise. */
  stopAll(actor: string): Promise<Stopped>;
  /** All to down and SIGKILL at once: a stop of all that waits for no grace any more. */
  hurry(actor: string): void;
  /** Let go of everything without touching a child. */
  disown(): void;
  supervising(): boolean;
  exists(id: string): boolean;
  instance(id: string): Instance | undefined;
  instances(): Instance[];
  /** Ids that can be asked for, in the order of their launch: the broker, then by `after`. */
  order(): string[];
  row(id: string): Row | undefined;
  rows(): Row[];
  why(id: string): Why | undefined;
  deliver(event: DriverEvent): void;
  health(id: string, health: 'ok' | 'lost' | 'failing' | 'unknown', degraded: boolean): void;
  /** Called with the id after every change of an instance. */
  subscribe(listener: (id: string) => void): Cancel;
  /** Wait until `test` holds for the instance (undefined: gone); false when the time is over. */
  until(id: string, test: (instance: Instance | undefined) => boolean, limitMs: number): Promise<boolean>;
}

export function supervise(parts: SupervisorParts): Supervisor {
  const { clock, driver, settings } = parts;
  const book = ledger(parts.store, settings.bootId);
  const listeners = new Set<(id: string) => void>();
  let supervising = false;
  let adopted = false;
  let ending: Promise<Stopped> | undefined;

  const onChange = (id: string): void => {
    parts.onChange(id);
    for (const listener of listeners) listener(id);
  };
  const world = loop({ ...parts, ledger: book, onChange, launchesAtOnce: settings.launchesAtOnce });
  const { rows } = world;

  const say = (instance: string | null, text: string, facts: Record<string, unknown> = {}): void =>
    parts.tell({ atMs: clock.nowMs(), instance, level: 'info', text, facts });

  /** A row as it begins, with what lives of it already and whether it can be launched at all. */
  const enter = (wanted: WantedInstance, aim: Aim, found: Found | undefined, keep: boolean): void => {
    const id = wanted.instanceId;
    const kept = book.read(id);
    const ended = keep && aim.target === 'up' && kept.endedInBoot === settings.bootId;
    const { generation } = kept;
    const failureTimesMs = keep ? kept.failureTimesMs : [];
    world.put({ ...newInstance(wanted, aim, clock.nowMs()), generation, failureTimesMs, ended });
    if (aim.edited) say(id, `its kept target gave way to the file: ${aim.target}`, { file: wanted.config.file });
    if (found !== undefined) world.dispatch(id, { type: 'found', found });
    if (!wanted.operable) world.dispatch(id, { type: 'inoperable', wanted, actor: 'site config' });
  };

  /** Launch those that are wanted up and rest. */
  const begin = (ids: readonly string[]): void => {
    for (const id of ids) {
      const row = rows.get(id);
      if (row?.phase.name !== 'down' || row.target !== 'up' || row.ended) continue;
      world.dispatch(id, { type: 'target', target: 'up', actor: row.targetActor });
    }
  };

  const load = (wanted: readonly WantedInstance[], { keepTargets, initialState = null }: LoadOptions): void => {
    const found = new Map((adopted ? [] : driver.adopt()).map((one) => [one.instanceId, one]));
    adopted = true;
    supervising = true;
    ending = undefined;
    for (const { id, phase } of rows.values()) if (!LIVE.has(phase.name)) world.drop(id);
    for (const act of planReload([...rows.values()], wanted, { restartChanged: false })) {
      const { instanceId: id, wanted: entry } = act;
      const kept = keepTargets ? book.read(id).target : null;
      if (!keepTargets) book.forget(id);
      if (entry !== null && act.difference === 'new') {
        enter(entry, startTarget(entry, kept, initialState), found.get(id), keepTargets);
        found.delete(id);
      } else {
        apply(act, 'site config');
        if (entry !== null && act.difference !== 'listed') again(id, startTarget(entry, kept, initialState));
      }
      if (entry !== null && initialState !== null) keepTarget(id, initialState, '--initial-state', entry.start);
    }
    for (const one of found.values()) endLeftOver(one);
    world.boot([...rows.keys()]);
    begin(launchOrder(rows));
  };

  /** A live row at a new start of `manager`: its target is the file's again. */
  const again = (id: string, aim: Aim): void =>
    world.dispatch(id, { type: 'target', target: aim.target, actor: aim.actor });

  /** It runs and is listed nowhere: it is stopped, and its row goes with it. */
  const endLeftOver = (found: Found): void => {
    const wanted = leftOver(found.instanceId, found.definitionHash);
    world.put({ ...newInstance(wanted, { target: 'down', actor: 'site config' }, clock.nowMs()), retired: true });
    world.dispatch(found.instanceId, { type: 'found', found });
  };

  const keepTarget = (id: string, target: TargetState, actor: string, fileStart: TargetState): void =>
    book.aim(id, { target, actor, atMs: clock.nowMs(), fileStart });

  const apply = (act: PlannedAct, actor: string): void => {
    const { instanceId: id, wanted, difference } = act;
    const row = rows.get(id);
    if (wanted === null) return world.dispatch(id, { type: 'removed', actor });
    if (difference === 'new') {
      enter(wanted, { target: wanted.start, actor, edited: false }, undefined, false);
      return begin([id]);
    }
    if (row === undefined || difference === 'none') return;
    if (difference === 'moved') return world.put({ ...row, wanted });
    world.dispatch(id, { type: difference, wanted, actor });
    const operability = wanted.operable ? 'operable' : 'inoperable';
    if (difference === 'replaced' || difference === 'listed') {
      if (rows.get(id)?.operable !== wanted.operable) world.dispatch(id, { type: operability, wanted, actor });
    }
    if (act.act === 'restart') world.dispatch(id, { type: 'restart', actor });
  };

  /** Do it for each of the ids there are; `["all"]` names every one. */
  const each = (ids: readonly string[], event: (id: string) => Event): Outcome<Named> => {
    if (!supervising) return failed('MANAGER_NOT_RUNNING', { agent: settings.agent });
    const known = addressable();
    const named = ids.includes('all') ? known : ids.filter((id) => known.includes(id));
    const ignored = ids
      .filter((id) => id !== 'all' && !known.includes(id))
      .map((id) => `invalid target "${id}"${didYouMean(id, known)}`);
    for (const id of named) {
      world.hurry(id);
      world.dispatch(id, event(id));
    }
    return ok({ ids: named, ignored });
  };

  const addressable = (): string[] => [...rows.values()].filter(({ retired }) => !retired).map(({ id }) => id);

  const request = (requests: Requests, actor: string): Outcome<Resolved> => {
    if (!supervising) return failed('MANAGER_NOT_RUNNING', { agent: settings.agent });
    const resolved = resolveRequests(requests, addressable());
    for (const { text, request: of } of resolved.ignored) say(null, text, { request: of });
    for (const [id, target] of resolved.targets) {
      world.hurry(id);
      const fileStart = rows.get(id)?.wanted.start ?? target;
      world.dispatch(id, { type: 'target', target, actor });
      keepTarget(id, target, actor, fileStart);
    }
    return ok(resolved);
  };

  const subscribe = (listener: (id: string) => void): Cancel => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };

  return {
    load,
    resume() {
      supervising = true;
      ending = undefined;
    },
    plan: (wanted, restartChanged = true) => planReload([...rows.values()], wanted, { restartChanged }),
    reload(wanted, { restartChanged = false, actor = 'site config' } = {}) {
      if (!supervising) return failed('MANAGER_NOT_RUNNING', { agent: settings.agent });
      const acts = planReload([...rows.values()], wanted, { restartChanged });
      for (const act of acts) {
        if (act.difference !== 'none' && act.difference !== 'moved')
          say(act.instanceId, `config: ${act.cause}`, { act: act.act });
        apply(act, actor);
      }
      return ok(acts);
    },
    request,
    restart: (ids, actor) => each(ids, () => ({ type: 'restart', actor })),
    retry: (ids, actor) => each(ids, () => ({ type: 'retry', actor })),
    kill: (ids, actor) => each(ids, () => ({ type: 'kill', actor })),
    stopAll(actor) {
      supervising = false;
      ending ??= new Promise((resolve) => {
        const look = stopAll(world, actor, (stopped) => {
          cancel();
          resolve(stopped);
        });
        const cancel = subscribe(look);
        look();
      });
      return ending;
    },
    hurry(actor) {
      supervising = false;
      for (const { id } of rows.values()) {
        world.dispatch(id, { type: 'target', target: 'down', actor });
        if (LIVE.has(rows.get(id)?.phase.name ?? '')) world.dispatch(id, { type: 'kill', actor });
      }
    },
    disown() {
      world.close();
      driver.close();
    },
    supervising: () => supervising,
    exists: (id) => rows.has(id),
    instance: (id) => rows.get(id),
    instances: () => [...rows.values()],
    order: () => launchOrder(rows).filter((id) => rows.get(id)?.retired === false),
    row: (id) => mapped(rows.get(id), (instance) => rowOf(instance, clock.nowMs())),
    rows: () => [...rows.values()].map((instance) => rowOf(instance, clock.nowMs())),
    why: (id) => mapped(rows.get(id), (instance) => whyAnswer(instance, clock.nowMs())),
    deliver: (event) => world.dispatch(event.instanceId, event),
    health: (id, health, degraded) => world.dispatch(id, { type: 'health', health, degraded }),
    subscribe,
    until: (id, test, limitMs) =>
      new Promise((resolve) => {
        if (test(rows.get(id))) return resolve(true);
        const end = (held: boolean): void => {
          cancelTimer();
          cancelListener();
          resolve(held);
        };
        const cancelListener = subscribe((changed) => {
          if (changed === id && test(rows.get(id))) end(true);
        });
        const cancelTimer = clock.after(limitMs, () => end(false));
      }),
  };
}

const LIVE: ReadonlySet<string> = new Set(['launching', 'up', 'stopping']);

const mapped = <A, B>(value: A | undefined, to: (value: A) => B): B | undefined =>
  value === undefined ? undefined : to(value);
