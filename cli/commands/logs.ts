/** `cupola logs TARGET…`: what instances wrote, page by page or as it comes; a crash report. */
import * as z from 'zod';
import { type Outcome, failed, ok } from '../../base/fault.ts';
import type { Caller } from '../../client/caller.ts';
import { isObject } from '../../protocol/envelope.ts';
import { Session } from '../../protocol/session.ts';
import { bell } from '../bell.ts';
import { readTime, sayFullTime } from '../duration.ts';
import { crashText } from '../crash-text.ts';
import { interrupted } from '../interrupt.ts';
import { logText } from '../log-text.ts';
import type { LogLine } from '../parts.ts';
import type { Format, Result } from '../output.ts';
import { type Shell, chooseInstances, hostOf, managerOf } from '../shell.ts';
import { type Site, ownHostManager } from '../site.ts';

export const LogsOptions = z.object({
  follow: z.boolean().default(false),
  since: z.string().optional(),
  until: z.string().optional(),
  tail: z.coerce.number({ error: 'a number from 1 to 1000' }).int().positive().max(1_000).default(100),
  level: z.string().optional(),
  grep: z.string().optional(),
  stream: z.enum(['both', 'out', 'err']).default('both'),
  session: z.string().optional(),
  rid: z.coerce.number({ error: 'a number' }).int().optional(),
  crash: z.union([z.string(), z.boolean()]).optional(),
});
export type LogsOptions = z.infer<typeof LogsOptions>;

const Page = z.looseObject({
  lines: z.array(
    z.looseObject({
      at: z.number().nullable(),
      stream: z.string(),
      level: z.string().nullable().default(null),
      text: z.string(),
    }),
  ),
  after: z.unknown().optional(),
  more: z.boolean().default(false),
});
type Page = z.infer<typeof Page>;

/** A follow is renewed before it ends. */
const FOLLOW_S = 600;
const RENEW_MS = 300_000;

export async function logs(shell: Shell, words: readonly string[], options: LogsOptions): Promise<Result> {
  const site = await shell.site();
  if (!site.ok) return site;
  if (words.length === 0) return failed('USAGE', { problem: '"logs" needs a target', remedy: 'Run "cupola logs ID"' });
  const [only = ''] = words;
  if (words.length === 1 && only === ownHostManager(site.value)) return ownLogs(shell, site.value, only, options);
  const chosen = await chooseInstances(shell, site.value, words);
  if (!chosen.ok) return chosen;
  const params = paramsOf(options, shell.parts.clock.nowMs());
  if (!params.ok) return params;
  const follows: (() => Promise<void>)[] = [];
  const printer = printerOf(shell, chosen.value.ids.length > 1);
  for (const id of chosen.value.ids) {
    const host = hostOf(chosen.value.fleet, site.value, id);
    const manager = await managerOf(shell, site.value, chosen.value.fleet, id);
    if (!manager.ok) {
      if (host !== site.value.host) return manager;
      const read =
        options.crash === undefined
          ? await fromDisk(shell, site.value, id, options, printer)
          : await reportsFromDisk(shell, site.value, id);
      if (read.fault?.code !== 'HOST_MANAGER_ABSENT' || chosen.value.ids.length === 1) return finish(read, printer);
      continue;
    }
    const { caller, manager: agent } = manager.value;
    if (options.crash !== undefined) return crash(shell, caller, agent, id, options.crash);
    const page = await readPage(caller, agent, { ...params.value, instance: id });
    if (!page.ok) return finish(page, printer);
    printer.print(host, id, page.value.lines);
    if (options.follow)
      follows.push(() =>
        follow(shell, { caller, agent, id, host, params: params.value, from: page.value, print: printer.print }),
      );
  }
  await Promise.all(follows.map((run) => run()));
  return options.follow ? { ...interrupted(), streamed: true } : finish({}, printer);
}

function paramsOf(options: LogsOptions, nowMs: number): Outcome<Record<string, unknown>> {
  const { tail, stream, level, grep, session, rid } = options;
  const params: Record<string, unknown> = { lines: tail, stream };
  for (const [name, value] of Object.entries({ level, grep, session, rid }))
    if (value !== undefined) params[name] = value;
  for (const name of ['since', 'until'] as const) {
    const said = options[name];
    if (said === undefined) continue;
    const time = readTime(said, nowMs);
    if (!time.ok) return time;
    params[name] = time.value / 1_000;
  }
  return ok(params);
}

async function readPage(caller: Caller, agent: string, params: Record<string, unknown>): Promise<Outcome<Page>> {
  const reply = await caller.call(agent, { method: 'start', class: 'operate', op: 'logs', params });
  if (!reply.ok) return reply;
  const session = Session.safeParse(reply.value.session);
  const page = Page.safeParse(session.success ? session.data.data : undefined);
  if (page.success) return ok(page.data);
  return failed('SESSION_FAILED', {
    text: session.success
      ? (session.data.fault?.message ?? session.data.messages.at(-1)?.[1] ?? 'no page')
      : reply.value.message,
  });
}

interface Follow {
  caller: Caller;
  agent: string;
  id: string;
  host: string;
  params: Record<string, unknown>;
  from: Page;
  print(host: string, id: string, lines: readonly LogLine[]): void;
}

/** New lines wake it, pages bring them: none is lost or told twice. Ends with Ctrl-C. */
async function follow(shell: Shell, { caller, agent, id, host, params, from, print }: Follow): Promise<void> {
  const { clock } = shell.parts;
  const over = new AbortController();
  const { ring, rung } = bell();
  const stop = shell.terminal.onInterrupt(() => {
    over.abort();
    ring();
  });
  const cancel = caller.watchFeed(agent, 'log-lines', ring);
  let after = from.after;
  let renewAtMs = 0;
  while (!over.signal.aborted) {
    const renew = clock.monotonicMs() >= renewAtMs;
    if (renew) renewAtMs = clock.monotonicMs() + RENEW_MS;
    const { since: _, until: __, ...rest } = params;
    const page = await readPage(caller, agent, {
      ...rest,
      instance: id,
      lines: 1_000,
      ...(after === undefined ? {} : { after }),
      ...(renew ? { follow: FOLLOW_S } : {}),
    });
    if (!page.ok) break;
    if (after !== undefined || from.lines.length === 0) print(host, id, page.value.lines);
    after = page.value.after ?? after;
    const wakeLater = clock.after(RENEW_MS, ring);
    if (!page.value.more && !over.signal.aborted) await rung();
    wakeLater();
  }
  cancel();
  stop();
}

interface Printer {
  print(host: string, id: string, lines: readonly LogLine[]): void;
  collected: Record<string, unknown>[];
  format: Format;
}

/** The HostManager's own log is no business of its operations: it is read where it lies. */
async function ownLogs(
  shell: Shell,
  site: Site,
  id: string,
  { stream, tail, grep, follow }: LogsOptions,
): Promise<Result> {
  if (follow)
    return failed('USAGE', {
      problem: `"--follow" is not for the HostManager's own log`,
      remedy: `Run "tail -f ${site.folder.log}/${id}.*.log"`,
    });
  const printer = printerOf(shell, false);
  const lines = await shell.parts.disk.lines(site.folder, id, { stream, lines: tail });
  if (!lines.ok) return lines;
  printer.print(
    site.host,
    id,
    lines.value.filter(({ text }) => grep === undefined || text.includes(grep)),
  );
  return finish({}, printer);
}

/** As text or one document per line at once; for `--json` kept until the end. */
function printerOf(shell: Shell, named: boolean): Printer {
  const collected: Record<string, unknown>[] = [];
  const { terminal, format, paint, options } = shell;
  return {
    collected,
    format,
    print(host, id, lines) {
      for (const { at, stream, level, text } of lines) {
        const line = { host, instance_id: id, at, stream, level, text };
        if (format === 'json') collected.push(line);
        else if (format === 'jsonl') terminal.out(`${JSON.stringify(line)}\n`);
        else {
          const time = at === null ? '' : `${paint('dim', sayFullTime(at * 1_000, options.utc))} `;
          const words = logText(text);
          const said = level === null || words === text ? words : `${level.padEnd(5)} ${words}`;
          const bad = stream === 'err' || level === 'warn' || level === 'error' || level === 'fatal';
          terminal.out(`${time}${named ? `${paint('bold', id)} ` : ''}${bad ? paint('yellow', said) : said}\n`);
        }
      }
    },
  };
}

/** Text and lines of JSON are out already; the one document is made at the end. */
const finish = (result: Result, { collected, format }: Printer): Result => ({
  ...result,
  streamed: format !== 'json',
  document: { lines: collected, ...result.document },
});

async function crash(
  shell: Shell,
  caller: Caller,
  agent: string,
  id: string,
  which: string | boolean,
): Promise<Result> {
  const params = reportAsked(id, which);
  const reply = await caller.call(agent, { method: 'start', class: 'read', op: 'crash_reports', params });
  if (!reply.ok) return reply;
  const session = Session.safeParse(reply.value.session);
  const data = session.success ? session.data.data : {};
  return crashResult(shell, id, data, Array.isArray(data['reports']) ? data['reports'].at(-1) : data['report']);
}

/** `--crash` the newest, `--crash 3` the third newest, else the id of a report, with or without its instance. */
function reportAsked(id: string, which: string | boolean): Record<string, unknown> {
  if (typeof which !== 'string') return { instance: id, last: 1 };
  if (/^\d{1,3}$/.test(which)) return { instance: id, last: Math.max(1, Number(which)) };
  return { instance: id, id: which.includes('/') ? which : `${id}/${which}` };
}

/** For people one report; `--json` has what was answered. */
const crashResult = (shell: Shell, id: string, document: Record<string, unknown>, report: unknown): Result => ({
  text: isObject(report) ? crashText(report, shell.view()) : `no crash report of "${id}"`,
  document,
});

async function fromDisk(
  shell: Shell,
  site: Site,
  id: string,
  { stream, tail, grep }: LogsOptions,
  printer: Printer,
): Promise<Result> {
  const lines = await shell.parts.disk.lines(site.folder, id, { stream, lines: tail });
  if (!lines.ok) return lines;
  printer.print(
    site.host,
    id,
    grep === undefined ? lines.value : lines.value.filter(({ text }) => text.includes(grep)),
  );
  const absent = failed('HOST_MANAGER_ABSENT', { host: site.host });
  shell.note(`${absent.fault.message}: read from ${site.folder.log}`);
  return { ...absent, told: true };
}

async function reportsFromDisk(shell: Shell, site: Site, id: string): Promise<Result> {
  const reports = await shell.parts.disk.reports(site.folder, id);
  return {
    ...crashResult(shell, id, { reports }, reports[0]),
    ...failed('HOST_MANAGER_ABSENT', { host: site.host }),
    told: true,
  };
}
