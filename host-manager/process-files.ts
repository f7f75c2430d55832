/** The small files beside a process: what it wrote as its exit code, and who runs an instance by hand. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { unlinkIfThere } from '../store/pid-record.ts';
import { alive, pidNamespace } from '../store/proc.ts';

const Outside = z.looseObject({ pid: z.int().positive(), start_ticks: z.number(), boot_id: z.string() });
const ExitFile = z.union([z.int(), z.looseObject({ code: z.int(), generation: z.int().optional() })]);

/** The code an adopted process wrote to `run/<id>.exit` (a number, or `{code, generation}`); null when it wrote none. */
export function exitFileCode(runFolder: string, instanceId: string, generation: number): number | null {
  const parsed = ExitFile.safeParse(readJson(join(runFolder, `${instanceId}.exit`)));
  if (!parsed.success) return null;
  if (typeof parsed.data === 'number') return parsed.data;
  return (parsed.data.generation ?? generation) === generation ? parsed.data.code : null;
}

/** The live process named by `run/<id>.outside`: `{pid, start_ticks, boot_id}`, left by one started by hand. */
export function outsideProcess(runFolder: string, instanceId: string): { pid: number } | undefined {
  const parsed = Outside.safeParse(readJson(join(runFolder, `${instanceId}.outside`)));
  if (!parsed.success) return undefined;
  const { pid, start_ticks: startTicks, boot_id: bootId } = parsed.data;
  return alive({ pid, startTicks, bootId, pidNamespace: pidNamespace() }) ? { pid } : undefined;
}

export function forgetFiles(runFolder: string, instanceId: string): void {
  // The mark of one that was started by hand stays as long as that one lives: listed again, the instance must meet it.
  const over = outsideProcess(runFolder, instanceId) === undefined ? ['pid', 'exit', 'outside'] : ['pid', 'exit'];
  for (const ending of over) unlinkIfThere(join(runFolder, `${instanceId}.${ending}`));
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
