/** Holding an instance-id: become online after listening, and correct what others say of it (bus spec §5.2). */
import type { Presence } from './envelope.ts';
import {
  type Announcing,
  type HolderAct,
  type HolderState,
  type HolderStep,
  type Rival,
  type Told,
  stay,
} from './holder-state.ts';

/** How long the own retained presence is waited for. */
const LISTEN_MS = 300;
/** The presence is said again at most 5 times a second. */
const TELL_PAUSE_MS = 200;
const CONTEST_WINDOW_MS = 10_000;
const CONTEST_REPEATS = 10;

/** SUBACK: listen. The time is over: online. */
export function listened(state: HolderState, phase: Announcing, nowMs: number): HolderStep {
  if (phase.step === 'subscribing') {
    return stay({ ...state, phase: { ...phase, step: 'listening', dueAtMs: nowMs + LISTEN_MS } });
  }
  return phase.dueAtMs !== undefined && nowMs >= phase.dueAtMs ? goOnline(state, phase, nowMs) : stay(state);
}

function goOnline(state: HolderState, { draining }: Announcing, nowMs: number): HolderStep {
  const told: Told = { toldAtMs: nowMs, again: false, repeatsMs: [], rival: undefined };
  if (draining === undefined) {
    return {
      state: { ...state, phase: { ...told, name: 'online' } },
      acts: [{ act: 'publish-everything', presence: 'online' }],
    };
  }
  return {
    state: { ...state, phase: { ...told, name: 'draining', reason: draining } },
    acts: [{ act: 'publish-everything', presence: 'draining', reason: draining }],
  };
}

/** A presence that does not outrank ours: our own words are left alone, anything else is corrected. */
export function heardOnline(state: HolderState, presence: Presence | null, nowMs: number): HolderStep {
  const { phase, me } = state;
  // What is retained is lower: there is nothing more to wait for.
  if (phase.name === 'announcing') return phase.step === 'listening' ? goOnline(state, phase, nowMs) : stay(state);
  if (phase.name !== 'online' && phase.name !== 'draining') return stay(state);
  const own = presence !== null && presence.g === me.g && presence.host === me.host && presence.pid === me.pid;
  if (own && (presence.state === 'online' || presence.state === 'draining')) return stay(state);
  return announcedAgain(state, presence ?? undefined, nowMs);
}

/** Say the presence again, now or when 5 a second allow. `asked` false: only if it was put off. */
export function announcedAgain(state: HolderState, rival: Rival | undefined, nowMs: number, asked = true): HolderStep {
  const { phase } = state;
  if (phase.name !== 'online' && phase.name !== 'draining') return stay(state);
  if (!asked && !phase.again) return stay(state);
  const known = rival
    ? {
        g: rival.g,
        ...(rival.host === undefined ? {} : { host: rival.host }),
        ...(rival.pid === undefined ? {} : { pid: rival.pid }),
      }
    : phase.rival;
  if (nowMs < phase.toldAtMs + TELL_PAUSE_MS) return stay({ ...state, phase: { ...phase, again: true, rival: known } });
  const repeatsMs = [...phase.repeatsMs.filter((atMs) => atMs > nowMs - CONTEST_WINDOW_MS), nowMs];
  const contested = repeatsMs.length > CONTEST_REPEATS;
  const tell: HolderAct =
    phase.name === 'draining'
      ? { act: 'publish-presence', state: 'draining', reason: phase.reason }
      : { act: 'publish-presence', state: 'online' };
  return {
    // Counted anew after the line for people: one line for each ten.
    state: {
      ...state,
      phase: { ...phase, toldAtMs: nowMs, again: false, repeatsMs: contested ? [] : repeatsMs, rival: known },
    },
    acts: contested ? [tell, { act: 'contested', rival: known }] : [tell],
  };
}

export const announceDueMs = ({ again, toldAtMs }: Told): number | null => (again ? toldAtMs + TELL_PAUSE_MS : null);
