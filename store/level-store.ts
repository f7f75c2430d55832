/** The store on disk: all in memory for reading, every write synced before it counts, one owner by the lock of the folder. */
import { mkdirSync } from 'node:fs';
import { ClassicLevel } from 'classic-level';
import { type Outcome, causeOf, failed, ok } from '../base/fault.ts';
import type { Change, Store } from './store.ts';

/** Open or make it; STORE_LOCKED when another process has it. */
export async function openLevelStore(folder: string): Promise<Outcome<Store>> {
  const values = new Map<string, unknown>();
  let level: ClassicLevel<string, unknown>;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    level = new ClassicLevel<string, unknown>(folder, { valueEncoding: 'json' });
    await level.open();
    for await (const [key, value] of level.iterator()) values.set(key, value);
  } catch (thrown) {
    return isLocked(thrown) ? failed('STORE_LOCKED', { folder }) : failed('STORE_FAILED', { folder, cause: deepest(thrown) });
  }
  return ok({
    folder,
    get: (key) => values.get(key),
    keys: (prefix = '') => [...values.keys()].filter((key) => key.startsWith(prefix)).toSorted(),
    async write(changes) {
      apply(values, changes);
      try {
        await level.batch(changes.map(batchOf), { sync: true });
        return ok(undefined);
      } catch (thrown) {
        return failed('STORE_FAILED', { folder, cause: deepest(thrown) });
      }
    },
    close: () => level.close(),
  });
}

export function apply(values: Map<string, unknown>, changes: readonly Change[]): void {
  for (const change of changes) {
    if ('remove' in change) values.delete(change.key);
    else values.set(change.key, change.value);
  }
}

type Batch = { type: 'del'; key: string } | { type: 'put'; key: string; value: unknown };
const batchOf = (change: Change): Batch =>
  'remove' in change ? { type: 'del', key: change.key } : { type: 'put', key: change.key, value: change.value };

const codesOf = (thrown: unknown): string[] =>
  thrown instanceof Error ? [String('code' in thrown ? thrown.code : ''), ...codesOf(thrown.cause)] : [];
const isLocked = (thrown: unknown): boolean => codesOf(thrown).includes('LEVEL_LOCKED');
const deepest = (thrown: unknown): string => (thrown instanceof Error && thrown.cause ? deepest(thrown.cause) : causeOf(thrown));
