/** What a command found, and how it is said: a table for people, one JSON document for programs, faults on stderr. */
import { type Fault, exitOf } from '../base/fault.ts';
import type { Paint, Terminal } from './terminal.ts';

export interface Result {
  /** Without it: 0, or the exit code of the fault. */
  exit?: number;
  /** Joins the envelope. */
  document?: Record<string, unknown>;
  /** For people, on stdout. */
  text?: string;
  /** One id per line, for `-q`. */
  ids?: readonly string[];
  fault?: Fault;
  /** The text has said it already. */
  told?: boolean;
  /** The command has written what it had to say itself: a stream. */
  streamed?: boolean;
}

export type Format = 'text' | 'json' | 'jsonl' | 'ids';

/** What was asked for by options and environment. */
export function formatOf(
  { json, jsonl, quiet }: { json?: unknown; jsonl?: unknown; quiet?: unknown },
  env: Readonly<Record<string, string | undefined>>,
): Format {
  if (jsonl === true) return 'jsonl';
  if (json === true || env['CUPOLA_OUTPUT'] === 'json') return 'json';
  return quiet === true ? 'ids' : 'text';
}

export const exitOfResult = ({ exit, fault }: Result): number => exit ?? (fault === undefined ? 0 : exitOf(fault.code));

/** The one JSON document of a command, also of one that failed. */
export function documentOf(command: string, result: Result, nowMs: number): Record<string, unknown> {
  const { fault, document = {} } = result;
  const wellDone = exitOfResult(result) === 0;
  return {
    schema: 1,
    command,
    at: nowMs / 1_000,
    ok: wellDone,
    ...(fault === undefined ? {} : { fault }),
    ...document,
  };
}

/** Write a result; returns the exit code. */
export function write(
  command: string,
  result: Result,
  format: Format,
  terminal: Terminal,
  paint: Paint,
  nowMs: number,
): number {
  const { fault, text = '', ids = [], told = false, streamed = false } = result;
  if (format === 'json' || format === 'jsonl') {
    if (!streamed || fault !== undefined) terminal.out(`${JSON.stringify(documentOf(command, result, nowMs))}\n`);
  } else if (format === 'ids') {
    for (const id of ids) terminal.out(`${id}\n`);
    if (fault !== undefined && !told) terminal.note(faultText(fault, paint));
  } else {
    if (text !== '') terminal.out(text.endsWith('\n') ? text : `${text}\n`);
    if (fault !== undefined && !told) terminal.note(faultText(fault, paint));
  }
  return exitOfResult(result);
}

/** A fault in two lines: what and where, then what to do next. */
export function faultText({ code, message, remedy }: Fault, paint: Paint): string {
  const next =
    remedy === '' ? '' : `  next: ${remedy}${' '.repeat(Math.max(2, 56 - remedy.length))}(cupola help ${code})\n`;
  return `${paint('red', `error ${code}`)}: ${message}\n${next}`;
}

/** Exit code of several outcomes: all well 0, all failed alike that code, else 8. */
export function exitOfAll(exits: readonly number[]): number {
  const [first = 0] = exits;
  return exits.every((exit) => exit === first) ? first : 8;
}
