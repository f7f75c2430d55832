/** The face of an agent on the bus: it claims its place, announces itself, hears requests, and says everything anew after an outage. */
import { randomBytes } from 'node:crypto';
import type { Cancel, Clock } from '../base/clock.ts';
import { type Fault, fault } from '../base/fault.ts';
import type { Logger } from '../base/log.ts';
import type { Connection, Dialer, LinkState, Message } from '../bus/bus.ts';
import { keepLinked } from '../bus/link.ts';
import { type Outbox, outbox } from '../bus/outbox.ts';
import type { OutKind } from '../bus/outgoing.ts';
import { type Api, type Block, Claim, Heartbeat, type Last, Presence, encode, read } from '../protocol/envelope.ts';
import { type HolderAct, type HolderEvent, holderStep, initial, serves } from '../protocol/holder.ts';
import type { Session } from '../protocol/session.ts';
import { ALL_AGENTS, type Topic, parseTopic, topicOf } from '../protocol/topics.ts';
import type { Identity } from './agent.ts';
import type { Arrival, SendReply } from './inbox.ts';
import { forTopic } from './session.ts';
import { throttle } from './throttle.ts';

export interface BusFace {
  state(): LinkState;
  /** Announced and connected: what is sent now is heard. */
  up(): boolean;
  session(op: string, session: Session): void;
  block(feed: string, block: Block): void;
  beat(beat: Heartbeat): void;
  event(record: Record<string, unknown>): void;
  draining(reason: string): void;
  /** Say `offline`, wait until that is acknowledged, 1 s at most, and leave. */
  end(reason: string): Promise<void>;
}

export interface PresenceFacts {
  start: number;
  /** Unix seconds. */
  since: number;
  class: string;
  host: string;
  pid: number;
  version: string;
  protocol: number;
  api_hash: string;
}

export interface BusFaceParts {
  root: string;
  identity: Identity;
  dialer: Dialer;
  clock: Clock;
  random: () => number;
  log: Logger;
  /** Launched by a HostManager that has seen no other host's presence: no claim wait. */
  fast: boolean;
  presence(): PresenceFacts;
  api(): Api;
  sessions(): Session[];
  lasts(): (readonly [feed: string, last: Last])[];
  request(arrival: Arrival, reply: SendReply): void;
  /** On the bus, presence said: time for a first beat. */
  arrived(): void;
  /** Another has the place; `atLeast`: the generation that the next start must have. */
  mustEnd(why: Fault, atLeast?: number): void;
}

const OFFLINE_MS = 1_000;
const LAST_MS = 1_000;

export function openBusFace(parts: BusFaceParts): BusFace {
  const { root, identity, clock, log } = parts;
  const { instanceId: agent, generation: g } = identity;
  const me = {
    g,
    nonce: randomBytes(9).toString('base64url'),
    host: identity.host,
    pid: process.pid,
    since: parts.presence().since,
  };
  const lasts = throttle(clock, LAST_MS, (feed) => {
    for (const [name, last] of parts.lasts()) if (name === feed && speaking()) sayLast(name, last);
  });
  let holder = initial({ agent, me, fast: parts.fast });
  let withWill = false;
  let cancelTimer: Cancel = () => {};
  let out: Outbox | undefined;
  let connection: Connection | undefined;
  let lastBeat: Heartbeat | undefined;
  let reason: string | undefined;
  /** The last word is being said: the own `offline` that comes back must not be corrected. */
  let over = false;
  let heard: Promise<unknown> = Promise.resolve();

  const topic = (one: Topic) => topicOf(root, one);
  const send = (
    kind: OutKind,
    one: Topic,
    message: unknown,
    { qos = 0, retain = false }: { qos?: 0 | 1; retain?: boolean } = {},
  ) => {
    const payload = encode(message);
    if (!payload.ok) return void log.warn({ topic: topic(one), fault: payload.fault.code }, 'not published');
    return out?.send({ kind, topic: topic(one), payload: payload.value, qos, retain });
  };
  const presenceNow = (state: Presence['state']): Presence => ({
    ...parts.presence(),
    state,
    g,
    generation: g,
    ...(reason === undefined ? {} : { reason }),
  });
  const willNow = () => ({
    topic: topic({ kind: 'presence', agent }),
    payload: JSON.stringify({ ...presenceNow('lost'), reason: 'connection lost' }),
    retain: true,
  });
  const speaking = () => serves(holder);

  const sayPresence = (state: Presence['state']) => {
    heard = send('presence', { kind: 'presence', agent }, presenceNow(state), { qos: 1, retain: true }) ?? heard;
  };
  const saySession = (session: Session) =>
    void send('state', { kind: 'op', agent, name: session.op_name }, forTopic(session), { qos: 1, retain: true });
  const sayLast = (feed: string, last: Last) =>
    void send('state', { kind: 'last', agent, name: feed }, last, { retain: true });
  const announce = (state: 'online' | 'draining') => {
    sayPresence(state);
    send('state', { kind: 'api', agent }, parts.api(), { qos: 1, retain: true });
    for (const session of parts.sessions()) saySession(session);
    for (const [feed, last] of parts.lasts()) sayLast(feed, last);
    log.info({ url: link.state().url, generation: g }, 'online');
    parts.arrived();
  };
  const claim = (message: Claim) => void send('claim', { kind: 'claim', agent }, message, { qos: 1 });

  const step = (event: HolderEvent) => {
    const decision = holderStep(holder, event, clock.monotonicMs());
    holder = decision.state;
    for (const act of decision.acts) perform(act);
  };
  /** Ends with `exit` or `fence` leave for good; any other `disconnect` is followed by a `connect`. */
  const perform = (act: HolderAct) => {
    switch (act.act) {
      case 'connect':
        withWill = act.will;
        return;
      case 'subscribe':
        return void subscribe(act.filters);
      case 'publish-claim':
      case 'publish-held':
        return claim(act.claim);
      case 'publish-presence':
        return sayPresence(act.state);
      case 'publish-everything':
        return announce(act.presence);
      case 'disconnect':
        return void disconnect();
      case 'timer':
        cancelTimer();
        // A timer of the machine may run out a fraction of a millisecond before its time.
        if (act.atMs !== null)
          cancelTimer = clock.after(Math.max(0, act.atMs - clock.monotonicMs()) + 1, () => step({ type: 'timer' }));
        return;
      case 'store-g':
        return parts.mustEnd(fault('GENERATION_BEHIND', { agent, newer: act.g - 1, own: g }), act.g);
      case 'contested':
        return log.error({ rival: act.rival }, 'place contested');
      case 'fence':
        void link.close();
        return parts.mustEnd(
          fault('AGENT_FENCED', { agent, newer: act.rival.g, host: act.rival.host, pid: act.rival.pid }),
        );
      case 'exit':
        void link.close();
        if (act.fault) parts.mustEnd(act.fault);
    }
  };
  const subscribe = async (filters: 'own' | 'all') => {
    const over = connection;
    if (!over) return;
    const own = (['presence', 'claim', 'heartbeat'] as const).map((kind) => topic({ kind, agent }));
    const requests = [`${root}/requests/${agent}/+/+`, `${root}/requests/${ALL_AGENTS}/read/+`];
    const granted = await over.subscribe(filters === 'own' ? own : [...own, ...requests], 1);
    if (over !== connection) return;
    if (granted.ok) return step({ type: 'suback' });
    log.error({ fault: granted.fault.code, problem: granted.fault.message }, 'not subscribed');
    await over.close();
  };
  /** After what was published is acknowledged, 1 s at most. */
  const disconnect = async () => {
    const over = connection;
    connection = undefined;
    const limit = new AbortController();
    await Promise.race([heard, clock.sleep(OFFLINE_MS, limit.signal)]);
    limit.abort();
    await over?.close();
  };
  const take = ({ topic: text, payload, retained }: Message) => {
    if (over) return;
    const said = parseTopic(root, text);
    if (said?.kind === 'request')
      return parts.request(
        { bytes: payload, topic: { agent: said.agent, class: said.class, user: said.user }, retained },
        reply,
      );
    if (said?.kind === 'claim') {
      const other = read(Claim, payload);
      if (other.ok) step({ type: 'claim', claim: other.value });
    } else if (said?.kind === 'heartbeat') {
      const beat = read(Heartbeat, payload);
      if (beat.ok)
        step({ type: 'beat', g: beat.value.g, own: beat.value.k === lastBeat?.k && beat.value.t === lastBeat.t });
    } else if (said?.kind === 'presence') {
      const presence = payload.byteLength === 0 ? null : read(Presence, payload);
      if (presence === null) step({ type: 'presence', presence: null });
      else if (presence.ok) step({ type: 'presence', presence: presence.value });
    }
  };
  const reply: SendReply = (to, text) => {
    if (!speaking()) return;
    void out?.send({
      kind: 'reply',
      topic: topic({ kind: 'reply', ...to, agent }),
      payload: text,
      qos: 1,
      retain: false,
    });
  };

  step({ type: 'begin' });
  const link = keepLinked({
    dialer: parts.dialer,
    clock,
    random: parts.random,
    options: () => ({ clientId: `${agent}-${g.toString(36)}`, ...(withWill ? { will: willNow() } : {}) }),
    async onUp(next) {
      connection = next;
      out = outbox(next);
      next.onMessage(take);
      next.onEnd(() => {
        // One that we left ourselves is none of the machine's business.
        if (connection !== next) return;
        connection = undefined;
        out = undefined;
        step({ type: 'bus-lost' });
      });
      step({ type: 'bus-up', rttMs: next.rttMs() ?? 0 });
    },
    log: (facts, message) => log.warn(facts, message),
  });

  return {
    state: () => link.state(),
    up: () => speaking() && connection !== undefined,
    session: (_op, session) => {
      if (speaking()) saySession(session);
    },
    block(feed, block) {
      if (!speaking()) return;
      send('feed', { kind: 'feed', agent, name: feed }, block);
      lasts.touch(feed, false);
    },
    beat(beat) {
      lastBeat = beat;
      if (speaking()) send('event', { kind: 'heartbeat', agent }, beat);
    },
    event(record) {
      if (speaking()) send('event', { kind: 'event', agent }, record);
    },
    draining(why) {
      reason = why;
      step({ type: 'drain', reason: why });
    },
    async end(why) {
      reason = why;
      over = true;
      cancelTimer();
      if (serves(holder) && connection) {
        lasts.flush();
        sayPresence('offline');
        await disconnect();
      }
      lasts.stop();
      await link.close();
    },
  };
}
