/** What a HostManager hands to an agent that it launches: its entry as it is in force, so that a broken site file stops no relaunch. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { type Outcome, causeOf, failed, ok } from '../base/fault.ts';
import type { HostFolder } from './host-folder.ts';

export const EntryFile = z.object({
  instanceId: z.string(),
  agentClass: z.string(),
  /** Absolute path of the module that exports the agent. */
  module: z.string(),
  host: z.string(),
  root: z.string(),
  mqtt: z.object({
    urls: z.array(z.string()),
    protocol: z.union([z.literal(4), z.literal(5), z.literal('auto')]),
    credentials: z.string().optional(),
    tls: z
      .object({
        ca: z.string().optional(),
        cert: z.string().optional(),
        key: z.string().optional(),
        serverName: z.string().optional(),
      })
      .optional(),
  }),
  args: z.array(z.string()),
  settings: z.record(z.string(), z.unknown()),
  /** Where the entry stands, for complaints. */
  place: z.object({ file: z.string(), line: z.number(), column: z.number() }),
  stateDir: z.string(),
  logDir: z.string(),
  workingDir: z.string(),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']),
});
export type EntryFile = z.infer<typeof EntryFile>;

/** Name of the variable that tells a child where its entry lies. */
export const ENTRY_VARIABLE = 'CUPOLA_ENTRY';

/** Write it whole, for this user alone; settings may be secret. */
export function writeEntryFile(folder: HostFolder, entry: EntryFile): string {
  const path = join(folder.run, `${entry.instanceId}.entry.json`);
  writeFileSync(`${path}.new`, JSON.stringify(entry), { mode: 0o600 });
  renameSync(`${path}.new`, path);
  return path;
}

export function readEntryFile(path: string): Outcome<EntryFile> {
  try {
    return ok(EntryFile.parse(JSON.parse(readFileSync(path, 'utf8'))));
  } catch (thrown) {
    return failed('CONFIG_INVALID', { problem: `${path}: ${causeOf(thrown)}` });
  }
}
