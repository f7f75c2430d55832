/** The median of the last few of a row of numbers. */

export interface RecentMedian {
  add(value: number): void;
  /** Undefined before the first. */
  value(): number | undefined;
}

export function recentMedian(size: number): RecentMedian {
  const last: number[] = [];
  return {
    add(value) {
      last.push(value);
      if (last.length > size) last.shift();
    },
    value: () => last.toSorted((a, b) => a - b)[Math.floor((last.length - 1) / 2)],
  };
}
