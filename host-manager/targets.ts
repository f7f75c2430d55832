/** Kept targets: what people asked for outlives the HostManager, until the file says something else. */
import type { TargetState } from '../protocol/rows.ts';
import type { WantedInstance } from './wanted.ts';

/** A target that someone asked for, and what the file said at that time. */
export interface KeptTarget {
  target: TargetState;
  actor: string;
  atMs: number;
  fileStart: TargetState;
}

/** All that is kept of an instance beyond the life of a HostManager. */
export interface Kept {
  target: KeptTarget | null;
  failureTimesMs: readonly number[];
  /** The boot in which its policy let its last end stand; it is not launched again by a start in the same boot. */
  endedInBoot: string | null;
  /** The last one asked for: the next is higher, whatever the clock says. */
  generation: number;
}

export interface Aim {
  target: TargetState;
  actor: string;
  /** The kept target gave way because the file was edited since. */
  edited: boolean;
}

/** The target an instance starts with. */
export function startTarget(wanted: WantedInstance, kept: KeptTarget | null, initial: TargetState | null): Aim {
  if (initial !== null) return { target: initial, actor: '--initial-state', edited: false };
  if (kept === null) return { target: wanted.start, actor: 'site config', edited: false };
  if (kept.fileStart !== wanted.start) return { target: wanted.start, actor: 'site config', edited: true };
  return { target: kept.target, actor: kept.actor, edited: false };
}

/** `--initial-state` counts once a boot: not again when the HostManager comes back from a crash or an upgrade. */
export const initialStateApplies = (
  flag: TargetState | null,
  appliedInBoot: string | null,
  bootId: string,
): TargetState | null => (appliedInBoot === bootId ? null : flag);
