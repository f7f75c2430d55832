/** What the set-up of an agent has declared, before any of it runs: operations, feeds, and what to do at the turns of its life. */
import { type Clock, every } from '../base/clock.ts';
import { CupolaFault, failed, fault, must } from '../base/fault.ts';
import type { Logger } from '../base/log.ts';
import type { Site } from '../client/site.ts';
import type { Block } from '../protocol/envelope.ts';
import { caseProblem } from '../protocol/topics.ts';
import type { HostFolder } from '../store/host-folder.ts';
import type { Store } from '../store/store.ts';
import type { Identity, Setup, SitePlace } from './agent.ts';
import { type FeedSource, openFeed } from './feed.ts';
import { openLock } from './lock.ts';
import { type Operation, operationOf } from './operation.ts';
import type { Operations } from './operations.ts';

export type OwnSignal = 'SIGHUP' | 'SIGUSR2';

export interface Declared {
  readonly feeds: ReadonlyMap<string, FeedSource>;
  readonly tests: (() => Promise<void> | void)[];
  readonly startHooks: (() => Promise<void> | void)[];
  readonly hurryHooks: (() => void)[];
  readonly oustedHooks: (() => void)[];
  /** Last declared first. */
  readonly endHooks: ((reason: string) => Promise<void> | void)[];
  readonly goneHooks: (() => Promise<void> | void)[];
  readonly signals: Map<OwnSignal, () => void>;
  /** The client, if set-up or an operation has asked for it. */
  site(): Site | undefined;
  /** Aborts the signal of set-up and stops what repeats. */
  over(): void;
}

export interface DeclareParts {
  settings: Record<string, unknown>;
  identity: Identity;
  place: SitePlace;
  folder: HostFolder;
  log: Logger;
  clock: Clock;
  store: Store;
  operations: Operations;
  openSite(): Site;
  emit(feed: FeedSource, block: Block): void;
  busUp(): boolean;
  event(kind: string, facts: Record<string, unknown>): void;
  end(reason: string): void;
  setHeartbeat(on: boolean): void;
}

const NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;

/** Run `setup`; a name that cannot be one, or is used twice, is thrown as AGENT_SCHEMA. */
export function declare(setup: (parts: Setup<Record<string, unknown>>) => unknown, parts: DeclareParts): Declared {
  const { identity, clock, operations } = parts;
  const feeds = new Map<string, FeedSource>();
  const over = new AbortController();
  let site: Site | undefined;
  const declared: Declared = {
    feeds,
    tests: [],
    startHooks: [],
    hurryHooks: [],
    oustedHooks: [],
    endHooks: [],
    goneHooks: [],
    signals: new Map(),
    site: () => site,
    over: () => over.abort(),
  };
  const claimName = (name: string) => {
    const others = [...operations.names(), ...feeds.keys()];
    const problem = !NAME.test(name)
      ? `"${name}" is no name`
      : others.includes(name)
        ? `"${name}" is declared twice`
        : caseProblem(name, others)?.replace(/^it/, `"${name}"`);
    if (problem) must(failed('AGENT_SCHEMA', { agent: identity.instanceId, problem }));
  };
  const add = (operation: Operation) => {
    claimName(operation.name);
    operations.add(operation);
  };
  const { settings, place, folder, log, store } = parts;
  setup({
    settings,
    identity,
    place,
    folder,
    log,
    clock,
    store,
    signal: over.signal,
    get site() {
      site ??= parts.openSite();
      return site;
    },
    task(name, options) {
      add(operationOf(name, 'task', options));
      return { kind: 'task', name };
    },
    process(name, options) {
      add(operationOf(name, 'process', options));
      return { kind: 'process', name };
    },
    feed(name, fields, options = {}) {
      claimName(name);
      const feed = openFeed(name, fields, options, {
        g: identity.generation,
        clock,
        busUp: parts.busUp,
        emit: (_name, block) => parts.emit(feed, block),
      });
      feeds.set(name, feed);
      return feed;
    },
    event: parts.event,
    lock: () => openLock(clock),
    every(ms, act) {
      const cancel = every(clock, ms, act);
      over.signal.addEventListener('abort', cancel, { once: true });
      return cancel;
    },
    selfTest: (test) => void declared.tests.push(test),
    onStart: (act) => void declared.startHooks.push(act),
    onEnd: (act) => void declared.endHooks.unshift(act),
    onGone: (act) => void declared.goneHooks.unshift(act),
    onHurry: (act) => void declared.hurryHooks.push(act),
    onOusted: (act) => void declared.oustedHooks.push(act),
    onSignal: (signal, act) => void declared.signals.set(signal, act),
    end: parts.end,
    setHeartbeat: parts.setHeartbeat,
  });
  return declared;
}

/** A client cannot be had in an agent that runs without a bus. */
export const noBus = (instanceId: string): CupolaFault =>
  new CupolaFault(fault('BUS_DOWN', { url: 'none', cause: `"${instanceId}" runs without a bus` }));
