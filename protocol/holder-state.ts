/** The phases, events and acts of the machine that holds an instance-id (holder.ts). */
import { type Fault, fault } from '../base/fault.ts';
import type { Claim, Presence } from './envelope.ts';

/** This generation. `g` is in the store before the machine is made. */
export interface Me {
  g: number;
  /** Random per start: tells claims of one generation apart. */
  nonce: string;
  host: string;
  pid: number;
  /** Unix seconds of the start, told to whoever claims the id meanwhile. */
  since: number;
}

/** What a higher generation means for running work: `stop` aborts it, `safe` also makes safe, `hold` leaves it to a person. */
export type OnFence = 'stop' | 'safe' | 'hold';

/** Who else has the id; of a beat only its generation is known. */
export interface Rival {
  g: number;
  host?: string;
  pid?: number;
}

export interface Claiming {
  name: 'claiming';
  /** `storing`: a higher generation is being written; `waiting`: for an objection. */
  step: 'subscribing' | 'storing' | 'waiting';
  rttMs: number;
  claimedAtMs: number | undefined;
  /** End of the claim wait. */
  dueAtMs: number | undefined;
  /** The claim is to be said again as soon as 5 a second allow. */
  again: boolean;
}

export interface Announcing {
  name: 'announcing';
  /** `listening`: to the own retained presence, at most 300 ms. */
  step: 'connecting' | 'subscribing' | 'listening';
  dueAtMs: number | undefined;
  /** Reason of the draining that goes on when online again. */
  draining: string | undefined;
}

/** Since it is online: what was said of the presence, to keep within 5 a second. */
export interface Told {
  toldAtMs: number;
  again: boolean;
  /** Times of saying it again within the last 10 s. */
  repeatsMs: readonly number[];
  /** The last rival heard of in a contest. */
  rival: Rival | undefined;
}

export interface Away {
  name: 'away';
  sinceMs: number;
  relieved: boolean;
  draining: string | undefined;
}

export type Phase =
  /** Not yet connected, nothing claimed. */
  | { name: 'down'; fast: boolean }
  | Claiming
  | Announcing
  | (Told & { name: 'online' })
  | (Told & { name: 'draining'; reason: string })
  /** A newer generation is there: nothing is published, work ends by policy; the event `end` exits. */
  | { name: 'fenced'; fault: Fault }
  /** A live holder, or a higher claimant, was there first. */
  | { name: 'refused'; fault: Fault }
  /** The next generation has taken over by plan; sessions that could not move end here. */
  | { name: 'relieved' }
  /** The bus is lost, work goes on. */
  | Away
  | { name: 'ended'; reason: string };

export interface HolderState {
  agent: string;
  me: Me;
  onFence: OnFence;
  phase: Phase;
}

export type HolderEvent =
  /** Once, at first. */
  | { type: 'begin' }
  /** Connected as the last `connect` asked; `rttMs` from the link, 0 if not measured. */
  | { type: 'bus-up'; rttMs: number }
  /** The connection ended, or could not be made, other than by `disconnect`. */
  | { type: 'bus-lost' }
  /** The filters of the last `subscribe` are granted. */
  | { type: 'suback' }
  /** Answer to `store-g`. */
  | { type: 'g-stored'; g: number }
  | { type: 'claim'; claim: Claim }
  /** On the own presence topic, retained or live; null for an emptied one. */
  | { type: 'presence'; presence: Presence | null }
  /** On the own heartbeat topic. `own` false: its k and t are not those of the beat sent last, so that a twin of equal g shows. */
  | { type: 'beat'; g: number; own?: boolean }
  | { type: 'timer' }
  | { type: 'next-committed' }
  | { type: 'drain'; reason: string }
  | { type: 'end'; reason: string };

export type HolderAct =
  /** Dial until connected or told otherwise, by the schedule of reconnecting. */
  | { act: 'connect'; will: boolean }
  /** `own`: presence, claim and heartbeat of the own id; `all`: the request filters as well. */
  | { act: 'subscribe'; filters: 'own' | 'all' }
  | { act: 'publish-claim'; claim: Claim }
  | { act: 'publish-held'; claim: Claim }
  | { act: 'publish-presence'; state: 'online' | 'draining' | 'offline'; reason?: string }
  /** Presence at once, then api, every op and state topic, the first beat. */
  | { act: 'publish-everything'; presence: 'online' | 'draining'; reason?: string }
  /** Leave cleanly, after what was published is acknowledged (at most 1 s). */
  | { act: 'disconnect' }
  /** Write this generation to the store, then tell `g-stored`. A store that cannot be written ends the agent. */
  | { act: 'store-g'; g: number }
  /** Publish nothing more, end running work by the policy, then tell `end`. */
  | { act: 'fence'; policy: OnFence; rival: Rival }
  /** Two holders go on denying each other: a line for people. */
  | { act: 'contested'; rival: Rival | undefined }
  /** The one timer, null for none. */
  | { act: 'timer'; atMs: number | null }
  | { act: 'exit'; fault?: Fault };

export interface HolderStep {
  state: HolderState;
  acts: HolderAct[];
}

export const AWAY: Away = { name: 'away', sinceMs: 0, relieved: false, draining: undefined };

export const stay = (state: HolderState): HolderStep => ({ state, acts: [] });

/** A newer generation has the id. */
export function fence(state: HolderState, { g, host, pid }: Rival): HolderStep {
  const rival: Rival = { g, ...(host === undefined ? {} : { host }), ...(pid === undefined ? {} : { pid }) };
  return {
    state: {
      ...state,
      phase: { name: 'fenced', fault: fault('AGENT_FENCED', { agent: state.agent, newer: g, host, pid }) },
    },
    acts: [{ act: 'disconnect' }, { act: 'fence', policy: state.onFence, rival }],
  };
}

/** Somebody else has the id, or a better claim to it. */
export function refuse(state: HolderState, { host, pid, since }: Claim): HolderStep {
  const found = fault('AGENT_DUPLICATE', { agent: state.agent, host, pid, since: sinceText(since) });
  return {
    state: { ...state, phase: { name: 'refused', fault: found } },
    acts: [{ act: 'disconnect' }, { act: 'exit', fault: found }],
  };
}

const sinceText = (since: number | undefined): string =>
  since !== undefined && Math.abs(since) < 8e12 ? new Date(since * 1_000).toISOString() : 'just now';
