/** Readers that do not keep up: first they lose QoS 0, then they are cut. */
import type { Clock } from '../../base/clock.ts';
import type { BrokerLimits } from './limits.ts';

export type ReaderVerdict = 'deliver' | 'drop' | 'cut';

export interface SlowReaders<R extends object> {
  /** Before each delivery. */
  deliver(reader: R, backlogBytes: number, mayDrop: boolean): ReaderVerdict;
  /** Once a second for each reader: is it to be cut? */
  look(reader: R, backlogBytes: number): boolean;
}

type SlowLimits = Pick<BrokerLimits, 'backlogDropBytes' | 'backlogCutBytes' | 'backlogCutMs'>;

export function slowReaders<R extends object>(clock: Clock, limits: SlowLimits): SlowReaders<R> {
  const slowSinceMs = new WeakMap<R, number>();
  const isTooSlow = (reader: R, backlogBytes: number): boolean => {
    if (backlogBytes > limits.backlogCutBytes) return true;
    if (backlogBytes <= limits.backlogDropBytes) {
      slowSinceMs.delete(reader);
      return false;
    }
    const sinceMs = slowSinceMs.get(reader) ?? clock.monotonicMs();
    slowSinceMs.set(reader, sinceMs);
    return clock.monotonicMs() - sinceMs >= limits.backlogCutMs;
  };
  return {
    deliver(reader, backlogBytes, mayDrop) {
      if (backlogBytes <= limits.backlogDropBytes) return 'deliver';
      if (isTooSlow(reader, backlogBytes)) return 'cut';
      return mayDrop ? 'drop' : 'deliver';
    },
    look: isTooSlow,
  };
}
