/** An agent of the simulated network: the pure inbox and holder, driven by messages and virtual time. */
import { newCopies } from '../../protocol/copies.ts';
import { type DuplicateTable, type RequestKey, newTable, settle } from '../../protocol/duplicates.ts';
import type { Presence, Request } from '../../protocol/envelope.ts';
import { newBeatLog, noteBeat } from '../../protocol/freshness.ts';
import {
  type HolderAct,
  type HolderEvent,
  type HolderState,
  holderStep,
  initial,
  serves,
} from '../../protocol/holder.ts';
import { type InboxView, type Verdict, judge } from '../../protocol/inbox.ts';
import { newRates } from '../../protocol/rates.ts';
import { parseTopic, topicOf } from '../../protocol/topics.ts';
import type { Network, OpState, Port, SimMessage } from './sim-network.ts';

export const ROOT = 'r';
export const AGENT = 'thermo1';
export const BEAT_MS = 2_000;
export const TABLE_LIMITS = { perUser: 6, inAll: 14 };
const EPOCH_S = 1_800_000_000;

/** A wrong agent, caller or reader, each against one property. */
export type Plant =
  | 'no-memory'
  | 'answer-before-store'
  | 'no-freshness'
  | 'takes-anything'
  | 'no-marks'
  | 'deaf-holder'
  | 'no-beats-heard'
  | 'no-bounds'
  | 'replies-by-payload';

/** What survives a crash, per host. */
export interface HostStore {
  g: number;
  /** Session → has its effect been done? */
  sessions: Map<string, boolean>;
  clockOffS: number;
}

/** What all agents did, for the one who judges the episode. */
export interface Journal {
  effects: { key: string; atMs: number }[];
  replies: { id: string; user: string; client: string }[];
  tablesMax: number;
  lastChangeMs: number;
}

export interface SimAgent {
  state: () => HolderState;
  op: () => OpState;
  /** It runs and may still become or be the holder. */
  alive: () => boolean;
  crash: () => void;
}

interface Given {
  net: Network;
  who: number;
  host: string;
  store: HostStore;
  journal: Journal;
  /** How long the store takes before an effect. */
  syncMs: number;
  /** Crash while the k-th act is under way. */
  crashAtAct: number | undefined;
  /** The network is to be whole for a while in the end: no crash after. */
  crashUntilMs: number;
  plant: Plant | undefined;
  onCrash: () => void;
}

export function simAgent({
  net,
  who,
  host,
  store,
  journal,
  syncMs,
  crashAtAct,
  crashUntilMs,
  plant,
  onCrash,
}: Given): SimAgent {
  const wallS = () => EPOCH_S + store.clockOffS + net.nowMs() / 1_000;
  // Even on one host, odd on the other: twins of equal generation are told apart by the holder's table, but while both
  // serve, nothing in (g, n) can keep their states or their requests apart.
  store.g = 2 * Math.max(Math.floor(store.g / 2) + 1, Math.floor(wallS() * 500)) + (who % 2);
  const me = { g: store.g, nonce: `${who}-${store.g}`, host, pid: who, since: wallS() };
  const view: InboxView = {
    agent: AGENT,
    g: me.g,
    operations: (op) => (op === 'pulse' ? { class: 'operate', type: 'task' } : undefined),
    duplicates: tableFor(plant),
    anonymousBytes: newCopies(),
    beats: newBeatLog(),
    rates: newRates(),
    knowsSession: (session) => store.sessions.has(session),
  };
  let state = initial({ agent: AGENT, me });
  let op: OpState = { g: me.g, n: 1, value: '' };
  let dead = false;
  let acts = 0;
  let beating = false;
  let beatT = 0;
  let timer = 0;
  const heard = {
    onUp: () => tell({ type: 'bus-up', rttMs: 20 }),
    onLost: () => tell({ type: 'bus-lost' }),
    onMessage: (message: SimMessage, retained: boolean) => onMessage(message, retained),
  };
  const port: Port = net.port(who, heard);

  function tell(event: HolderEvent): void {
    if (dead) return;
    const step = holderStep(state, event, net.nowMs());
    if (step.state.phase.name !== state.phase.name) journal.lastChangeMs = net.nowMs();
    state = step.state;
    view.g = state.me.g;
    for (const act of step.acts) perform(act);
  }
  const presence = (word: Presence['state']): SimMessage => {
    const { g, pid, since } = state.me;
    const said = {
      state: word,
      g,
      generation: g,
      start: 1,
      since,
      class: 'Sim',
      host,
      pid,
      version: '1',
      protocol: 1,
      api_hash: '',
    };
    return {
      topic: topicOf(ROOT, { kind: 'presence', agent: AGENT }),
      retain: true,
      body: { kind: 'presence', presence: said },
    };
  };
  function perform(act: HolderAct): void {
    switch (act.act) {
      case 'connect':
        return net.connect(port, act.will ? presence('lost') : undefined);
      case 'disconnect':
        return net.disconnect(port);
      case 'subscribe':
        return net.subscribe(port, filtersOf(act.filters), () => tell({ type: 'suback' }));
      case 'publish-claim':
      case 'publish-held':
        return net.publish(port, {
          topic: topicOf(ROOT, { kind: 'claim', agent: AGENT }),
          retain: false,
          body: { kind: 'claim', claim: act.claim },
        });
      case 'publish-presence':
        return net.publish(port, presence(act.state));
      case 'publish-everything':
        op = { ...op, g: state.me.g };
        net.publish(port, presence(act.presence));
        publishOp();
        if (!beating) beat();
        return;
      case 'store-g':
        store.g = Math.max(store.g, act.g);
        return net.after(1, () => tell({ type: 'g-stored', g: act.g }));
      case 'fence':
        return net.after(100, () => tell({ type: 'end', reason: 'fenced' }));
      case 'timer': {
        const token = ++timer;
        if (act.atMs !== null) net.after(act.atMs - net.nowMs(), () => token === timer && tell({ type: 'timer' }));
        return;
      }
      case 'exit':
        dead = true;
        return;
      case 'contested':
        return;
    }
  }
  function beat(): void {
    beating = !dead && serves(state);
    if (!beating) return;
    const k = view.beats.newest + 1;
    noteBeat(view.beats, k, net.nowMs());
    beatT = wallS();
    const said = { g: state.me.g, k, t: beatT, codes: {}, marks: { 'op/pulse': op.n }, lag_ms: 0 };
    net.publish(port, {
      topic: topicOf(ROOT, { kind: 'heartbeat', agent: AGENT }),
      retain: false,
      body: { kind: 'beat', beat: said },
    });
    net.after(BEAT_MS, beat);
  }
  const publishOp = () =>
    net.publish(port, {
      topic: topicOf(ROOT, { kind: 'op', agent: AGENT, name: 'pulse' }),
      retain: true,
      body: { kind: 'op', op },
    });

  function onMessage({ topic, body }: SimMessage, retained: boolean): void {
    if (dead) return;
    if (body.kind === 'bytes') return onRequest(topic, body.text, retained);
    if (plant === 'deaf-holder') return;
    if (body.kind === 'presence') tell({ type: 'presence', presence: body.presence });
    else if (body.kind === 'claim') tell({ type: 'claim', claim: body.claim });
    else if (body.kind === 'beat' && plant !== 'no-beats-heard')
      tell({ type: 'beat', g: body.beat.g, own: body.beat.t === beatT });
  }
  function onRequest(topicText: string, text: string, retained: boolean): void {
    const topic = parseTopic(ROOT, topicText);
    if (topic?.kind !== 'request' || !serves(state)) return;
    if (plant === 'no-memory') view.duplicates = tableFor(plant);
    if (plant === 'no-freshness') for (const k of view.beats.sentMs.keys()) view.beats.sentMs.set(k, net.nowMs());
    const arrival = { bytes: new TextEncoder().encode(text), topic, retained };
    const verdict = judge(arrival, view, { monotonicMs: net.nowMs(), wallS: wallS() });
    journal.tablesMax = Math.max(journal.tablesMax, view.duplicates.entries.size);
    if (verdict.do === 'reply') reply(verdict.bytes, verdict.to, JSON.parse(text));
    else if (verdict.do === 'act' && verdict.key) onAct(verdict, verdict.key);
  }
  function onAct({ request, method }: Extract<Verdict, { do: 'act' }>, key: RequestKey): void {
    if (method === 'ping') return answer(request, key, 0, { g: state.me.g, k: view.beats.newest });
    if (method === 'status') return answer(request, key, 0, op);
    if (method !== 'start') return;
    const { session } = request;
    const forgetful = plant === 'no-memory';
    const done = session === undefined || forgetful ? undefined : store.sessions.get(session);
    if (done !== undefined) return answer(request, key, done ? 0 : -1, null);
    if (session !== undefined) store.sessions.set(session, false);
    if (plant === 'answer-before-store') answer(request, key, 0, null);
    if (++acts === crashAtAct && net.nowMs() < crashUntilMs) net.after(syncMs * net.random(), crash);
    net.after(syncMs, () => {
      if (dead || !serves(state)) return;
      if (session !== undefined) store.sessions.set(session, true);
      journal.effects.push({ key: session ?? key.id, atMs: net.nowMs() });
      op = { ...op, n: op.n + 1, value: session ?? key.id };
      journal.lastChangeMs = net.nowMs();
      publishOp();
      answer(request, key, 0, null);
    });
  }
  function answer(request: Request, key: RequestKey, code: number, value: unknown): void {
    const bytes = JSON.stringify({
      id: key.id,
      g: state.me.g,
      t: wallS(),
      code,
      message: '',
      session: {},
      final: true,
      value,
    });
    settle(view.duplicates, key, bytes, net.nowMs());
    reply(bytes, key, request);
  }
  function reply(bytes: string, to: { user: string; client: string }, { id, note }: Request): void {
    const user = plant === 'replies-by-payload' && note !== undefined ? note : to.user;
    journal.replies.push({ id: id ?? '', user, client: to.client });
    const topic = topicOf(ROOT, { kind: 'reply', user, client: to.client, agent: AGENT });
    net.publish(port, { topic, retain: false, body: { kind: 'bytes', text: bytes } });
  }
  function crash(): void {
    if (dead) return;
    dead = true;
    net.cut(port);
    port.wanted = false;
    journal.lastChangeMs = net.nowMs();
    onCrash();
  }
  tell({ type: 'begin' });
  return {
    state: () => state,
    op: () => op,
    alive: () => !dead && !['refused', 'fenced', 'ended'].includes(state.phase.name),
    crash,
  };
}

const tableFor = (plant: Plant | undefined): DuplicateTable => newTable(plant === 'no-bounds' ? {} : TABLE_LIMITS);

const OWN = [
  topicOf(ROOT, { kind: 'presence', agent: AGENT }),
  topicOf(ROOT, { kind: 'claim', agent: AGENT }),
  topicOf(ROOT, { kind: 'heartbeat', agent: AGENT }),
];
const filtersOf = (which: 'own' | 'all'): string[] =>
  which === 'own' ? OWN : [...OWN, `${ROOT}/requests/${AGENT}/+/+`];
