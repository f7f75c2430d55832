/** Who holds an instance-id: claim before the first word, answer later claimants, give way to a newer generation (specs: bus §5.2). */
import { type Fault, fault } from '../base/fault.ts';
import type { Claim, Presence } from './envelope.ts';

export interface Me {
  agent: string;
  g: number;
  nonce: string;
  host: string;
  pid: number;
  /** Unix seconds. */
  since: number;
  /** Launched by a HostManager that holds the lock and has seen no other host's presence: no claim wait. */
  fast: boolean;
}

export type HolderState =
  /** Not on the bus; `held`: the place was taken once, nobody is asked again. */
  | { name: 'away'; held: boolean }
  | { name: 'claiming'; untilMs: number }
  | { name: 'announcing'; untilMs: number }
  | { name: 'online'; againAtMs: number; foreign: readonly number[] }
  | { name: 'draining' }
  /** Another has the place: nothing is published any more. */
  | { name: 'out' };

export type HolderEvent =
  /** Connected and subscribed to own presence and claim. */
  | { type: 'subscribed'; rttMs: number }
  | { type: 'claim'; claim: Claim }
  /** `null`: somebody has emptied the topic. */
  | { type: 'presence'; presence: Presence | null }
  /** A timer asked for has run out: that which was to end at `atMs`. */
  | { type: 'timer'; atMs: number }
  | { type: 'lost' }
  | { type: 'drain' };

export type HolderAct =
  | { act: 'publish-claim' }
  | { act: 'answer-held'; nonce: string }
  /** Presence, api, all op topics, the first beat. */
  | { act: 'announce' }
  /** Presence alone, again. */
  | { act: 'presence' }
  | { act: 'timer'; atMs: number }
  /** Leave by DISCONNECT and come again with the will. */
  | { act: 'reconnect' }
  | { act: 'contested'; host: string; pid: number }
  | { act: 'end'; fault: Fault };

export interface HolderDecision {
  state: HolderState;
  acts: HolderAct[];
}

const CLAIM_MS = 1_500;
/** How long the own retained presence is waited for before the first word. */
const LOOK_MS = 300;
const AGAIN_MS = 200;
const CONTESTED = { count: 10, withinMs: 10_000 };

export const newHolder = (): HolderState => ({ name: 'away', held: false });

/** Is the next connection to carry the will? A claimant has nothing yet whose loss could be told. */
export const withWill = (state: HolderState, me: Me): boolean => me.fast || !(state.name === 'claiming' || (state.name === 'away' && !state.held));

/** Decide what an event means for the place of `me`. */
export function holderStep(state: HolderState, event: HolderEvent, me: Me, nowMs: number): HolderDecision {
  switch (state.name) {
    case 'away':
      if (event.type !== 'subscribed') return stay(state);
      return state.held || me.fast ? look(nowMs) : claim(nowMs, event.rttMs);
    case 'claiming':
      return claiming(state, event, me);
    case 'announcing':
      if (event.type === 'timer') return event.atMs === state.untilMs ? { state: online(nowMs), acts: [{ act: 'announce' }] } : stay(state);
      return holding(state, event, me, nowMs);
    case 'online':
      return holding(state, event, me, nowMs);
    case 'draining':
      return event.type === 'claim' ? answer(state, event.claim, me) : stay(state);
    case 'out':
      return stay(state);
  }
}

function claim(nowMs: number, rttMs: number): HolderDecision {
  const untilMs = nowMs + Math.max(CLAIM_MS, 3 * rttMs);
  return { state: { name: 'claiming', untilMs }, acts: [{ act: 'publish-claim' }, { act: 'timer', atMs: untilMs }] };
}

function look(nowMs: number): HolderDecision {
  const untilMs = nowMs + LOOK_MS;
  return { state: { name: 'announcing', untilMs }, acts: [{ act: 'timer', atMs: untilMs }] };
}

function claiming(state: Extract<HolderState, { name: 'claiming' }>, event: HolderEvent, me: Me): HolderDecision {
  switch (event.type) {
    case 'claim': {
      const { claim: other } = event;
      if (other.held !== undefined) return other.held === me.nonce ? refused(me, other) : stay(state);
      if (other.nonce === me.nonce) return stay(state);
      return higher(other, me) ? refused(me, other) : { state, acts: [{ act: 'publish-claim' }] };
    }
    case 'presence': {
      const newer = event.presence?.state === 'online' && event.presence.g >= me.g ? event.presence : undefined;
      return newer ? out(fault('GENERATION_BEHIND', { agent: me.agent, newer: newer.g, own: me.g })) : stay(state);
    }
    case 'timer':
      return event.atMs === state.untilMs ? { state: { name: 'away', held: true }, acts: [{ act: 'reconnect' }] } : stay(state);
    case 'lost':
      return { state: { name: 'away', held: false }, acts: [] };
    default:
      return stay(state);
  }
}

function holding(state: HolderState, event: HolderEvent, me: Me, nowMs: number): HolderDecision {
  switch (event.type) {
    case 'claim':
      return answer(state, event.claim, me);
    case 'lost':
      return { state: { name: 'away', held: true }, acts: [] };
    case 'drain':
      return { state: { name: 'draining' }, acts: [{ act: 'presence' }] };
    case 'presence': {
      const { presence } = event;
      if (presence?.state === 'online' && presence.g > me.g) return out(fault('AGENT_FENCED', { agent: me.agent, newer: presence.g, host: presence.host, pid: presence.pid }));
      const own = presence?.g === me.g && (presence.state === 'online' || presence.state === 'draining');
      if (own || state.name !== 'online' || (presence?.state === 'online' && presence.g === me.g)) return stay(state);
      return again(state, presence, nowMs);
    }
    default:
      return stay(state);
  }
}

/** Somebody else's word about us, or our own will come late: say again that we are here, at most five times a second. */
function again(state: Extract<HolderState, { name: 'online' }>, presence: Presence | null, nowMs: number): HolderDecision {
  if (nowMs < state.againAtMs) return stay(state);
  const recent = [...state.foreign, nowMs].filter((atMs) => nowMs - atMs < CONTESTED.withinMs);
  const contested: HolderAct[] = recent.length > CONTESTED.count && presence ? [{ act: 'contested', host: presence.host, pid: presence.pid }] : [];
  return {
    state: { name: 'online', againAtMs: nowMs + AGAIN_MS, foreign: contested.length > 0 ? [] : recent },
    acts: [{ act: 'presence' }, ...contested],
  };
}

const answer = (state: HolderState, other: Claim, me: Me): HolderDecision =>
  other.held !== undefined || other.nonce === me.nonce ? stay(state) : { state, acts: [{ act: 'answer-held', nonce: other.nonce }] };

const refused = (me: Me, other: Claim): HolderDecision =>
  out(fault('AGENT_DUPLICATE', { agent: me.agent, host: other.host, pid: other.pid, since: other.since === undefined ? 'just now' : new Date(other.since * 1_000).toISOString() }));

const out = (why: Fault): HolderDecision => ({ state: { name: 'out' }, acts: [{ act: 'end', fault: why }] });
const online = (nowMs: number): HolderState => ({ name: 'online', againAtMs: nowMs, foreign: [] });
const stay = (state: HolderState): HolderDecision => ({ state, acts: [] });
const higher = (a: { g: number; nonce: string }, b: { g: number; nonce: string }): boolean => a.g > b.g || (a.g === b.g && a.nonce > b.nonce);
