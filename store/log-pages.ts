/** One page of a program's logs, both streams in order of time, from a cursor that stays valid while the files grow (host-manager §7). */
import * as z from 'zod';
import { type Outcome, failed, ok } from '../base/fault.ts';
import { type LogFile, type RawLine, openLog } from './log-lines.ts';

export interface LogFiles {
  out: string;
  err: string;
}

export const LogStream = z.enum(['out', 'err']);
export type LogStream = z.infer<typeof LogStream>;

/** Params of the task `logs`; times are Unix seconds. */
export const LogQuery = z.strictObject({
  stream: z.enum(['both', 'out', 'err']).default('both'),
  lines: z.int().min(1).max(1000).default(100),
  /** Lines older than this cursor; without cursors the newest. */
  before: z.string().optional(),
  /** Lines newer than this cursor. */
  after: z.string().optional(),
  since: z.number().optional(),
  until: z.number().optional(),
  level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']).optional(),
  /** Plain text, no pattern. */
  grep: z.string().optional(),
  session: z.string().optional(),
  rid: z.int().optional(),
});
export type LogQuery = z.infer<typeof LogQuery>;

export interface LogLine {
  /** Unix seconds, null when the line tells no time. */
  at: number | null;
  stream: LogStream;
  level: string | null;
  text: string;
}

export interface LogPage {
  /** Oldest first. */
  lines: LogLine[];
  /** Cursors for the page before and the page after this one. */
  before: string;
  after: string;
  /** There is more in the direction asked for. */
  more: boolean;
  /** The file the cursor was of is no longer there: told from the oldest line still there. */
  gone: boolean;
}

/** Bounds of one page, in bytes shown and in bytes looked through: a search that finds nothing ends too, and can go on. */
const PAGE_BYTES_MAX = 48 * 1024;
const SCAN_BYTES_MAX = 16 * 1024 * 1024;
/** What JSON adds to a line. */
const LINE_BYTES_EXTRA = 64;
const LEVELS = { trace: 10, debug: 20, info: 30, warn: 40, error: 50, fatal: 60 };

/** A page of the logs; REQUEST_INVALID for a cursor that is none. */
export function logPage(files: LogFiles, query: LogQuery): Outcome<LogPage> {
  const cursor = parseCursor(query.before ?? query.after);
  if (cursor === undefined) return failed('REQUEST_INVALID', { problem: 'cursor not one of a page of these logs' });
  const forward = query.before === undefined && query.after !== undefined;
  const sources = openSources(files, query, { cursor, forward });
  try {
    return ok(read(sources, query, forward));
  } finally {
    for (const { file } of sources) file.close();
  }
}

interface Source {
  stream: LogStream;
  file: LogFile;
  /** How far the page reaches: first byte told, first byte not told. */
  from: number;
  to: number;
  gone: boolean;
  ahead: Iterator<RawLine>;
  /** The next line and the time it counts as: its own, or that of its neighbour. */
  next: { raw: RawLine; line: LogLine; facts: Facts; timeS: number } | undefined;
}

type Facts = { session?: unknown; rid?: unknown };
type Cursor = Partial<Record<LogStream, { id: string; offset: number }>>;

function openSources(
  files: LogFiles,
  { stream }: LogQuery,
  { cursor, forward }: { cursor: Cursor; forward: boolean },
): Source[] {
  const wanted: LogStream[] = stream === 'both' ? ['out', 'err'] : [stream];
  return wanted.flatMap((stream) => {
    const file = openLog(files[stream]);
    if (file === undefined) return [];
    const kept = cursor[stream];
    const gone = kept !== undefined && (kept.id !== file.id || kept.offset > file.size);
    const offset = gone ? 0 : (kept?.offset ?? (forward ? 0 : file.size));
    const ahead = forward || gone ? file.forward(offset) : file.backward(offset);
    const source: Source = { stream, file, from: offset, to: offset, gone, ahead, next: undefined };
    advance(source, forward ? 0 : file.modifiedMs / 1000);
    return [source];
  });
}

function read(sources: Source[], query: LogQuery, forward: boolean): LogPage {
  const gone = sources.some((source) => source.gone);
  const onward = forward || gone;
  const lines: LogLine[] = [];
  let bytes = 0;
  let scanned = 0;
  for (;;) {
    const source = nextSource(sources, onward);
    const next = source?.next;
    if (source === undefined || next === undefined) break;
    if (onward ? next.timeS > (query.until ?? Infinity) : next.timeS < (query.since ?? -Infinity)) break;
    const wanted = matches(next, query);
    const cost = Buffer.byteLength(next.line.text) + LINE_BYTES_EXTRA;
    if (lines.length >= query.lines || scanned >= SCAN_BYTES_MAX || (wanted && bytes + cost > PAGE_BYTES_MAX)) {
      return page(sources, { lines, more: true, gone, onward });
    }
    if (wanted) lines.push(next.line);
    bytes += wanted ? cost : 0;
    scanned += next.raw.end - next.raw.start;
    if (onward) source.to = next.raw.end;
    else source.from = next.raw.start;
    advance(source, next.timeS);
  }
  return page(sources, { lines, more: false, gone, onward });
}

function page(
  sources: Source[],
  { lines, more, gone, onward }: Pick<LogPage, 'lines' | 'more' | 'gone'> & { onward: boolean },
): LogPage {
  return {
    lines: onward ? lines : lines.toReversed(),
    before: cursorOf(sources, 'from'),
    after: cursorOf(sources, 'to'),
    more,
    gone,
  };
}

/** Lines that tell no time count as their neighbour read before; at the end of a file that is when it was last written. */
function advance(source: Source, neighbourS: number): void {
  const { value: raw, done } = source.ahead.next();
  if (done === true || raw === undefined) {
    source.next = undefined;
    return;
  }
  const { at, level, ...facts } = told(raw.text);
  source.next = { raw, line: { at, stream: source.stream, level, text: raw.text }, facts, timeS: at ?? neighbourS };
}

function nextSource(sources: Source[], onward: boolean): Source | undefined {
  let best: Source | undefined;
  for (const source of sources) {
    if (source.next === undefined) continue;
    const sooner =
      best?.next === undefined || (onward ? source.next.timeS < best.next.timeS : source.next.timeS >= best.next.timeS);
    if (sooner) best = source;
  }
  return best;
}

function matches({ line, facts, timeS }: NonNullable<Source['next']>, query: LogQuery): boolean {
  if (timeS < (query.since ?? -Infinity) || timeS > (query.until ?? Infinity)) return false;
  if (query.grep !== undefined && !line.text.includes(query.grep)) return false;
  if (query.session !== undefined && facts.session !== query.session) return false;
  if (query.rid !== undefined && facts.rid !== query.rid) return false;
  return query.level === undefined || levelNumber(line.level) >= LEVELS[query.level];
}

const LogObject = z.looseObject({
  time: z.union([z.number(), z.string()]).optional(),
  /** What Cupola's own log calls it. */
  at: z.string().optional(),
  level: z.union([z.number(), z.string()]).optional(),
});

/** Time and level of a line: of a JSON line its fields, of any other a time at its beginning. */
function told(text: string): { at: number | null; level: string | null } & Facts {
  if (text.startsWith('{')) {
    const parsed = LogObject.safeParse(jsonOrNothing(text));
    if (parsed.success) {
      const { time, at, level, session, rid } = parsed.data;
      return {
        at: typeof time === 'number' ? time / 1000 : timeOf(time ?? at ?? ''),
        level: levelName(level),
        session,
        rid,
      };
    }
  }
  const at = timeOf(/^\[?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)/.exec(text)?.[1] ?? '');
  return { at, level: null };
}

function timeOf(text: string): number | null {
  const ms = Date.parse(text.replace(' ', 'T').replace(',', '.'));
  return Number.isNaN(ms) ? null : ms / 1000;
}

function levelName(level: number | string | undefined): string | null {
  if (typeof level !== 'number') return level?.toLowerCase() ?? null;
  return Object.entries(LEVELS).find(([, number]) => number === level)?.[0] ?? String(level);
}

const levelNumber = (level: string | null): number =>
  Object.entries(LEVELS).find(([name]) => name === level)?.[1] ?? (Number(level) || 0);

function jsonOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const cursorOf = (sources: Source[], edge: 'from' | 'to'): string =>
  sources.map((source) => `${source.stream}.${source.file.id}.${source[edge]}`).join('-');

function parseCursor(text: string | undefined): Cursor | undefined {
  const cursor: Cursor = {};
  for (const part of (text ?? '').split('-').filter((part) => part !== '')) {
    const [, name, id, offset] = /^(out|err)\.([0-9a-z]+)\.(\d{1,15})$/.exec(part) ?? [];
    const stream = LogStream.safeParse(name);
    if (!stream.success || id === undefined) return undefined;
    cursor[stream.data] = { id, offset: Number(offset) };
  }
  return cursor;
}
