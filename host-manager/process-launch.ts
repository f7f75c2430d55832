/** The launch of one generation: lifeline, logs, intent record, spawn; everything up to the instant where the kernel has the process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, existsSync, fstatSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { causeOf } from '../base/fault.ts';
import type { HostFolder } from '../store/host-folder.ts';
import { type PidRecord, removePidRecord, unlinkIfThere, writePidRecord } from '../store/pid-record.ts';
import { bootId, errnoOf, pidNamespace, processStat } from '../store/proc.ts';
import type { LaunchSpec } from './driver.ts';
import { type Lifeline, type LifelinePool, lifelinePath, openForChild, openLifeline } from './lifeline.ts';
import type { Life } from './process-life.ts';

export interface Launch {
  spec: LaunchSpec;
  folder: HostFolder;
  pool: LifelinePool;
  nowMs: number;
  onTrouble: (text: string) => void;
}

/** `life` is undefined when the program could not be executed: then `child` says why by its `error`. */
export interface Launched {
  child: ChildProcess;
  life: Life | undefined;
  /** A sentence for that error: what it is that is not there. */
  told: (error: Error) => string;
}

interface Log {
  /** What spawn takes: a descriptor, or nothing when the file cannot be opened. */
  to: number | 'ignore';
  offset: number;
}

/** Start it. Throws what the system says when spawn refuses; where no lifeline is to be had, it runs without, and is watched by other means. */
export function launchProcess({ spec, folder, pool, nowMs, onTrouble }: Launch): Launched {
  const { instanceId, generation } = spec;
  const life = `${instanceId}:${generation}:${randomBytes(9).toString('base64url')}`;
  const path = lifelinePath(folder.run, instanceId, generation);
  unlinkIfThere(join(folder.run, `${instanceId}.exit`));
  const lifeline = lifelineAt(path, pool, onTrouble);
  const opened: number[] = [];
  const undo = (): void => {
    removePidRecord(folder.run, instanceId, life);
    lifeline?.close();
    if (lifeline) pool.give(path);
  };
  try {
    const out = openLog(spec.logOut, opened, onTrouble);
    const err = openLog(spec.logErr, opened, onTrouble);
    const intent = intentRecord({ spec, life, nowMs, outOffset: out.offset, errOffset: err.offset });
    writeIntent(folder.run, intent, onTrouble);
    const writeEnd = lifeline ? openForChild(path) : 'ignore';
    if (writeEnd !== 'ignore') opened.push(writeEnd);
    const child = spawn(spec.argv[0] ?? '', spec.argv.slice(1), {
      cwd: spec.cwd,
      env: { ...spec.env, CUPOLA_LIFE: life },
      detached: true,
      stdio: ['ignore', out.to, err.to, writeEnd],
    });
    if (child.pid !== undefined) return { child, life: lifeOf(child, child.pid, lifeline, intent), told: causeOf };
    undo();
    return { child, life: undefined, told: (error) => told(spec, error) };
  } catch (thrown) {
    undo();
    throw thrown;
  } finally {
    for (const file of opened) closeSync(file);
  }
}

/** A folder without room for one more file must not keep an agent down. */
function lifelineAt(path: string, pool: LifelinePool, onTrouble: (text: string) => void): Lifeline | undefined {
  try {
    pool.take(path);
    return openLifeline(path);
  } catch (thrown) {
    onTrouble(`no lifeline, watched by its pid instead: ${causeOf(thrown)}`);
    return undefined;
  }
}

function lifeOf(child: ChildProcess, pid: number, lifeline: Lifeline | undefined, intent: PidRecord): Life {
  // Not yet reaped, so the number is still the child's, even if it has ended already.
  const startTicks = processStat(pid)?.startTicks ?? 0;
  return {
    instanceId: intent.instance_id,
    generation: intent.generation,
    life: intent.life,
    leader: { pid, startTicks, bootId: intent.boot_id, pidNamespace: intent.pid_namespace },
    adopted: false,
    leaderGone: false,
    groupOver: false,
    lifeline,
    unguarded: lifeline === undefined,
    rest: [],
    record: { ...intent, pid, start_ticks: startTicks },
    letGo: () => child.unref(),
  };
}

interface Intent {
  spec: LaunchSpec;
  life: string;
  nowMs: number;
  outOffset: number;
  errOffset: number;
}

function intentRecord({ spec, life, nowMs, outOffset, errOffset }: Intent): PidRecord {
  return {
    record: 1,
    instance_id: spec.instanceId,
    pid_namespace: pidNamespace(),
    boot_id: bootId(),
    generation: spec.generation,
    life,
    agent_class: spec.agentClass,
    command_hash: `sha256:${createHash('sha256').update(JSON.stringify(spec.argv)).digest('hex')}`,
    definition_hash: spec.definitionHash,
    target: 'up',
    draining: [],
    at: nowMs / 1000,
    log: { out: spec.logOut, err: spec.logErr, out_offset: outOffset, err_offset: errOffset },
  };
}

/** A full disk stops no launch: the lifeline is the proof, the record only evidence. */
function writeIntent(runFolder: string, intent: PidRecord, onTrouble: Launch['onTrouble']): void {
  try {
    writePidRecord(runFolder, intent);
  } catch (thrown) {
    onTrouble(`Cannot write the record of "${intent.instance_id}": ${causeOf(thrown)}`);
  }
}

/** A log that cannot be opened stops no launch either: the program runs on, its words are lost. */
function openLog(path: string, opened: number[], onTrouble: Launch['onTrouble']): Log {
  try {
    const file = openSync(path, 'a', 0o600);
    opened.push(file);
    return { to: file, offset: fstatSync(file).size };
  } catch (thrown) {
    onTrouble(`Cannot open log "${path}": ${causeOf(thrown)}`);
    return { to: 'ignore', offset: 0 };
  }
}

function told(spec: LaunchSpec, error: Error): string {
  if (errnoOf(error) === 'ENOENT' && !existsSync(spec.cwd)) return `folder "${spec.cwd}" not found`;
  if (errnoOf(error) === 'ENOENT') return `program "${spec.argv[0]}" not found`;
  return `program "${spec.argv[0]}" not executed: ${causeOf(error)}`;
}
