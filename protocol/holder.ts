/** Who holds an instance-id: claim, announce, defend, give way (PROTOCOL §2, bus spec §5.2). Pure: a driver connects and publishes. */
import type { Claim, Presence } from './envelope.ts';
import { claimDueMs, claimed, retried } from './holder-claim.ts';
import { announceDueMs, announcedAgain, heardOnline, listened } from './holder-online.ts';
import {
  AWAY,
  type HolderAct,
  type HolderEvent,
  type HolderState,
  type HolderStep,
  type Me,
  type OnFence,
  fence,
  stay,
} from './holder-state.ts';

export type { HolderAct, HolderEvent, HolderState, HolderStep, Me, OnFence } from './holder-state.ts';
export type { Phase, Rival } from './holder-state.ts';

/** Before the event `begin`. `fast`: the HostManager vouches that nobody else has the id, so nothing is claimed. */
export const initial = (given: { agent: string; me: Me; fast?: boolean; onFence?: OnFence }): HolderState => ({
  agent: given.agent,
  me: given.me,
  onFence: given.onFence ?? 'stop',
  phase: { name: 'down', fast: given.fast ?? false },
});

/** Does this generation answer requests and publish now? */
export const serves = ({ phase }: HolderState): boolean => phase.name === 'online' || phase.name === 'draining';

/** Decide what one event means. A `timer` act at the end replaces the wait before it; null ends it. */
export function holderStep(state: HolderState, event: HolderEvent, nowMs: number): HolderStep {
  const step = decide(state, event, nowMs);
  const dueMs = dueOf(step.state);
  return dueMs === dueOf(state) ? step : { ...step, acts: [...step.acts, { act: 'timer', atMs: dueMs }] };
}

function decide(state: HolderState, event: HolderEvent, nowMs: number): HolderStep {
  switch (event.type) {
    case 'begin':
      return state.phase.name === 'down' ? { state, acts: [{ act: 'connect', will: state.phase.fast }] } : stay(state);
    case 'bus-up':
      return onBusUp(state, event.rttMs);
    case 'bus-lost':
      return onBusLost(state, nowMs);
    case 'suback':
      return onSuback(state, nowMs);
    case 'g-stored':
      return onStored(state, event.g, nowMs);
    case 'claim':
      return onClaim(state, event.claim, nowMs);
    case 'presence':
      return onPresence(state, event.presence, nowMs);
    case 'beat':
      return onBeat(state, event.g, event.own ?? true, nowMs);
    case 'timer':
      return onTimer(state, nowMs);
    case 'next-committed':
      return onNext(state);
    case 'drain':
      return onDrain(state, event.reason);
    case 'end':
      return onEnd(state, event.reason);
  }
}

function onBusUp(state: HolderState, rttMs: number): HolderStep {
  const { phase } = state;
  switch (phase.name) {
    case 'down':
      if (phase.fast) return announce(state);
      return {
        state: {
          ...state,
          phase: {
            name: 'claiming',
            step: 'subscribing',
            rttMs,
            claimedAtMs: undefined,
            dueAtMs: undefined,
            again: false,
          },
        },
        acts: [{ act: 'subscribe', filters: 'own' }],
      };
    case 'announcing':
      return phase.step === 'connecting' ? announce(state, phase.draining) : stay(state);
    case 'away':
      return phase.relieved ? stay({ ...state, phase: { name: 'relieved' } }) : announce(state, phase.draining);
    default:
      return stay(state);
  }
}

/** Subscribe first: who returns late finds the higher generation before it says a word. */
const announce = (state: HolderState, draining?: string): HolderStep => ({
  state: { ...state, phase: { name: 'announcing', step: 'subscribing', dueAtMs: undefined, draining } },
  acts: [{ act: 'subscribe', filters: 'all' }],
});

const dial = (will: boolean): HolderAct[] => [{ act: 'connect', will }];

/** Told only of a connection that the driver did not end itself on `disconnect`. The driver goes on dialling as `connect` said. */
function onBusLost(state: HolderState, nowMs: number): HolderStep {
  const { phase } = state;
  switch (phase.name) {
    case 'down':
      return { state, acts: dial(phase.fast) };
    case 'claiming':
      return { state: { ...state, phase: { name: 'down', fast: false } }, acts: dial(false) };
    case 'announcing':
      return { state: { ...state, phase: { ...phase, step: 'connecting', dueAtMs: undefined } }, acts: dial(true) };
    case 'online':
      return { state: { ...state, phase: { ...AWAY, sinceMs: nowMs } }, acts: dial(true) };
    case 'draining':
      return { state: { ...state, phase: { ...AWAY, sinceMs: nowMs, draining: phase.reason } }, acts: dial(true) };
    case 'relieved':
      return { state: { ...state, phase: { ...AWAY, sinceMs: nowMs, relieved: true } }, acts: dial(true) };
    case 'away':
      return { state, acts: dial(true) };
    case 'fenced':
    case 'refused':
    case 'ended':
      return stay(state);
  }
}

function onSuback(state: HolderState, nowMs: number): HolderStep {
  const { phase } = state;
  if (phase.name === 'claiming' && phase.step === 'subscribing') return claimed(state, phase, nowMs);
  if (phase.name === 'announcing' && phase.step === 'subscribing') return listened(state, phase, nowMs);
  return stay(state);
}

function onStored(state: HolderState, g: number, nowMs: number): HolderStep {
  const { phase } = state;
  if (phase.name !== 'claiming' || phase.step !== 'storing') return stay(state);
  return claimed({ ...state, me: { ...state.me, g } }, phase, nowMs);
}

function onClaim(state: HolderState, claim: Claim, nowMs: number): HolderStep {
  const { phase, me } = state;
  if (phase.name === 'claiming') return retried(state, phase, claim, nowMs);
  const defends =
    phase.name === 'online' ||
    phase.name === 'draining' ||
    (phase.name === 'announcing' && phase.step !== 'connecting');
  if (!defends || claim.held !== undefined || claim.nonce === me.nonce) return stay(state);
  return { state, acts: [{ act: 'publish-held', claim: { ...me, held: claim.nonce } }] };
}

function onPresence(state: HolderState, presence: Presence | null, nowMs: number): HolderStep {
  const { phase, me } = state;
  const live = presence !== null && (presence.state === 'online' || presence.state === 'draining');
  switch (phase.name) {
    case 'claiming':
      if (!live || presence.g < me.g || phase.step === 'storing') return stay(state);
      // Whoever it is, dead or alive, we come after it: a live one answers our claim.
      return {
        state: {
          ...state,
          phase: { ...phase, step: 'storing', claimedAtMs: undefined, dueAtMs: undefined, again: false },
        },
        acts: [{ act: 'store-g', g: presence.g + 1 }],
      };
    case 'announcing':
    case 'online':
    case 'draining':
      return live && outranks(presence, me) ? fence(state, presence) : heardOnline(state, presence, nowMs);
    default:
      return stay(state);
  }
}

/** A beat of the own id shows a rival also where its presence was lost on the way. */
function onBeat(state: HolderState, g: number, own: boolean, nowMs: number): HolderStep {
  const { phase, me } = state;
  if (phase.name !== 'announcing' && phase.name !== 'online' && phase.name !== 'draining') return stay(state);
  if (g > me.g) return fence(state, { g });
  // Of equal generation: the presence said again settles it, for it names host and pid.
  return g < me.g || !own ? announcedAgain(state, undefined, nowMs) : stay(state);
}

/** Higher generation; of equal ones, which only a lost store can make, the greater name and pid. */
function outranks(presence: Presence, me: Me): boolean {
  if (presence.g !== me.g) return presence.g > me.g;
  return presence.host === me.host ? presence.pid > me.pid : presence.host > me.host;
}

function onTimer(state: HolderState, nowMs: number): HolderStep {
  const { phase } = state;
  if (phase.name === 'claiming' && phase.step === 'waiting') {
    if (phase.dueAtMs !== undefined && nowMs >= phase.dueAtMs) {
      return {
        state: { ...state, phase: { name: 'announcing', step: 'connecting', dueAtMs: undefined, draining: undefined } },
        acts: [{ act: 'disconnect' }, { act: 'connect', will: true }],
      };
    }
    return phase.again ? retried(state, phase, undefined, nowMs) : stay(state);
  }
  if (phase.name === 'announcing' && phase.step === 'listening') return listened(state, phase, nowMs);
  return phase.name === 'online' || phase.name === 'draining'
    ? announcedAgain(state, undefined, nowMs, false)
    : stay(state);
}

/** A planned handover: no presence, no claim answers, no fence from now on. */
function onNext(state: HolderState): HolderStep {
  const { phase } = state;
  switch (phase.name) {
    case 'online':
    case 'draining':
    case 'announcing':
      return stay({ ...state, phase: { name: 'relieved' } });
    case 'away':
      return stay({ ...state, phase: { ...phase, relieved: true, draining: undefined } });
    default:
      return stay(state);
  }
}

function onDrain(state: HolderState, reason: string): HolderStep {
  const { phase } = state;
  switch (phase.name) {
    case 'online':
      return {
        state: { ...state, phase: { ...phase, name: 'draining', reason } },
        acts: [{ act: 'publish-presence', state: 'draining', reason }],
      };
    case 'announcing':
    case 'away':
      return stay({ ...state, phase: { ...phase, draining: reason } });
    default:
      return stay(state);
  }
}

function onEnd(state: HolderState, reason: string): HolderStep {
  const { phase } = state;
  const ended: HolderState = { ...state, phase: { name: 'ended', reason } };
  switch (phase.name) {
    case 'online':
    case 'draining':
      return {
        state: ended,
        acts: [{ act: 'publish-presence', state: 'offline', reason }, { act: 'disconnect' }, { act: 'exit' }],
      };
    case 'fenced':
      return { state: ended, acts: [{ act: 'exit', fault: phase.fault }] };
    case 'refused':
    case 'ended':
      return stay(state);
    default:
      return { state: ended, acts: [{ act: 'disconnect' }, { act: 'exit' }] };
  }
}

/** When the machine wants its next `timer`; null where it waits for the world. */
function dueOf({ phase }: HolderState): number | null {
  switch (phase.name) {
    case 'claiming':
      return claimDueMs(phase);
    case 'announcing':
      return phase.dueAtMs ?? null;
    case 'online':
    case 'draining':
      return announceDueMs(phase);
    default:
      return null;
  }
}
