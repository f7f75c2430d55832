/** A bounded queue between something that is pushed and a `for await` that pulls; what does not fit is counted. */

export interface Stream<T> extends AsyncIterableIterator<T> {
  push(value: T): void;
  /** No more values; with a reason, the iteration throws it after the last one. */
  end(reason?: unknown): void;
  /** Oldest values that were dropped because nobody pulled. */
  readonly dropped: number;
}

/** `onStop` is called once, when the iteration is left or has ended. */
export function openStream<T>(limit: number, onStop: () => void): Stream<T> {
  const values: T[] = [];
  let waiting: { resolve(result: IteratorResult<T>): void; reject(reason: unknown): void } | undefined;
  let over: { reason?: unknown } | undefined;
  let stopped = false;
  let dropped = 0;
  const stop = () => {
    if (!stopped) onStop();
    stopped = true;
  };
  const close = (): Promise<IteratorResult<T>> => {
    stop();
    const reason = over?.reason;
    over = {};
    return reason === undefined ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(reason);
  };
  return {
    get dropped() {
      return dropped;
    },
    push(value) {
      if (over) return;
      const taker = waiting;
      waiting = undefined;
      if (taker) return taker.resolve({ done: false, value });
      values.push(value);
      if (values.length <= limit) return;
      values.shift();
      dropped++;
    },
    end(reason) {
      if (over) return;
      over = { reason };
      const taker = waiting;
      waiting = undefined;
      if (taker) close().then(taker.resolve, taker.reject);
    },
    next() {
      const [value] = values.splice(0, 1);
      if (value !== undefined) return Promise.resolve({ done: false, value });
      if (over) return close();
      return new Promise((resolve, reject) => {
        waiting = { resolve, reject };
      });
    },
    async return() {
      over ??= {};
      stop();
      waiting?.resolve({ done: true, value: undefined });
      waiting = undefined;
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
