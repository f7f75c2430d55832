/** The pid record: evidence of which process is an instance (generations §2); a record without pid is only the intent to launch. */
import {
  closeSync,
  existsSync,
  fsync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { type Identity, alive, bootId, identify, pidNamespace } from './proc.ts';

export const PidRecord = z.looseObject({
  record: z.literal(1),
  instance_id: z.string(),
  /** Missing in an intent: written before the spawn, so that a HostManager killed in between leaves a trace. */
  pid: z.int().positive().optional(),
  pid_namespace: z.number(),
  start_ticks: z.number().optional(),
  boot_id: z.string(),
  generation: z.int(),
  /** Value of CUPOLA_LIFE in the environment of all its processes. */
  life: z.string(),
  agent_class: z.string().optional(),
  command_hash: z.string(),
  definition_hash: z.string(),
  target: z.enum(['up', 'down']),
  draining: z.array(z.looseObject({ generation: z.int(), pid: z.int(), start_ticks: z.number() })),
  /** Unix seconds. */
  at: z.number(),
  /** It has said so; an adoption does not make it less true. */
  ready: z.boolean().optional(),
  /** Where its output goes, and from which byte on it is of this life. */
  log: z.looseObject({ out: z.string(), err: z.string(), out_offset: z.number(), err_offset: z.number() }).optional(),
});
export type PidRecord = z.infer<typeof PidRecord>;

/** The file of one instance. */
export const recordPath = (runFolder: string, instanceId: string): string => join(runFolder, `${instanceId}.pid`);

/** Our own pid, boot and namespace, for records and answers about ourselves. */
export const ownIdentity = (): Identity =>
  identify(process.pid) ?? { pid: process.pid, startTicks: 0, bootId: bootId(), pidNamespace: pidNamespace() };

/**
 * Write the record: temporary name, rename; at every instant the old one or the new one is there in full.
 *
 * The rename makes it outlive our own death at any instruction. Only a loss of power could tear it, and that ends the
 * process it names and changes the boot id; so nobody waits for the sync, which goes on in the background (an intent has none).
 */
export function writePidRecord(runFolder: string, record: PidRecord): void {
  const path = recordPath(runFolder, record.instance_id);
  const temporary = `${path}.new`;
  const file = openSync(temporary, 'w', 0o600);
  try {
    writeSync(file, `${JSON.stringify(record)}\n`);
    renameSync(temporary, path);
  } catch (thrown) {
    closeSync(file);
    throw thrown;
  }
  if (record.pid === undefined) closeSync(file);
  else fsync(file, () => closeSync(file));
}

/** The record of an instance; undefined when there is none, or none that can be read. */
export function readPidRecord(runFolder: string, instanceId: string): PidRecord | undefined {
  try {
    const parsed = PidRecord.safeParse(JSON.parse(readFileSync(recordPath(runFolder, instanceId), 'utf8')));
    return parsed.success && parsed.data.instance_id === instanceId ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** Instance-ids that have a record, readable or not. */
export function recordedIds(runFolder: string): string[] {
  try {
    return readdirSync(runFolder).flatMap((name) => (name.endsWith('.pid') ? [name.slice(0, -4)] : []));
  } catch {
    return [];
  }
}

/** The process that a record names, if pid, namespace, start time and boot agree with a live one. */
export function liveProcess(record: PidRecord): Identity | undefined {
  const identity = identityOf(record);
  return identity !== undefined && alive(identity) ? identity : undefined;
}

/** The process that a record names, alive or not; undefined for an intent. */
export function identityOf({ pid, start_ticks, boot_id, pid_namespace }: PidRecord): Identity | undefined {
  if (pid === undefined || start_ticks === undefined) return undefined;
  return { pid, startTicks: start_ticks, bootId: boot_id, pidNamespace: pid_namespace };
}

/** Remove the record, but only while it is of this life: the next generation may have put its own there. */
export function removePidRecord(runFolder: string, instanceId: string, life: string): void {
  if (readPidRecord(runFolder, instanceId)?.life === life) unlinkIfThere(recordPath(runFolder, instanceId));
}

/** Remove a file that may be gone already. */
export function unlinkIfThere(path: string): void {
  try {
    if (existsSync(path)) unlinkSync(path);
  } catch {
    // Gone is what was wanted; a folder that cannot be written is told by the next write.
  }
}
