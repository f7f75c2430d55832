/** The phases of a holder, and the events that lead there, for its tests. */
import test from 'ava';
import type { Claim, Presence } from '../../protocol/envelope.ts';
import {
  type HolderAct,
  type HolderEvent,
  type HolderState,
  type Me,
  type OnFence,
  type Phase,
  holderStep,
  initial,
} from '../../protocol/holder.ts';

export const ME: Me = { g: 10, nonce: 'm', host: 'lab-a', pid: 1, since: 1_800_000_000 };
export const OTHER = { host: 'lab-b', pid: 2 };

export const claim = (g: number, nonce = 'o', held?: string): HolderEvent => {
  const said: Claim = { g, nonce, ...OTHER, ...(held === undefined ? {} : { held }) };
  return { type: 'claim', claim: said };
};
export const presence = (state: Presence['state'], g: number, { host, pid } = OTHER): HolderEvent => ({
  type: 'presence',
  presence: {
    state,
    g,
    generation: g,
    start: 1,
    since: 0,
    class: 'X',
    host,
    pid,
    version: '1',
    protocol: 1,
    api_hash: '',
  },
});
export const own = (state: Presence['state']): HolderEvent => presence(state, ME.g, ME);
export const UP: HolderEvent = { type: 'bus-up', rttMs: 2 };
export const LOST: HolderEvent = { type: 'bus-lost' };
export const SUBACK: HolderEvent = { type: 'suback' };
export const TIMER: HolderEvent = { type: 'timer' };
export const DRAIN: HolderEvent = { type: 'drain', reason: 'stop' };
export const END: HolderEvent = { type: 'end', reason: 'stop' };
export const NEXT: HolderEvent = { type: 'next-committed' };

export type At = [atMs: number, event: HolderEvent];
/** The events that lead to each phase. */
export const down: At[] = [[0, { type: 'begin' }]];
export const claiming: At[] = [...down, [0, UP], [0, SUBACK]];
export const announcing: At[] = [...claiming, [1_500, TIMER], [1_500, UP], [1_500, SUBACK]];
export const online: At[] = [...announcing, [1_800, TIMER]];
export const T = 10_000;

export function lead(
  events: At[],
  given: { fast?: boolean; onFence?: OnFence } = {},
): { state: HolderState; acts: HolderAct[] } {
  let state = initial({ agent: 'thermo1', me: ME, ...given });
  let acts: HolderAct[] = [];
  for (const [atMs, event] of events) ({ state, acts } = holderStep(state, event, atMs));
  return { state, acts };
}
/** An act in one or two words. */
export function word(act: HolderAct): string {
  switch (act.act) {
    case 'connect':
      return act.will ? 'connect with will' : 'connect';
    case 'subscribe':
      return `subscribe ${act.filters}`;
    case 'publish-claim':
      return `claim ${act.claim.g}`;
    case 'publish-held':
      return `held ${act.claim.held}`;
    case 'publish-presence':
      return act.state;
    case 'publish-everything':
      return `everything ${act.presence}`;
    case 'store-g':
      return `store ${act.g}`;
    case 'fence':
      return `fence ${act.policy}`;
    case 'timer':
      return `timer ${act.atMs}`;
    case 'exit':
      return `exit ${act.fault?.code ?? 'well'}`;
    default:
      return act.act;
  }
}

export const goes = test.macro(
  (
    t,
    before: At[],
    [atMs, event]: At,
    want: Phase['name'],
    acts: string[],
    given: { fast?: boolean; onFence?: OnFence } = {},
  ) => {
    const step = holderStep(lead(before, given).state, event, atMs);
    t.is(step.state.phase.name, want);
    t.deepEqual(step.acts.map(word), acts);
  },
);
