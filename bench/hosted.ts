/** Relaunches under a real HostManager process: what a lab sees after `kill -9`, with everything in the path that is there in a lab. */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { type SocketCaller, socketCaller } from '../client/socket-caller.ts';
import { ManagerData, type Row } from '../protocol/rows.ts';
import { hostFolder, hostManagerSocketPath } from '../store/host-folder.ts';

const MAIN = join(import.meta.dirname, '..', 'cli', 'main.js');
const CUPOLA = join(import.meta.dirname, '..', 'framework', 'cupola.js');
/** Automatic launches are at least 1 s apart: a kill sooner would measure that. */
const LIFE_MS = 1_150;

export interface Hosted {
  /** `kill -9` of the program → first instruction of the next, ms. */
  program: number[];
  /** `kill -9` of the agent → first line of its own module, ms. */
  agent: number[];
  /** `kill -9` of the agent → it has said that it is ready, ms; as seen through the socket, which is told 20 times a second. */
  ready: number[];
}

/** `tick` is a program whose first act is to print the monotonic time in nanoseconds. */
export async function hosted(folder: string, samples: number, tick: string, clock: Clock): Promise<Hosted> {
  mkdirSync(join(folder, 'plugin'), { recursive: true });
  writeFileSync(join(folder, 'plugin', 'package.json'), '{"type":"module","cupola":{"agents":{"Tick":"./tick.mjs"}}}');
  writeFileSync(
    join(folder, 'plugin', 'tick.mjs'),
    `import { writeSync } from 'node:fs';\nwriteSync(1, process.hrtime.bigint() + '\\n');\nimport { agent, z } from ${JSON.stringify(CUPOLA)};\nexport const tick = agent('Tick', z.object({}), () => {});\n`,
  );
  // Nothing listens on port 1: the bench is about supervision, which does not wait for a bus.
  writeFileSync(
    join(folder, 'site.yaml'),
    `hub: {mqtt: {url: 'mqtt://127.0.0.1:1'}}\nplugins: [./plugin]\nhosts:\n  localhost:\n    defaults: {restart: {healthy-after: 0.5s}}\n    agent-instances:\n      - {agent-class: Command, instance-id: program, command: [${tick}]}\n      - {agent-class: Tick, instance-id: agent}\n`,
  );
  const child = spawn(
    process.execPath,
    [MAIN, 'agent', 'run', 'HostManager', '--site-file', join(folder, 'site.yaml'), '--quiet'],
    { cwd: folder, stdio: 'ignore' },
  );
  const host = hostFolder(join(folder, '.cupola'), 'localhost');
  const caller = await greet(hostManagerSocketPath(host), clock);
  try {
    const found: Hosted = { program: [], agent: [], ready: [] };
    for (let i = 0; i < samples; i++) {
      found.program.push((await once(caller, clock, 'program', join(host.log, 'program.out.log'))).firstMs);
      const { firstMs, readyMs } = await once(caller, clock, 'agent', join(host.log, 'agent.out.log'));
      found.agent.push(firstMs);
      found.ready.push(readyMs);
    }
    return found;
  } finally {
    await caller.close();
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGINT');
    await gone;
  }
}

async function once(
  caller: SocketCaller,
  clock: Clock,
  id: string,
  log: string,
): Promise<{ firstMs: number; readyMs: number }> {
  const before = await until(caller, id, (row) => row.ready === 'yes');
  await clock.sleep(LIFE_MS);
  const killedNs = process.hrtime.bigint();
  process.kill(before.pid ?? 0, 'SIGKILL');
  await until(caller, id, (row) => row.ready === 'yes' && row.pid !== before.pid);
  const readyMs = Number(process.hrtime.bigint() - killedNs) / 1e6;
  let firstNs = lastNs(log);
  // A Command counts as ready when it is spawned: its first act may be a moment later.
  while (firstNs < killedNs) {
    await clock.sleep(1);
    firstNs = lastNs(log);
  }
  return { firstMs: Number(firstNs - killedNs) / 1e6, readyMs };
}

const lastNs = (log: string): bigint => BigInt(readFileSync(log, 'utf8').trimEnd().split('\n').at(-1) || '0');

function until(caller: SocketCaller, id: string, wanted: (row: Row) => boolean): Promise<Row> {
  return new Promise((resolve) => {
    const cancel = caller.watchSession(caller.hello.instance_id, 'manager', (session) => {
      const row =
        session && ManagerData.safeParse(session.data).data?.child_states.find((one) => one.instance_id === id);
      if (!row || !wanted(row)) return;
      queueMicrotask(() => cancel());
      resolve(row);
    });
  });
}

async function greet(path: string, clock: Clock): Promise<SocketCaller> {
  for (;;) {
    const caller = await socketCaller({ path, clock });
    if (caller.ok) return caller.value;
    await clock.sleep(20);
  }
}
