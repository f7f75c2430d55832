/** What agents are tested with: a clock that stands still, a bus and a store in memory, and an agent that runs on them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FakeClock, fakeClock } from '../base/fake-clock.ts';
import { type Outcome, must } from '../base/fault.ts';
import { type Logger, silentLog } from '../base/log.ts';
import { type MemoryBus, memoryBus } from '../bus/memory-bus.ts';
import { type BusCaller, openBusCaller } from '../client/bus-caller.ts';
import type { Ask } from '../client/caller.ts';
import { type Reply, ReplyCode } from '../protocol/envelope.ts';
import { Session } from '../protocol/session.ts';
import { LOCAL_USER } from '../protocol/topics.ts';
import { type HostFolder, hostFolder } from '../store/host-folder.ts';
import { type MemoryStore, memoryStore } from '../store/memory-store.ts';
import type { AgentDefinition } from './agent.ts';
import type { ObjectSchema } from './params.ts';
import { type RunningAgent, startAgent } from './runtime.ts';

export { type FakeClock, fakeClock } from '../base/fake-clock.ts';
export { type MemoryBus, memoryBus } from '../bus/memory-bus.ts';
export { type MemoryStore, memoryStore } from '../store/memory-store.ts';

export interface HarnessOptions {
  settings?: Record<string, unknown>;
  instanceId?: string;
  clock?: FakeClock;
  bus?: MemoryBus;
  store?: MemoryStore;
  /** Says nothing unless given. */
  log?: Logger;
}

export interface Harness {
  readonly agent: RunningAgent;
  readonly clock: FakeClock;
  readonly bus: MemoryBus;
  readonly store: MemoryStore;
  readonly caller: BusCaller;
  readonly id: string;
  readonly folder: HostFolder;
  /** Ask, let time pass until the answer is there, and give `[code, message, session]` as scripts see it. */
  ask(
    method: Ask['method'],
    op: string,
    more?: Partial<Ask>,
  ): Promise<[code: number, message: string, session: Session | undefined]>;
  /** The same, with everything that the reply or the refusal carries. */
  call(ask: Ask): Promise<Outcome<Reply>>;
  advance(ms: number): Promise<void>;
  /** Let time pass in small steps until `promise` has settled. */
  settle<T>(promise: Promise<T>): Promise<T>;
  end(): Promise<void>;
}

/** How long a claim and the look before the first word take, and a little more. */
const ARRIVAL_MS = 2_500;
const STEP_MS = 50;

/** Start an agent on a memory bus and a fake clock; it is online when this resolves. */
export async function harness<S extends ObjectSchema, H>(
  definition: AgentDefinition<S, H>,
  options: HarnessOptions = {},
): Promise<Harness> {
  const clock = options.clock ?? fakeClock();
  const bus = options.bus ?? memoryBus();
  const store = options.store ?? memoryStore();
  const id = options.instanceId ?? 'x';
  const stateDir = mkdtempSync(join(tmpdir(), 'cupola-agent-'));
  const folder = hostFolder(stateDir, 'h1');
  const started = await startAgent({
    definition: definition as unknown as AgentDefinition,
    settings: definition.settings.strict().parse(options.settings ?? {}),
    instanceId: id,
    host: 'h1',
    root: 'observatory',
    version: '0.0.0',
    clock,
    log: options.log ?? silentLog(),
    folder,
    store,
    site: { stateDir, workingDir: stateDir, readSite: undefined },
    dialer: (user) => bus.dialer(user),
  });
  if (!started.ok) rmSync(stateDir, { recursive: true, force: true });
  const agent = must(started);
  const caller = openBusCaller({ dialer: bus.dialer(LOCAL_USER), root: 'observatory', clock, random: () => 0.5 });
  await clock.advance(ARRIVAL_MS);
  /** Time passes in small steps until `promise` has settled. */
  const settle = async <T>(promise: Promise<T>): Promise<T> => {
    const over = new AbortController();
    const result = promise.finally(() => over.abort());
    while (!over.signal.aborted) await clock.advance(STEP_MS);
    return result;
  };
  const call = (ask: Ask) => settle(caller.call(id, ask));
  return {
    agent,
    clock,
    bus,
    store,
    caller,
    id,
    folder,
    call,
    settle,
    advance: (ms) => clock.advance(ms),
    async ask(method, op, more = {}) {
      const acts = method === 'start' || method === 'stop' || method === 'abort';
      const reply = await call({ method, op, class: acts ? 'operate' : 'read', ...more });
      if (reply.ok) return [reply.value.code, reply.value.message, Session.safeParse(reply.value.session).data];
      return [ReplyCode.ERROR, reply.fault.message, Session.safeParse(reply.fault.facts['session']).data];
    },
    async end() {
      await Promise.all([settle(agent.end('test is over')), settle(caller.close())]);
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}
