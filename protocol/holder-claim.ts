/** Claiming an instance-id: say so, wait for an objection, stand up to lower claims (bus spec §5.2). */
import type { Claim } from './envelope.ts';
import { type Claiming, type HolderState, type HolderStep, type Me, refuse, stay } from './holder-state.ts';

export const CLAIM_WAIT_MS = 1_500;
/** At most 5 claims a second. */
const CLAIM_PAUSE_MS = 200;

/** At SUBACK, or with a new generation: the claim, and the whole wait from now. */
export function claimed(state: HolderState, phase: Claiming, nowMs: number): HolderStep {
  const waitMs = Math.max(CLAIM_WAIT_MS, 3 * phase.rttMs);
  return {
    state: {
      ...state,
      phase: { ...phase, step: 'waiting', claimedAtMs: nowMs, dueAtMs: nowMs + waitMs, again: false },
    },
    acts: [{ act: 'publish-claim', claim: claimOf(state.me) }],
  };
}

/** Another's claim or a holder's answer; undefined when only the pause is over. */
export function retried(state: HolderState, phase: Claiming, claim: Claim | undefined, nowMs: number): HolderStep {
  const { me } = state;
  if (claim?.held !== undefined) return claim.held === me.nonce ? refuse(state, claim) : stay(state);
  if (claim?.nonce === me.nonce) return stay(state);
  if (claim && isHigher(claim, me)) return refuse(state, claim);
  if (phase.step !== 'waiting') return stay(state);
  if (nowMs < (phase.claimedAtMs ?? 0) + CLAIM_PAUSE_MS) return stay({ ...state, phase: { ...phase, again: true } });
  return {
    state: { ...state, phase: { ...phase, claimedAtMs: nowMs, again: false } },
    acts: [{ act: 'publish-claim', claim: claimOf(me) }],
  };
}

export function claimDueMs({ step, dueAtMs, again, claimedAtMs }: Claiming): number | null {
  if (step !== 'waiting' || dueAtMs === undefined) return null;
  return again ? Math.min(dueAtMs, (claimedAtMs ?? 0) + CLAIM_PAUSE_MS) : dueAtMs;
}

const claimOf = ({ g, nonce, host, pid, since }: Me): Claim => ({ g, nonce, host, pid, since });
const isHigher = (claim: Claim, me: Me): boolean => claim.g > me.g || (claim.g === me.g && claim.nonce > me.nonce);
