/** One agent at work: set up, take the place, answer on socket and bus, end in order (framework §3). */
import { join } from 'node:path';
import { type Clock, every } from '../base/clock.ts';
import { CupolaFault, type Fault, type Outcome, causeOf, exitOf, failed, fault, must, ok } from '../base/fault.ts';
import type { Logger } from '../base/log.ts';
import type { Dialer } from '../bus/bus.ts';
import { openBusCaller } from '../client/bus-caller.ts';
import { newUlid } from '../client/requests.ts';
import { type Site, openSite } from '../client/site.ts';
import { opCodeOf } from '../protocol/session.ts';
import { prover } from '../store/admin-proof.ts';
import { type HostFolder, hostManagerSocketPath, makeHostFolder, socketPath } from '../store/host-folder.ts';
import type { Store } from '../store/store.ts';
import type { AgentDefinition, Identity, Setup, SitePlace } from './agent.ts';
import { apiHash, apiOf } from './api.ts';
import { startBeat } from './beat.ts';
import { type BusFace, openBusFace } from './bus-face.ts';
import { type FeedSource, openFeed } from './feed.ts';
import { openInbox } from './inbox.ts';
import { type LocalSocket, openLocalSocket } from './local-socket.ts';
import { openLock } from './lock.ts';
import { type Operation, operationOf } from './operation.ts';
import { operationsOf } from './operations.ts';
import { sessionRecords } from './session-records.ts';
import { throttle } from './throttle.ts';

export interface AgentParts {
  definition: AgentDefinition;
  settings: Record<string, unknown>;
  instanceId: string;
  host: string;
  /** First levels of every topic. */
  root: string;
  version: string;
  clock: Clock;
  log: Logger;
  folder: HostFolder;
  store: Store;
  site: SitePlace;
  /** Ways to the broker under a name, or undefined for an agent without bus. */
  dialer: ((user: string) => Dialer) | undefined;
  /** Given by the HostManager: the least generation, and whether the claim wait may be left out. */
  launch?: { generation: number; fast: boolean } | undefined;
  random?: () => number;
  /** The instance says so itself, through the lifeline. */
  onReady?: () => void;
}

export interface RunningAgent {
  readonly identity: Identity;
  /** End in order; resolves to the exit code. A second call cuts the graces short. */
  end(reason: string, exitCode?: number): Promise<number>;
  /** What the agent does on signals that do not end it. */
  readonly signals: ReadonlyMap<'SIGHUP' | 'SIGUSR2', () => void>;
  /** Resolves with the exit code once it has ended, for whatever reason. */
  readonly ended: Promise<{ code: number; fault?: Fault }>;
}

const NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;
const TOPIC_PERIOD_MS = 100;
const END_GRACE_MS = 8_000;
const SECOND_END_MS = 1_000;

/** Start it. Until this resolves nothing was published and no hardware was opened if it fails. */
export async function startAgent(parts: AgentParts): Promise<Outcome<RunningAgent>> {
  try {
    return ok(await start(parts));
  } catch (thrown) {
    if (thrown instanceof CupolaFault) return { ok: false, fault: thrown.fault };
    parts.log.error({ err: thrown }, 'set-up failed');
    return failed('AGENT_SCHEMA', { agent: parts.instanceId, problem: causeOf(thrown) });
  }
}

async function start(parts: AgentParts): Promise<RunningAgent> {
  const { definition, instanceId, host, root, clock, folder, store } = parts;
  const log = parts.log.child({ host, agent: instanceId, class: definition.agentClass });
  must(makeHostFolder(folder));
  const { g, starts } = await takeGeneration(parts);
  const identity: Identity = { instanceId, agentClass: definition.agentClass, host, generation: g };
  const sinceS = clock.nowMs() / 1_000;

  const feeds = new Map<string, FeedSource>();
  const tests: (() => Promise<void> | void)[] = [];
  const startHooks: (() => Promise<void> | void)[] = [];
  const endHooks: ((reason: string) => Promise<void> | void)[] = [];
  const goneHooks: (() => Promise<void> | void)[] = [];
  const hurryHooks: (() => void)[] = [];
  const signals = new Map<'SIGHUP' | 'SIGUSR2', () => void>();
  const over = new AbortController();
  let site: Site | undefined;
  let local: LocalSocket | undefined;
  let face: BusFace | undefined;

  const operations = operationsOf({
    agent: instanceId,
    g,
    clock,
    log,
    records: sessionRecords(store),
    changed: (op, atOnce) => topics.touch(op, atOnce),
  });
  const topics = throttle(clock, TOPIC_PERIOD_MS, (op) => {
    const session = operations.newest(op);
    if (!session) return;
    local?.session(op, session);
    face?.session(op, session);
  });
  const declare = (operation: Operation) => {
    if (!NAME.test(operation.name)) must(failed('AGENT_SCHEMA', { agent: instanceId, problem: `"${operation.name}" is no name for an operation` }));
    if (operations.get(operation.name) || feeds.has(operation.name)) {
      must(failed('AGENT_SCHEMA', { agent: instanceId, problem: `"${operation.name}" is declared twice` }));
    }
    operations.add(operation);
  };
  const setup: Setup<Record<string, unknown>> = {
    settings: parts.settings,
    identity,
    place: parts.site,
    folder,
    log,
    clock,
    store,
    signal: over.signal,
    get site() {
      site ??= openAgentSite(parts);
      return site;
    },
    task(name, options) {
      declare(operationOf(name, 'task', options));
      return { kind: 'task', name };
    },
    process(name, options) {
      declare(operationOf(name, 'process', options));
      return { kind: 'process', name };
    },
    feed(name, fields, options = {}) {
      if (feeds.has(name) || operations.get(name)) must(failed('AGENT_SCHEMA', { agent: instanceId, problem: `"${name}" is declared twice` }));
      const feed = openFeed(name, fields, options, {
        g,
        clock,
        busUp: () => face?.up() ?? false,
        emit(feedName, block) {
          local?.block(feedName, block, feed.last());
          face?.block(feedName, block);
        },
      });
      feeds.set(name, feed);
      return feed;
    },
    lock: () => openLock(clock),
    every(ms, act) {
      const cancel = every(clock, ms, act);
      over.signal.addEventListener('abort', cancel, { once: true });
      return cancel;
    },
    selfTest: (test) => void tests.push(test),
    onStart: (act) => void startHooks.push(act),
    onEnd: (act) => void endHooks.unshift(act),
    onGone: (act) => void goneHooks.unshift(act),
    end: (reason) => void end(reason),
    onHurry: (act) => void hurryHooks.push(act),
    onSignal: (signal, act) => void signals.set(signal, act),
    setHeartbeat: (on) => beat.on(on),
  };
  definition.setup(setup);
  for (const test of tests) await test();
  const api = must(
    apiOf({
      g,
      agent: instanceId,
      agentClass: definition.agentClass,
      version: definition.options.version ?? parts.version,
      description: definition.options.description ?? '',
      operations: operations.names().flatMap((name) => operations.get(name) ?? []),
      feeds: feeds.values(),
    }),
  );
  const beat = startBeat({
    g,
    clock,
    codes: () => Object.fromEntries(operations.names().map((op) => [op, operations.newest(op)?.op_code ?? opCodeOf('none', null, false)])),
    marks: () => Object.fromEntries(operations.names().flatMap((op) => (operations.newest(op) ? [[`op/${op}`, operations.newest(op)?.n ?? 0]] : []))),
    send: (message) => face?.beat(message),
  });
  const info = () => ({
    instance_id: instanceId,
    class: definition.agentClass,
    host,
    generation: g,
    pid: process.pid,
    version: api.version,
    root,
    since: sinceS,
    start: starts,
    k: beat.log.newest,
    bus: face?.state() ?? null,
  });
  const inbox = openInbox({
    agent: instanceId,
    g,
    clock,
    log,
    random: parts.random ?? Math.random,
    operations,
    feeds,
    beats: beat.log,
    prover: prover(folder.authKeys, instanceId, clock),
    api: () => api,
    info,
  });

  const stable = definition.agentClass === 'HostManager' ? hostManagerSocketPath(folder) : socketPath(folder, instanceId);
  local = must(
    await openLocalSocket(stable, g, {
      hello: info,
      newest: (op) => operations.newest(op),
      last: (feed) => feeds.get(feed)?.last(),
      request: (ask, reply) => inbox.take({ bytes: ask.bytes, topic: { agent: instanceId, class: ask.class, user: 'local' }, retained: false }, (_to, text) => reply(text)),
    }),
  );
  for (const act of startHooks) await act();
  local.commit();

  let exit: (result: { code: number; fault?: Fault }) => void = () => {};
  const ended = new Promise<{ code: number; fault?: Fault }>((resolve) => {
    exit = resolve;
  });
  let ending: AbortController | undefined;
  const end = async (reason: string, exitCode = 0, why?: Fault): Promise<number> => {
    if (ending) {
      if (!ending.signal.aborted) for (const act of hurryHooks) act();
      ending.abort();
      return (await ended).code;
    }
    ending = new AbortController();
    log.info({ reason }, 'ending');
    face?.draining(reason);
    const graceMs = definition.options.endGraceMs ?? END_GRACE_MS;
    const cut = ending.signal;
    const hurried = new Promise<string[]>((resolve) => cut.addEventListener('abort', () => clock.after(SECOND_END_MS, () => resolve([])), { once: true }));
    const left = await Promise.race([operations.drain(reason, graceMs), hurried]);
    if (left.length > 0) log.warn({ operations: left }, 'given up');
    for (const feed of feeds.values()) feed.flush();
    for (const act of endHooks) await Promise.resolve(act(reason)).catch((err: unknown) => log.error({ err }, 'end hook failed'));
    over.abort();
    beat.stop();
    topics.stop();
    await face?.end(reason);
    await site?.close();
    for (const act of goneHooks) await act();
    local?.close();
    await store.close();
    const code = cut.aborted ? 130 : exitCode;
    exit(why ? { code, fault: why } : { code });
    return code;
  };

  if (parts.dialer) {
    face = openBusFace({
      root,
      identity,
      dialer: parts.dialer(instanceId),
      clock,
      random: parts.random ?? Math.random,
      log,
      fast: parts.launch?.fast ?? false,
      presence: () => ({ start: starts, since: sinceS, class: definition.agentClass, host, pid: process.pid, version: api.version, protocol: api.protocol, api_hash: apiHash(api) }),
      api: () => api,
      sessions: () => operations.names().flatMap((op) => operations.newest(op) ?? []),
      lasts: () =>
        [...feeds.values()].flatMap((feed) => {
          const last = feed.last();
          return last ? [[feed.name, last] as const] : [];
        }),
      request: (arrival, reply) => inbox.take(arrival, reply),
      arrived: () => beat.now(),
      mustEnd: (why, atLeast) => {
        if (atLeast !== undefined) void store.write([{ key: 'generation', value: atLeast }]);
        void end(why.message, exitOf(why.code), why);
      },
    });
  }
  for (const name of operations.names()) {
    const wanted = operations.get(name)?.autostart;
    if (!wanted) continue;
    const answer = await operations.start(name, { params: wanted === true ? {} : wanted, session: newUlid(clock), user: instanceId, role: 'admin' });
    if (answer.fault) log.error({ operation: name, fault: answer.fault.code, problem: answer.message }, 'autostart refused');
  }
  parts.onReady?.();
  return { identity, end: (reason, code) => end(reason, code), ended, signals };
}

/** Stored before use: an agent that cannot store its generation does not start. */
async function takeGeneration({ store, clock, launch, instanceId }: AgentParts): Promise<{ g: number; starts: number }> {
  const stored = Number(store.get('generation') ?? 0);
  const g = Math.max(stored + 1, launch?.generation ?? 0, clock.nowMs());
  const starts = Number(store.get('starts') ?? 0) + 1;
  const kept = await store.write([
    { key: 'generation', value: g },
    { key: 'starts', value: starts },
  ]);
  if (!kept.ok) throw new CupolaFault({ ...kept.fault, message: `Agent "${instanceId}" not started: ${kept.fault.message}` });
  return { g, starts };
}

/** The site as a client, under the name of the agent; connected when first used. */
function openAgentSite({ dialer, instanceId, root, clock, folder }: AgentParts): Site {
  if (!dialer) throw new CupolaFault(fault('BUS_DOWN', { url: 'none', cause: `"${instanceId}" runs without a bus` }));
  return openSite(openBusCaller({ dialer: dialer(instanceId), root, clock, keyFile: join(folder.authKeys) }), clock, root);
}
