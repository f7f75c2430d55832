/** A site that is driven by the program `cupola` alone, as an operator does: each command is a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import * as z from 'zod';
import { systemClock } from '../../base/clock.ts';
import { socketCaller } from '../../client/socket-caller.ts';
import { hostFolder, hostManagerSocketPath } from '../../store/host-folder.ts';
import { freePort, tempFolder } from '../fixtures/temp.ts';
import { MAIN, endAll } from './site.ts';

export interface Ended {
  exit: number | null;
  out: string;
  err: string;
}

/** What a command may be told while it runs: the first line of `on` in what it writes brings the signal. */
export interface Cut {
  on: RegExp;
  signal: NodeJS.Signals;
}

export interface CliSite {
  folder: string;
  run: string;
  port: number;
  cupola(...args: string[]): Promise<Ended>;
  /** The one document of `--json`, its envelope checked. */
  json(...args: string[]): Promise<Document & { exit: number | null }>;
  /** Until what it writes matches, then the signal. */
  cut(args: string[], cut: Cut): Promise<Ended>;
  /** Pid of the HostManager that answers. */
  hostManagerPid(): Promise<number | undefined>;
}

export const Document = z.looseObject({
  schema: z.literal(1),
  command: z.string(),
  at: z.number().positive(),
  ok: z.boolean(),
  fault: z
    .strictObject({
      code: z.string().regex(/^[A-Z_]+$/),
      message: z.string().min(1),
      remedy: z.string(),
      facts: z.record(z.string(), z.unknown()),
    })
    .optional(),
});
export type Document = z.infer<typeof Document>;

/** A folder with a site file of a broker, its HostManager and `entries`; nothing runs yet. */
export async function cliSite(t: ExecutionContext, entries: readonly string[]): Promise<CliSite> {
  const folder = tempFolder(t);
  const port = await freePort();
  writeFileSync(join(folder, 'site.yaml'), siteText(port, entries));
  const paths = hostFolder(join(folder, '.cupola'), 'h1');
  const running = new Set<ChildProcess>();
  const perform = (args: readonly string[], cut?: Cut): Promise<Ended> =>
    new Promise((resolve) => {
      const env = { ...process.env, SITE_HOST: 'h1', COLUMNS: '120', NO_COLOR: '1' };
      const child = spawn(process.execPath, [MAIN, ...args], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
      running.add(child);
      const said = { out: '', err: '' };
      let sent = false;
      const hear = (name: 'out' | 'err') => (chunk: Buffer) => {
        said[name] += chunk.toString();
        if (cut === undefined || sent || !cut.on.test(said.out + said.err)) return;
        sent = true;
        child.kill(cut.signal);
      };
      child.stdout.on('data', hear('out'));
      child.stderr.on('data', hear('err'));
      child.on('close', (code, signal) => {
        running.delete(child);
        // Between two waits nothing catches Ctrl-C: a shell then says 130 of its own accord.
        const exit = code ?? (signal === 'SIGINT' ? 130 : null);
        resolve({ exit, ...said });
      });
    });
  const site: CliSite = {
    folder,
    run: paths.run,
    port,
    cupola: (...args) => perform(args),
    async json(...args) {
      const { exit, out } = await perform([...args, '--json']);
      return { ...Document.parse(JSON.parse(out)), exit };
    },
    cut: (args, when) => perform(args, when),
    async hostManagerPid() {
      const caller = await socketCaller({ path: hostManagerSocketPath(paths), clock: systemClock() });
      if (!caller.ok) return undefined;
      await caller.value.close();
      return caller.value.hello.pid;
    },
  };
  t.teardown(async () => {
    for (const child of running) child.kill('SIGKILL');
    const pid = await site.hostManagerPid();
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
    endAll(paths.run);
  });
  return site;
}

const siteText = (port: number, entries: readonly string[]): string =>
  [
    `hub: {mqtt: {url: 'mqtt://127.0.0.1:${port}'}}`,
    'hosts:',
    '  h1:',
    '    agent-instances:',
    '      - {agent-class: HostManager, instance-id: hm}',
    `      - {agent-class: Broker, instance-id: broker, settings: {listen: [{host: 127.0.0.1, port: ${port}}]}}`,
    ...entries.map((entry) => `      - ${entry}`),
    '',
  ].join('\n');
