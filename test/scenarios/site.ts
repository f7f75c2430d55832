/** A real site for one test: a HostManager process on a site file of the test's, asked over its socket, ended with the test. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { systemClock } from '../../base/clock.ts';
import { must } from '../../base/fault.ts';
import { type SocketCaller, socketCaller } from '../../client/socket-caller.ts';
import { ReplyCode } from '../../protocol/envelope.ts';
import { ManagerData, type Row } from '../../protocol/rows.ts';
import { Session } from '../../protocol/session.ts';
import { hostFolder, hostManagerSocketPath } from '../../store/host-folder.ts';
import { liveProcess, readPidRecord, recordedIds } from '../../store/pid-record.ts';
import { freePort, tempFolder } from '../fixtures/temp.ts';

export const MAIN = join(import.meta.dirname, '..', '..', 'cli', 'main.js');
const DUMMY = join(import.meta.dirname, '..', 'fixtures', 'dummy-agent.js');

export interface TestSite {
  folder: string;
  siteFile: string;
  stateDir: string;
  port: number;
  caller: SocketCaller;
  hostManager: ChildProcess;
  /** Start and wait; the finished or current session. */
  op(
    op: string,
    params?: Record<string, unknown>,
  ): Promise<{ code: number; message: string; session: Session | undefined }>;
  stopOp(op: string): Promise<{ code: number; message: string }>;
  rows(): Promise<Row[]>;
  row(id: string): Promise<Row | undefined>;
  /** Resolve when the pushed rows are as wanted; the test's own timeout is the limit. */
  until(
    what: string,
    wanted: (rows: Map<string, Row>, data: ManagerData) => boolean,
    withinMs?: number,
  ): Promise<Map<string, Row>>;
  messages(op?: string): Promise<string[]>;
  write(entries: string): void;
  /** kill -9 of the HostManager, or a new one on the same folder. */
  kill(): Promise<void>;
  restart(args?: string[]): Promise<void>;
}

export interface SiteOptions {
  /** Flags of the HostManager. */
  args?: string[];
  /** With a broker of its own on `port`; without, the bus stays down. */
  broker?: boolean;
}

/** Bring it up on `entries` (YAML of the block's list; DummyAgent is installed). */
export async function startSite(
  t: ExecutionContext,
  entries: string,
  { args = [], broker = false }: SiteOptions = {},
): Promise<TestSite> {
  const folder = tempFolder(t);
  const port = await freePort();
  mkdirSync(join(folder, 'plugin'));
  writeFileSync(
    join(folder, 'plugin', 'package.json'),
    JSON.stringify({ name: 'dummies', type: 'module', cupola: { agents: { DummyAgent: './dummy.mjs' } } }),
  );
  writeFileSync(join(folder, 'plugin', 'dummy.mjs'), `export * from ${JSON.stringify(DUMMY)};\n`);
  const siteFile = join(folder, 'site.yaml');
  const stateDir = join(folder, '.cupola');
  const paths = hostFolder(stateDir, 'h1');
  const clock = systemClock();
  const launched: ChildProcess[] = [];

  const site: TestSite = {
    folder,
    siteFile,
    stateDir,
    port,
    write: (text) => writeFileSync(siteFile, siteText(port, text, broker)),
    async op(op, params = {}) {
      const asked = op === 'restart' || op === 'die' || op === 'kill' || op === 'manager' ? 'admin' : 'operate';
      const reply = await site.caller.call('hm', { method: 'start', class: asked, op, params });
      if (!reply.ok)
        return {
          code: ReplyCode.ERROR,
          message: reply.fault.message,
          session: Session.safeParse(reply.fault.facts['session']).data,
        };
      return {
        code: reply.value.code,
        message: reply.value.message,
        session: Session.safeParse(reply.value.session).data,
      };
    },
    async stopOp(op) {
      const reply = await site.caller.call('hm', { method: 'stop', class: 'admin', op });
      return reply.ok
        ? { code: reply.value.code, message: reply.value.message }
        : { code: ReplyCode.ERROR, message: reply.fault.message };
    },
    async rows() {
      const reply = must(await site.caller.call('hm', { method: 'status', class: 'read', op: 'manager' }));
      return ManagerData.parse(Session.parse(reply.session).data).child_states;
    },
    row: async (id) => (await site.rows()).find((row) => row.instance_id === id),
    until: (what, wanted, withinMs = 20_000) =>
      new Promise((resolve, reject) => {
        let seen = 'nothing';
        const limit = clock.after(withinMs, () => {
          cancel();
          reject(new Error(`not within ${withinMs} ms: ${what}; last seen: ${seen}`));
        });
        const cancel = site.caller.watchSession('hm', 'manager', (session) => {
          const data = session && ManagerData.safeParse(session.data).data;
          if (!data) return;
          const rows = new Map(data.child_states.map((row) => [row.instance_id, row]));
          seen = data.child_states
            .map((row) => `${row.instance_id} ${row.next_action} ${row.target_state} ${row.pid}`)
            .join(', ');
          if (!wanted(rows, data)) return;
          limit();
          // Never from inside the listener that it cancels.
          queueMicrotask(() => cancel());
          resolve(rows);
        });
      }),
    async messages(op = 'manager') {
      const reply = must(await site.caller.call('hm', { method: 'messages', class: 'read', op }));
      const { messages } = reply.value as { messages: [number, string][] };
      return messages.map(([, text]) => text);
    },
    async kill() {
      await end(site.hostManager);
    },
    async restart(more = args) {
      await site.caller?.close();
      site.hostManager = launch(siteFile, more, folder);
      launched.push(site.hostManager);
      site.caller = await greet(hostManagerSocketPath(paths), paths.authKeys, site.hostManager);
    },
    caller: undefined as never,
    hostManager: undefined as never,
  };
  site.write(entries);
  t.teardown(async () => {
    if (t.passed === false) t.log(tail(join(paths.log, 'hm.test.log')));
    await site.caller.close();
    await Promise.all(launched.map(end));
    endAll(paths.run);
  });
  await site.restart();
  return site;
}

const siteText = (port: number, entries: string, broker: boolean): string =>
  [
    `hub: {mqtt: {url: 'mqtt://127.0.0.1:${port}'}}`,
    'plugins: [./plugin]',
    'hosts:',
    '  h1:',
    '    agent-instances:',
    '      - {agent-class: HostManager, instance-id: hm}',
    ...(broker ? [`      - {agent-class: Broker, instance-id: broker, settings: {listen: [{port: ${port}}]}}`] : []),
    ...entries
      .trim()
      .split('\n')
      .map((line) => `      ${line.trim()}`),
    '',
  ].join('\n');

/** kill -9, and wait until it is gone. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }
  child.stderr?.destroy();
}

function launch(siteFile: string, args: string[], cwd: string): ChildProcess {
  const child = spawn(
    process.execPath,
    [MAIN, 'agent', 'run', 'HostManager', '--site-file', siteFile, '--site-host', 'h1', ...args],
    {
      cwd,
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    },
  );
  return child;
}

/** Connect as soon as the socket is there; what the process said is told when it ends before. */
async function greet(path: string, keyFile: string, child: ChildProcess): Promise<SocketCaller> {
  const clock = systemClock();
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-8_000);
  });
  const ended = new AbortController();
  child.once('exit', () => ended.abort());
  for (let tries = 0; tries < 400 && !ended.signal.aborted; tries++) {
    const caller = await socketCaller({ path, clock, keyFile });
    if (caller.ok && caller.value.hello.pid === child.pid) return caller.value;
    if (caller.ok) await caller.value.close();
    await clock.sleep(25, ended.signal);
  }
  throw new Error(`the HostManager did not come up: ${said}`);
}

/** What this site launched and still lives, by its pid records: a number that belongs to somebody else by now is let be. */
export function endAll(run: string): void {
  for (const id of recordedIds(run)) {
    const record = readPidRecord(run, id);
    const live = record && liveProcess(record);
    if (live) process.kill(-live.pid, 'SIGKILL');
  }
}

function tail(path: string): string {
  try {
    return readFileSync(path, 'utf8').slice(-2_000);
  } catch {
    return '';
  }
}
