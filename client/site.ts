/** The site from a program: agents as objects, operations as functions, feeds as iterations (framework §9). */
import type { Cancel, Clock } from '../base/clock.ts';
import { CupolaFault, fault, must } from '../base/fault.ts';
import type { Api, Presence, Reply } from '../protocol/envelope.ts';
import type { Session } from '../protocol/session.ts';
import type { RequestClass } from '../protocol/topics.ts';
import type { BusCaller } from './bus-caller.ts';
import type { Caller } from './caller.ts';
import { type FeedReader, feedReader } from './feed-reader.ts';
import type { Liveness, Roster } from './roster.ts';
import {
  type OperationAddress,
  type SessionHandle,
  type WaitOptions,
  ask,
  sessionHandle,
  sessionIn,
  succeeded,
  waitFor,
} from './session-handle.ts';

/** Call it to start and wait; or take the verbs one by one. */
export interface OperationProxy<P> {
  (params?: P, options?: WaitOptions): Promise<Session>;
  start(params?: P): Promise<SessionHandle>;
  status(): Promise<Session | null>;
  wait(options?: WaitOptions): Promise<Session | null>;
  stop(): Promise<Session | null>;
  abort(): Promise<Session | null>;
}

/** Operations and feeds by the names that the agent's set-up returns. */
export type AgentProxy<H = Record<never, never>> = {
  readonly [K in keyof H]: H[K] extends { kind: 'feed' }
    ? FeedReader
    : H[K] extends { params?: infer P }
      ? OperationProxy<P>
      : never;
} & {
  readonly id: string;
  operation(name: string): OperationProxy<Record<string, unknown>>;
  feed(name: string): FeedReader;
  api(): Promise<Api>;
  ping(): Promise<Reply>;
};

/** What `agent(…)` returns, as far as the client reads it. */
interface Definition {
  setup(...parts: never[]): unknown;
}

export interface SiteAgent {
  id: string;
  liveness: Liveness;
  presence: Presence | undefined;
  /** Op codes; EXPIRED for an agent that is not here. */
  codes: Record<string, number>;
  /** Time since its last sign of life, ms. */
  silentMs: number;
  /** `{root}.{id}`: what OCS calls its address. */
  address: string;
}

export interface Site {
  readonly caller: Caller;
  agent<D extends Definition = { setup(): Record<never, never> }>(id: string): AgentProxy<ReturnType<D['setup']>>;
  /** Everyone seen so far. */
  agents(): SiteAgent[];
  on(event: 'presence', listener: (agent: SiteAgent) => void): Cancel;
  connected(): boolean;
  close(): Promise<void>;
}

/** A site over a caller that is there already. */
export function openSite(caller: BusCaller, clock: Clock, root: string): Site {
  const seen = (roster: Roster): SiteAgent[] =>
    roster.all().map((one) => ({
      id: one.agent,
      liveness: roster.liveness(one),
      presence: one.presence,
      codes: roster.codes(one),
      silentMs: clock.monotonicMs() - one.lastSignMs,
      address: `${root}.${one.agent}`,
    }));
  const apis = new Map<string, Promise<Api>>();
  const apiOf = (agent: string): Promise<Api> => {
    const key = `${agent} ${caller.roster.get(agent)?.presence?.api_hash ?? ''}`;
    const known = apis.get(key) ?? caller.describe(agent).then(must);
    apis.set(key, known);
    known.catch(() => apis.delete(key));
    return known;
  };
  return {
    caller,
    agent: (id) => agentProxy({ caller, clock, id, apiOf }),
    agents: () => seen(caller.roster),
    on(_event, listener) {
      return caller.onRoster((agent) => {
        const one = seen(caller.roster).find(({ id }) => id === agent);
        if (one) listener(one);
      });
    },
    connected: () => caller.link().state === 'up',
    close: () => caller.close(),
  };
}

interface ProxyParts {
  caller: Caller;
  clock: Clock;
  id: string;
  apiOf(agent: string): Promise<Api>;
}

/** Names of the proxy itself; an operation of such a name is reached by `operation(name)`. */
const OWN_NAMES = new Set(['id', 'operation', 'feed', 'api', 'ping', 'then']);

function agentProxy<H>({ caller, clock, id, apiOf }: ProxyParts): AgentProxy<H> {
  const operation = (op: string): OperationProxy<Record<string, unknown>> => {
    const classOf = async (): Promise<RequestClass> => {
      const api = await apiOf(id);
      const known = api.operations[op];
      if (!known) throw new CupolaFault(fault('OPERATION_UNKNOWN', { op, known: Object.keys(api.operations) }));
      return known.class;
    };
    return operationProxy({ caller, clock, agent: id, op, class: classOf });
  };
  const own = {
    id,
    operation,
    feed: (name: string) => feedReader(caller, id, name),
    api: () => apiOf(id),
    ping: async () => must(await caller.call(id, { method: 'ping', class: 'read' })),
  };
  const proxy: unknown = new Proxy(own, {
    get(target, name) {
      if (typeof name !== 'string' || OWN_NAMES.has(name)) return Reflect.get(target, name);
      // Which of the two it is, the type says; at run time both have their verbs.
      return Object.assign(operation(name), feedReader(caller, id, name));
    },
  });
  // The shape is made by the Proxy at run time, from names that only the type knows.
  return proxy as AgentProxy<H>;
}

function operationProxy(address: OperationAddress): OperationProxy<Record<string, unknown>> {
  const start = async (params?: Record<string, unknown>): Promise<SessionHandle> => {
    const reply = await ask(address, 'start', params === undefined ? {} : { params });
    const session = sessionIn(reply);
    if (!session) throw new CupolaFault(fault('REQUEST_INVALID', { problem: 'the reply to "start" has no session' }));
    return sessionHandle(address, session);
  };
  const run = async (params?: Record<string, unknown>, options?: WaitOptions): Promise<Session> => {
    const started = await start(params);
    return started.session.status === 'done' ? succeeded(started.session) : started.wait(options);
  };
  return Object.assign(run, {
    start,
    status: async () => sessionIn(await ask(address, 'status')),
    wait: (options?: WaitOptions) => waitFor(address, undefined, options),
    stop: async () => sessionIn(await ask(address, 'stop')),
    abort: async () => sessionIn(await ask(address, 'abort')),
  });
}
