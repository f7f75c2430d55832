/** A limit for work that has none of its own. */
import type { Clock } from '../base/clock.ts';

/** What `work` comes to, or `otherwise` when it takes longer than `limitMs`. */
export function within<T>(clock: Clock, limitMs: number, work: Promise<T>, otherwise: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(limitMs, () => resolve(otherwise()));
    work.then(
      (value) => {
        cancel();
        resolve(value);
      },
      (thrown: unknown) => {
        cancel();
        reject(thrown);
      },
    );
  });
}
