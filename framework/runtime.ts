/** One agent at work: set up, take the place, answer on socket and bus, end in order (framework §3). */
import type { Clock } from '../base/clock.ts';
import { CupolaFault, type Fault, type Outcome, causeOf, exitOf, failed, must, ok } from '../base/fault.ts';
import type { Logger } from '../base/log.ts';
import type { Dialer } from '../bus/bus.ts';
import { openBusCaller } from '../client/bus-caller.ts';
import { newUlid } from '../client/requests.ts';
import { type Site, openSite } from '../client/site.ts';
import type { Api } from '../protocol/envelope.ts';
import { OpCode } from '../protocol/session.ts';
import { LOCAL_USER } from '../protocol/topics.ts';
import { prover } from '../store/admin-proof.ts';
import { type HostFolder, hostManagerSocketPath, makeHostFolder, socketPath } from '../store/host-folder.ts';
import type { Store } from '../store/store.ts';
import type { AgentDefinition, Identity, SitePlace } from './agent.ts';
import { apiHash, apiOf } from './api.ts';
import { type Beat, startBeat } from './beat.ts';
import { type BusFace, openBusFace } from './bus-face.ts';
import { type Declared, type OwnSignal, declare, noBus } from './declared.ts';
import { tellDroppedBlocks } from './dropped-blocks.ts';
import { type Ended, endingOf } from './ending.ts';
import { type Inbox, openInbox } from './inbox.ts';
import { type LocalSocket, openLocalSocket } from './local-socket.ts';
import { type Operations, operationsOf } from './operations.ts';
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
  readonly signals: ReadonlyMap<OwnSignal, () => void>;
  /** Resolves once it has ended, for whatever reason. */
  readonly ended: Promise<Ended>;
}

const TOPIC_PERIOD_MS = 100;
const END_GRACE_MS = 8_000;

/** Start it. If it fails, nothing was published and no hardware was opened. */
export async function startAgent(parts: AgentParts): Promise<Outcome<RunningAgent>> {
  try {
    return ok(await start(parts));
  } catch (thrown) {
    await parts.store.close();
    if (thrown instanceof CupolaFault) return { ok: false, fault: thrown.fault };
    parts.log.error({ err: thrown }, 'set-up failed');
    return failed('AGENT_SCHEMA', { agent: parts.instanceId, problem: causeOf(thrown) });
  }
}

async function start(parts: AgentParts): Promise<RunningAgent> {
  const { definition, instanceId, host, clock, folder, store } = parts;
  must(makeHostFolder(folder));
  const { g, starts } = await takeGeneration(parts);
  const identity: Identity = { instanceId, agentClass: definition.agentClass, host, generation: g };
  const log = parts.log.child({ host, agent: instanceId, class: definition.agentClass });
  const made: { declared?: Declared } = {};
  const faces: Faces = { local: undefined, bus: undefined };
  const topics = throttle(clock, TOPIC_PERIOD_MS, (op) => {
    const session = operations.newest(op);
    if (!session) return;
    faces.local?.session(op, session);
    faces.bus?.session(op, session);
  });
  const changed = (op: string, atOnce: boolean) => topics.touch(op, atOnce);
  const flushFeeds = () => {
    for (const feed of made.declared?.feeds.values() ?? []) feed.flush();
  };
  const operations = operationsOf({
    agent: instanceId,
    g,
    clock,
    log,
    records: sessionRecords(store),
    changed,
    sessionEnded: flushFeeds,
  });
  const stopTelling = tellDroppedBlocks({
    g,
    clock,
    log,
    feeds: () => made.declared?.feeds.values() ?? [],
    busUp: () => faces.bus?.up() ?? false,
    event: (record) => faces.bus?.event(record),
  });
  const beat = beatOf({ g, clock, operations, send: (message) => faces.bus?.beat(message) });
  const ending = endingOf({
    clock,
    log,
    graceMs: definition.options.endGraceMs ?? END_GRACE_MS,
    operations,
    declared: () => made.declared,
    face: () => faces.bus,
    async close() {
      beat.stop();
      stopTelling();
      topics.stop();
      faces.local?.close();
      await store.close();
    },
  });
  const declared = declare((setup) => definition.setup(setup), {
    settings: parts.settings,
    identity,
    place: parts.site,
    folder,
    log,
    clock,
    store,
    operations,
    openSite: () => openAgentSite(parts),
    emit(feed, block) {
      faces.local?.block(feed.name, block, feed.last());
      faces.bus?.block(feed.name, block);
    },
    busUp: () => faces.bus?.up() ?? false,
    event: (kind, event) => faces.bus?.event({ g, t: clock.nowMs() / 1_000, kind, ...event }),
    end: (reason) => void ending.begin(reason),
    setHeartbeat: (on) => beat.on(on),
  });
  made.declared = declared;
  for (const test of declared.tests) await test();

  const api = describe(parts, g, operations, declared);
  const facts: Facts = { parts, identity, starts, sinceS: clock.nowMs() / 1_000, api };
  const inbox = openInbox({
    agent: instanceId,
    g,
    clock,
    log,
    random: parts.random ?? Math.random,
    operations,
    feeds: declared.feeds,
    beats: beat.log,
    prover: prover(folder.authKeys, instanceId, clock),
    api: () => api,
    info: () => infoOf(facts, beat, faces.bus),
  });
  faces.local = await openSocket(facts, inbox, operations, declared, () => infoOf(facts, beat, faces.bus));
  try {
    for (const act of declared.startHooks) await act();
    faces.local.commit();
  } catch (thrown) {
    // One that cannot begin, again and again, must not fill the folder with sockets.
    faces.local.close();
    throw thrown;
  }
  faces.bus = openBus(facts, {
    log,
    inbox,
    operations,
    declared,
    arrived: () => beat.now(),
    mustEnd(why, atLeast) {
      if (atLeast !== undefined) void store.write([{ key: 'generation', value: atLeast }]);
      void ending.begin(why.message, exitOf(why.code), why);
    },
  });
  await autostart(instanceId, operations, clock, log);
  parts.onReady?.();
  return {
    identity,
    end: (reason, code) => ending.begin(reason, code),
    ended: ending.ended,
    signals: declared.signals,
  };
}

/** The two ways in and out, as they come up. */
interface Faces {
  local: LocalSocket | undefined;
  bus: BusFace | undefined;
}

/** What does not change while this generation lives. */
interface Facts {
  parts: AgentParts;
  identity: Identity;
  starts: number;
  /** Unix seconds. */
  sinceS: number;
  api: Api;
}

/** Stored before use: an agent that cannot store its generation does not start, unless it works without a store. */
async function takeGeneration({
  store,
  clock,
  launch,
  instanceId,
  definition,
  log,
}: AgentParts): Promise<{ g: number; starts: number }> {
  const stored = Number(store.get('generation') ?? 0);
  const g = Math.max(stored + 1, launch?.generation ?? 0, Math.floor(clock.nowMs()));
  const starts = Number(store.get('starts') ?? 0) + 1;
  const kept = await store.write([
    { key: 'generation', value: g },
    { key: 'starts', value: starts },
  ]);
  if (!kept.ok && definition.options.worksWithoutStore === true)
    log.warn({ agent: instanceId, fault: kept.fault.code, problem: kept.fault.message }, 'generation not kept');
  else if (!kept.ok)
    throw new CupolaFault({ ...kept.fault, message: `Agent "${instanceId}" not started: ${kept.fault.message}` });
  return { g, starts };
}

function describe(
  { definition, instanceId, version }: AgentParts,
  g: number,
  operations: Operations,
  { feeds }: Declared,
): Api {
  return must(
    apiOf({
      g,
      agent: instanceId,
      agentClass: definition.agentClass,
      version: definition.options.version ?? version,
      description: definition.options.description ?? '',
      operations: operations.names().flatMap((name) => operations.get(name) ?? []),
      feeds: feeds.values(),
    }),
  );
}

function beatOf({
  g,
  clock,
  operations,
  send,
}: {
  g: number;
  clock: Clock;
  operations: Operations;
  send: Parameters<typeof startBeat>[0]['send'];
}): Beat {
  const newest = () => operations.names().map((op) => ({ op, session: operations.newest(op) }));
  return startBeat({
    g,
    clock,
    codes: () => Object.fromEntries(newest().map(({ op, session }) => [op, session?.op_code ?? OpCode.NONE])),
    marks: () => Object.fromEntries(newest().flatMap(({ op, session }) => (session ? [[`op/${op}`, session.n]] : []))),
    send,
  });
}

const infoOf = (
  { parts, identity, starts, sinceS, api }: Facts,
  beat: Beat,
  bus: BusFace | undefined,
): Record<string, unknown> => ({
  instance_id: identity.instanceId,
  class: identity.agentClass,
  host: identity.host,
  generation: identity.generation,
  pid: process.pid,
  version: api.version,
  root: parts.root,
  since: sinceS,
  start: starts,
  k: beat.log.newest,
  bus: bus?.state() ?? null,
});

async function openSocket(
  { parts, identity }: Facts,
  inbox: Inbox,
  operations: Operations,
  { feeds }: Declared,
  hello: () => Record<string, unknown>,
): Promise<LocalSocket> {
  const { folder } = parts;
  const { instanceId, agentClass, generation } = identity;
  const stable = agentClass === 'HostManager' ? hostManagerSocketPath(folder) : socketPath(folder, instanceId);
  return must(
    await openLocalSocket(stable, generation, {
      hello,
      newest: (op) => operations.newest(op),
      last: (feed) => feeds.get(feed)?.last(),
      request(ask, reply) {
        const topic = { agent: instanceId, class: ask.class, user: LOCAL_USER };
        inbox.take({ bytes: ask.bytes, topic, retained: false }, (_to, text) => reply(text));
      },
    }),
  );
}

interface BusWork {
  log: Logger;
  inbox: Inbox;
  operations: Operations;
  declared: Declared;
  arrived(): void;
  mustEnd(why: Fault, atLeast?: number): void;
}

function openBus(
  { parts, identity, starts, sinceS, api }: Facts,
  { log, inbox, operations, declared, arrived, mustEnd }: BusWork,
): BusFace | undefined {
  if (!parts.dialer) return undefined;
  const { agentClass, host } = identity;
  return openBusFace({
    root: parts.root,
    identity,
    dialer: parts.dialer(identity.instanceId),
    clock: parts.clock,
    random: parts.random ?? Math.random,
    log,
    fast: parts.launch?.fast ?? false,
    presence: () => ({
      start: starts,
      since: sinceS,
      class: agentClass,
      host,
      pid: process.pid,
      version: api.version,
      protocol: api.protocol,
      api_hash: apiHash(api),
    }),
    api: () => api,
    sessions: () => operations.names().flatMap((op) => operations.newest(op) ?? []),
    lasts: () =>
      [...declared.feeds.values()].flatMap((feed) => {
        const last = feed.last();
        return last ? [[feed.name, last] as const] : [];
      }),
    request: (arrival, reply) => inbox.take(arrival, reply),
    arrived,
    mustEnd,
  });
}

/** Bus or no bus, as the agent itself. */
async function autostart(instanceId: string, operations: Operations, clock: Clock, log: Logger): Promise<void> {
  for (const name of operations.names()) {
    const wanted = operations.get(name)?.autostart;
    if (!wanted) continue;
    const params = wanted === true ? {} : wanted;
    const answer = await operations.start(name, { params, session: newUlid(clock), user: instanceId, role: 'admin' });
    if (answer.fault)
      log.error({ operation: name, fault: answer.fault.code, problem: answer.message }, 'autostart refused');
  }
}

/** The site as a client, under the name of the agent; connected when first used. */
function openAgentSite({ dialer, instanceId, root, clock, folder }: AgentParts): Site {
  if (!dialer) throw noBus(instanceId);
  return openSite(openBusCaller({ dialer: dialer(instanceId), root, clock, keyFile: folder.authKeys }), clock, root);
}
