/** Ask any agent of the site over the bus: the same bytes again until answered, every refusal and silence with its cause. */
import type { Cancel, Clock } from '../base/clock.ts';
import { didYouMean } from '../base/nearest.ts';
import { type Outcome, failed, must, ok } from '../base/fault.ts';
import type { Connection, Dialer, LinkState } from '../bus/bus.ts';
import { keepLinked } from '../bus/link.ts';
import { type Call, callStep, newCall, silenceCode } from '../protocol/call.ts';
import { Block, Last, Reply, type Request, encode, read } from '../protocol/envelope.ts';
import { type Mark, isNewer } from '../protocol/newest.ts';
import { Session } from '../protocol/session.ts';
import { topicOf } from '../protocol/topics.ts';
import { proofOf, readKeys } from '../store/admin-proof.ts';
import type { Ask, Caller } from './caller.ts';
import { newClientId, noKey, outcomeOf, requestOf, ttlOf } from './requests.ts';
import { type Roster, openRoster } from './roster.ts';
import { readApi } from './socket-caller.ts';
import { subscriptions } from './subscriptions.ts';

export interface BusCaller extends Caller {
  readonly via: 'bus';
  readonly user: string;
  readonly roster: Roster;
  link(): LinkState;
  /** Called at every presence and beat. */
  onRoster(listener: (agent: string) => void): Cancel;
}

export interface BusCallerParts {
  dialer: Dialer;
  /** First levels of every topic. */
  root: string;
  clock: Clock;
  random?: () => number;
  /** What class admin is proved with where there are no users. */
  keyFile?: string;
  /** Wait so long for the first connection, ms (5 000). */
  connectMs?: number;
  log?: (facts: Record<string, unknown>, message: string) => void;
}

/** Connect; BUS_DOWN, with what the broker or the network said, when that does not succeed in time. */
export async function busCaller(parts: BusCallerParts): Promise<Outcome<BusCaller>> {
  const caller = openBusCaller(parts);
  const up = await caller.up(parts.connectMs ?? 5_000);
  if (up) return ok(caller);
  const { fault: why } = caller.link();
  await caller.close();
  return why ? { ok: false, fault: why } : failed('BUS_DOWN', { url: parts.dialer.url, cause: 'no answer' });
}

/** The same without waiting: for agents, which live with the bus down. */
export function openBusCaller({
  dialer,
  root,
  clock,
  random = Math.random,
  keyFile,
  log,
}: BusCallerParts): BusCaller & { up(withinMs: number): Promise<boolean> } {
  const client = newClientId();
  const { user } = dialer;
  const roster = openRoster(clock);
  const rosterListeners = new Set<(agent: string) => void>();
  const calls = new Map<
    string,
    { agent: string; on(event: { type: 'reply'; reply: Reply } | { type: 'bus'; up: boolean }): void }
  >();
  const ups = new Set<() => void>();
  let useful: Connection | undefined;

  const link = keepLinked({
    dialer,
    clock,
    random,
    options: () => ({ clientId: `${user}-${newClientId()}` }),
    async onUp(connection) {
      connection.onMessage(({ topic, payload }) => take(topic, payload));
      must(await connection.subscribe([`${root}/replies/${user}/${client}/+`], 1));
      must(await connection.subscribe([`${root}/agents/+/presence`, `${root}/agents/+/heartbeat`], 0));
      await shared.restore(connection);
      useful = connection;
      connection.onEnd(() => down(connection));
      for (const resolve of ups) resolve();
      for (const call of calls.values()) call.on({ type: 'bus', up: true });
    },
    log,
  });
  const shared = subscriptions(() => useful);
  const down = (connection: Connection) => {
    if (useful !== connection) return;
    useful = undefined;
    for (const call of calls.values()) call.on({ type: 'bus', up: false });
  };
  const take = (topic: string, payload: Uint8Array) => {
    const [family, agent = '', kind] = topic.slice(root.length + 1).split('/');
    if (family === 'replies') return answer(topic.slice(topic.lastIndexOf('/') + 1), payload);
    if (family !== 'agents') return;
    const changed =
      kind === 'presence' ? roster.presence(agent, payload) : kind === 'heartbeat' && roster.heartbeat(agent, payload);
    if (changed) for (const listener of rosterListeners) listener(agent);
  };
  const answer = (agent: string, payload: Uint8Array) => {
    const reply = read(Reply, payload);
    if (!reply.ok) return;
    const call = calls.get(reply.value.id);
    // A reply under another agent's name is none.
    if (call?.agent === agent) call.on({ type: 'reply', reply: reply.value });
  };

  const exchange = (agent: string, ask: Ask, request: Request): Promise<Outcome<Reply>> => {
    const id = request.id ?? '';
    const text = encode(request);
    if (!text.ok) return Promise.resolve(text);
    if (!useful)
      return Promise.resolve(
        failed('BUS_DOWN', { url: dialer.url, cause: link.state().fault?.message ?? 'connecting' }),
      );
    const topic = topicOf(root, { kind: 'request', agent, class: ask.class, user });
    return new Promise((resolve) => {
      let call: Call = newCall({ id, ttlMs: ttlOf(ask), startedMs: clock.monotonicMs(), random });
      let cancel: Cancel = () => {};
      const on = (event: Parameters<typeof callStep<Reply>>[1]) => {
        cancel();
        const step = callStep<Reply>(call, event, clock.monotonicMs());
        call = step.call;
        if (step.act.send) void useful?.publish(topic, text.value, { qos: 1 });
        if (step.act.done) {
          calls.delete(id);
          return resolve('reply' in step.act.done ? outcomeOf(step.act.done.reply) : silence(agent, ask));
        }
        if (step.wakeAtMs !== undefined)
          cancel = clock.after(step.wakeAtMs - clock.monotonicMs(), () => on({ type: 'tick' }));
      };
      calls.set(id, { agent, on });
      on({ type: 'tick' });
    });
  };
  const silence = (agent: string, ask: Ask): Outcome<never> => {
    const seen = roster.get(agent);
    const here = seen ? roster.liveness(seen) : undefined;
    const silent = here !== 'online' && here !== 'draining';
    const code = silenceCode({ presenceKnown: seen !== undefined, silent, connectionUp: useful !== undefined });
    const near = didYouMean(
      agent,
      roster.all().map((one) => one.agent),
    );
    const silentMs = seen ? Math.round(clock.monotonicMs() - seen.lastSignMs) : 0;
    const why = here === 'lost' || here === 'offline' ? `it is ${here}` : `no heartbeat for ${silentMs} ms`;
    return failed(code, {
      agent,
      near,
      why,
      silentMs,
      ttlMs: ttlOf(ask),
      url: dialer.url,
      cause: 'the connection is down',
    });
  };
  const call = async (agent: string, ask: Ask): Promise<Outcome<Reply>> => {
    const seen = roster.get(agent);
    // An old beat would make a new request look old: the clock speaks for it then.
    const beaten = seen !== undefined && seen.k > 0 && roster.liveness(seen) !== 'silent';
    const stamps = { client, clock, beat: beaten ? seen.k : undefined, g: seen?.g };
    const request = requestOf(ask, stamps);
    if (ask.class !== 'admin') return exchange(agent, ask, request);
    if (keyFile === undefined) return noKey();
    const asked: Ask = { method: 'challenge', class: 'read', ...(ask.ttlMs === undefined ? {} : { ttlMs: ask.ttlMs }) };
    const nonce = await exchange(agent, asked, requestOf(asked, stamps));
    if (!nonce.ok) return nonce;
    const keys = readKeys(keyFile);
    if (!keys.ok) return keys;
    return exchange(agent, ask, {
      ...request,
      proof: proofOf(keys.value[0] ?? '', String(nonce.value.value), agent, request),
    });
  };

  return {
    via: 'bus',
    url: dialer.url,
    user,
    roster,
    link: () => link.state(),
    call,
    up: (withinMs) => {
      if (useful) return Promise.resolve(true);
      return new Promise((resolve) => {
        const settle = (up: boolean) => {
          cancel();
          ups.delete(yes);
          resolve(up);
        };
        const yes = () => settle(true);
        const cancel = clock.after(withinMs, () => settle(false));
        ups.add(yes);
      });
    },
    onRoster(listener) {
      rosterListeners.add(listener);
      return () => rosterListeners.delete(listener);
    },
    watchSession: (agent, op, listener) =>
      watchSession({ agent, op, listener, root, shared, roster, rosterListeners, call }),
    watchFeed: (agent, feed, listener) =>
      shared.add(topicOf(root, { kind: 'feed', agent, name: feed }), ({ payload }) => {
        const block = read(Block, payload);
        if (block.ok) listener(block.value);
      }),
    watchLast: (agent, feed, listener) =>
      shared.add(
        topicOf(root, { kind: 'last', agent, name: feed }),
        ({ payload }) => {
          const last = read(Last, payload);
          if (last.ok) listener(last.value);
        },
        { latest: true },
      ),
    watchPresence(listener) {
      const tell = (agent: string) => {
        const presence = roster.get(agent)?.presence;
        if (presence) listener(agent, presence);
      };
      for (const { agent } of roster.all()) tell(agent);
      rosterListeners.add(tell);
      return () => rosterListeners.delete(tell);
    },
    async describe(agent) {
      const reply = await call(agent, { method: 'describe', class: 'read' });
      return reply.ok ? readApi(reply.value) : reply;
    },
    close: () => link.close(),
  };
}

interface Watch {
  agent: string;
  op: string;
  listener: (session: Session | null) => void;
  root: string;
  shared: ReturnType<typeof subscriptions>;
  roster: Roster;
  rosterListeners: Set<(agent: string) => void>;
  call: Caller['call'];
}

/** The newest session of an operation: from its topic, and from `status` when a beat says that something was missed. */
function watchSession({ agent, op, listener, root, shared, roster, rosterListeners, call }: Watch): Cancel {
  let held: Mark | undefined;
  let asking = false;
  const show = (session: Session) => {
    if (!isNewer(session, held)) return;
    held = { g: session.g, n: session.n };
    listener(session);
  };
  const ask = async () => {
    if (asking) return;
    asking = true;
    const reply = await call(agent, { method: 'status', class: 'read', op });
    asking = false;
    const session = reply.ok ? Session.safeParse(reply.value.session) : undefined;
    if (session?.success) show(session.data);
    else if (reply.ok && held === undefined) listener(null);
  };
  const cancelTopic = shared.add(topicOf(root, { kind: 'op', agent, name: op }), ({ payload }) => {
    const session = read(Session, payload);
    if (session.ok) show(session.value);
  });
  const onBeat = (from: string) => {
    const seen = from === agent ? roster.get(agent) : undefined;
    const mark = seen?.marks[`op/${op}`];
    if (seen && mark !== undefined && isNewer({ g: seen.g, n: mark }, held)) void ask();
  };
  rosterListeners.add(onBeat);
  void ask();
  return () => {
    cancelTopic();
    rosterListeners.delete(onBeat);
  };
}
