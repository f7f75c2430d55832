/** A lock between operations of one agent: first come, first served, and it names its holder. */
import type { Clock } from '../base/clock.ts';

export interface Held {
  release(): void;
}

export interface Lock {
  /** Wait at most `waitMs` (0 tries once); null when it could not be had. `by` names the holder to others. */
  take(options: { waitMs: number; by: string }): Promise<Held | null>;
  readonly holder: string | undefined;
}

export function openLock(clock: Clock): Lock {
  let holder: string | undefined;
  const queue: { by: string; grant(): void }[] = [];
  const release = () => {
    const next = queue.shift();
    holder = next?.by;
    next?.grant();
  };
  const held = (): Held => {
    let released = false;
    return {
      release() {
        if (!released) release();
        released = true;
      },
    };
  };
  return {
    get holder() {
      return holder;
    },
    async take({ waitMs, by }) {
      if (holder === undefined) {
        holder = by;
        return held();
      }
      if (waitMs <= 0) return null;
      return new Promise((resolve) => {
        const waiter = {
          by,
          grant: () => {
            cancel();
            resolve(held());
          },
        };
        const cancel = clock.after(waitMs, () => {
          queue.splice(queue.indexOf(waiter), 1);
          resolve(null);
        });
        queue.push(waiter);
      });
    },
  };
}
