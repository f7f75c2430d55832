/** The store on disk: LevelDB, synced before a write is said to be done; one owner per folder, freed by the kernel at its death. */
import { ClassicLevel } from 'classic-level';
import { type Outcome, causeOf, failed, ok } from '../base/fault.ts';
import type { Store } from './store.ts';
import { entriesOf, keysOf } from './store-entries.ts';

type Entries = Map<string, string | undefined>;
type Level = ClassicLevel<string, string>;

/** Open the store in `folder`, made if missing; all of it is read into memory. STORE_LOCKED when another has it. */
export async function openLevelStore(folder: string): Promise<Outcome<Store>> {
  const level: Level = new ClassicLevel(folder, { keyEncoding: 'utf8', valueEncoding: 'utf8' });
  try {
    await level.open();
    return ok(storeOver(level, folder, new Map(await level.iterator().all())));
  } catch (thrown) {
    await level.close().catch(() => {});
    return openFault(folder, thrown);
  }
}

function storeOver(level: Level, folder: string, values: Map<string, string>): Store {
  const disk = batches(level, folder);
  return {
    folder,
    get(key) {
      const text = values.get(key);
      return text === undefined ? undefined : JSON.parse(text);
    },
    keys: (prefix) => keysOf(values, prefix),
    write(changes) {
      const entries = entriesOf(changes);
      for (const [key, text] of entries) {
        if (text === undefined) values.delete(key);
        else values.set(key, text);
      }
      return disk.write(entries);
    },
    close: disk.close,
  };
}

/** One batch on its way to the disk at a time; what comes meanwhile goes together in the next, with what failed before. */
function batches(level: Level, folder: string) {
  let waiting: Entries = new Map();
  let flushing: Promise<Outcome<void>> | undefined;
  let next: Promise<Outcome<void>> | undefined;
  let broken = false;
  let closed = false;

  const flush = async (): Promise<Outcome<void>> => {
    const entries = waiting;
    waiting = new Map();
    try {
      if (broken) await reopen(level);
      broken = false;
      await level.batch([...entries].map(operation), { sync: true });
      return ok(undefined);
    } catch (thrown) {
      // LevelDB refuses all writes after one has failed, until it is opened again; nothing is lost as long as we live.
      broken = true;
      waiting = new Map([...entries, ...waiting]);
      return failed('STORE_FAILED', { folder, cause: detailOf(thrown) });
    }
  };
  const start = (): Promise<Outcome<void>> => {
    next = undefined;
    flushing = flush().finally(() => {
      flushing = undefined;
    });
    return flushing;
  };
  return {
    write(entries: Entries): Promise<Outcome<void>> {
      if (closed) return Promise.resolve(failed('STORE_FAILED', { folder, cause: 'it is closed' }));
      for (const [key, text] of entries) waiting.set(key, text);
      next ??= flushing === undefined ? Promise.resolve().then(start) : flushing.then(start);
      return next;
    },
    async close(): Promise<void> {
      closed = true;
      await (next ?? flushing);
      await level.close();
    },
  };
}

const operation = ([key, text]: [string, string | undefined]) =>
  text === undefined ? { type: 'del' as const, key } : { type: 'put' as const, key, value: text };

async function reopen(level: Level): Promise<void> {
  await level.close();
  await level.open();
}

function openFault(folder: string, thrown: unknown): Outcome<never> {
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  const locked = cause instanceof Error && 'code' in cause && cause.code === 'LEVEL_LOCKED';
  return locked ? failed('STORE_LOCKED', { folder }) : failed('STORE_FAILED', { folder, cause: detailOf(thrown) });
}

const detailOf = (thrown: unknown): string =>
  causeOf(thrown instanceof Error && thrown.cause !== undefined ? thrown.cause : thrown);
