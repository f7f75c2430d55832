/** Stop of all, tier by tier, the broker last: it always ends by itself, and names what would not die. */
import type { Instance } from './instance.ts';
import { resting } from './instance.ts';
import type { Loop } from './loop.ts';
import { stopTiers } from './order.ts';

export interface Stopped {
  success: boolean;
  /** Left as they are: they live two seconds after SIGKILL. */
  stuck: string[];
}

/** Begin it; the returned look is to be called after every change, and `over` is called once at the end. */
export function stopAll(loop: Loop, actor: string, over: (stopped: Stopped) => void): () => void {
  const tiers = stopTiers(loop.rows);
  let asked = -1;
  let busy = false;

  const askNextTier = (): void => {
    asked++;
    const tier = tiers[asked];
    if (tier === undefined) {
      const stuck = [...loop.rows.values()].filter((instance) => !resting(instance)).map(({ id }) => id);
      return over({ success: stuck.length === 0, stuck });
    }
    for (const id of tier) loop.dispatch(id, { type: 'target', target: 'down', actor });
  };

  const look = (): void => {
    if (busy) return;
    busy = true;
    while (asked < tiers.length && (tiers[asked] ?? []).every((id) => done(loop.rows.get(id)))) askNextTier();
    busy = false;
  };
  return look;
}

const done = (instance: Instance | undefined): boolean =>
  instance === undefined ||
  resting(instance) ||
  (instance.phase.name === 'stopping' && instance.phase.step === 'stuck');
