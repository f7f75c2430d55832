/** What the two kinds of store hold in memory: JSON texts by key, so that nobody can change a stored value by its reference. */
import type { Change } from './store.ts';

/** The changes as texts, undefined for a removal; throws before anything is changed when a value is no JSON. */
export function entriesOf(changes: readonly Change[]): Map<string, string | undefined> {
  return new Map(
    changes.map((change) => [change.key, 'remove' in change ? undefined : textOf(change.key, change.value)]),
  );
}

/** Keys beginning with `prefix`, in order. */
export const keysOf = (values: ReadonlyMap<string, string>, prefix = ''): string[] =>
  [...values.keys()].filter((key) => key.startsWith(prefix)).toSorted();

function textOf(key: string, value: unknown): string {
  const text: unknown = JSON.stringify(value);
  if (typeof text !== 'string') throw new TypeError(`value of "${key}" is not JSON`);
  return text;
}
