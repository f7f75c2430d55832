/** Crash reports: one JSON file for each unexpected exit, readable with nothing but a pager; the newest are kept (host-manager §7). */
import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { type Outcome, causeOf, failed, ok } from '../base/fault.ts';

export const CrashCause = z.enum(['exit', 'signal', 'oom', 'spawn', 'watchdog', 'outside']);
export type CrashCause = z.infer<typeof CrashCause>;

export const CrashFacts = z.looseObject({
  instance_id: z.string(),
  agent_class: z.string(),
  generation: z.number(),
  /** Unix seconds. */
  at: z.number(),
  cause: CrashCause,
  code: z.number().nullable(),
  signal: z.string().nullable(),
  uptime_s: z.number().nullable(),
  failures_in_row: z.number(),
  stability: z.number(),
  /** Unix seconds of the next launch, or null when there is none. */
  next_launch: z.number().nullable(),
  stderr: z.array(z.string()),
  stdout: z.array(z.string()),
  /** Sessions that were open then: operation and id. */
  sessions: z.array(z.looseObject({ op: z.string(), session_id: z.string() })),
  command_hash: z.string(),
  config_revision: z.string().nullable(),
  code_revision: z.string().nullable(),
  host: z.looseObject({ load1: z.number(), memory_free: z.number() }),
});
export type CrashFacts = z.infer<typeof CrashFacts>;

/** `id` is given when it is written: `<instance>/<utc>-<n>`. */
export const CrashReport = CrashFacts.extend({ id: z.string() });
export type CrashReport = z.infer<typeof CrashReport>;

export interface CrashReports {
  /** Write it; the report with its id. Call it after the relaunch was asked, never before. */
  write(facts: CrashFacts): Promise<Outcome<CrashReport>>;
  /** The newest of one instance or of all, newest first. */
  list(filter?: { instanceId?: string; last?: number }): Promise<CrashReport[]>;
  read(id: string): Promise<CrashReport | undefined>;
  /** Remove what is over the bounds; the number removed. */
  prune(nowMs: number): Promise<number>;
}

const PER_INSTANCE_MAX = 20;
const AGE_MAX_MS = 30 * 86_400_000;
const BYTES_MAX = 200 * 1024 * 1024;
/** Beyond it several reports of one instance in one second would have to be a defect of the backoff. */
const PER_SECOND_MAX = 100;
const ID = /^[A-Za-z0-9_-]{1,64}\/\d{8}T\d{6}Z-\d+$/;

interface Entry {
  id: string;
  instanceId: string;
  bytes: number;
  writtenMs: number;
}

/** Reports in `folder` (`HostFolder.crash`). */
export function crashReports(folder: string): CrashReports {
  const pathOf = (id: string): string => join(folder, `${id}.json`);

  const read = async (id: string): Promise<CrashReport | undefined> => {
    if (!ID.test(id)) return undefined;
    try {
      return CrashReport.safeParse(JSON.parse(await readFile(pathOf(id), 'utf8'))).data;
    } catch {
      return undefined;
    }
  };
  const idsOf = async (instanceId: string): Promise<string[]> => {
    const names = await namesIn(join(folder, instanceId));
    const ids = names.flatMap((name) => (name.endsWith('.json') ? [`${instanceId}/${name.slice(0, -5)}`] : []));
    return ids.filter((id) => ID.test(id)).toSorted(newestFirst);
  };
  const entryOf = async (id: string): Promise<Entry[]> => {
    try {
      const { size, mtimeMs } = await stat(pathOf(id));
      return [{ id, instanceId: id.slice(0, id.indexOf('/')), bytes: size, writtenMs: mtimeMs }];
    } catch {
      return [];
    }
  };

  return {
    read,
    async write(facts) {
      const { instance_id: instanceId, at } = facts;
      try {
        await mkdir(join(folder, instanceId), { recursive: true, mode: 0o700 });
        const taken = new Set(await idsOf(instanceId));
        const stem = `${instanceId}/${stampOf(at)}`;
        let n = 1;
        while (taken.has(`${stem}-${n}`) && n < PER_SECOND_MAX) n++;
        const report = { ...facts, id: `${stem}-${n}` };
        const temporary = `${pathOf(report.id)}.new`;
        await writeFile(temporary, `${JSON.stringify(report, null, 1)}\n`, { mode: 0o600 });
        await rename(temporary, pathOf(report.id));
        return ok(report);
      } catch (thrown) {
        return failed('FOLDER_UNUSABLE', { folder, cause: causeOf(thrown) });
      }
    },
    async list({ instanceId, last = 20 } = {}) {
      const instances = instanceId === undefined ? await namesIn(folder) : [instanceId];
      const ids = await Promise.all(instances.map(idsOf));
      const newest = ids.flat().toSorted(newestFirst).slice(0, last);
      return (await Promise.all(newest.map(read))).filter((report) => report !== undefined);
    },
    async prune(nowMs) {
      const all: Entry[] = [];
      const over: string[] = [];
      for (const instance of await namesIn(folder)) {
        const ids = await idsOf(instance);
        over.push(...ids.slice(PER_INSTANCE_MAX));
        for (const id of ids.slice(0, PER_INSTANCE_MAX)) all.push(...(await entryOf(id)));
      }
      over.push(...tooOldOrBig(all, nowMs));
      // One that cannot be removed (a read-only disk, a folder of another user) is tried again at the next crash.
      const removed = await Promise.allSettled(over.map((id) => rm(pathOf(id), { force: true })));
      return removed.filter(({ status }) => status === 'fulfilled').length;
    },
  };
}

function tooOldOrBig(entries: Entry[], nowMs: number): string[] {
  let bytes = 0;
  return entries
    .toSorted((a, b) => newestFirst(a.id, b.id))
    .filter((entry) => {
      bytes += entry.bytes;
      return bytes > BYTES_MAX || nowMs - entry.writtenMs > AGE_MAX_MS;
    })
    .map(({ id }) => id);
}

/** By time, then by number: `a/20260101T000000Z-10` is newer than `b/20260101T000000Z-9`. */
function newestFirst(a: string, b: string): number {
  const [stampA, nA] = timeOf(a);
  const [stampB, nB] = timeOf(b);
  if (stampA !== stampB) return stampA < stampB ? 1 : -1;
  return nB - nA;
}

function timeOf(id: string): [string, number] {
  const [stamp = '', n = '0'] = id.slice(id.indexOf('/') + 1).split('-');
  return [stamp, Number(n)];
}

/** Unix seconds as `20261121T042555Z`. */
const stampOf = (atS: number): string => `${new Date(atS * 1000).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;

async function namesIn(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch {
    return [];
  }
}
