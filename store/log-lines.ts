/** Lines of a log file, read backwards or forwards by pieces with bounded memory, made safe to show. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

export interface RawLine {
  /** Bytes of the line without its end; at most LINE_BYTES_MAX of them. */
  text: string;
  /** Where it begins, and where the next one does. */
  start: number;
  end: number;
  /** False for a last line that has no line end yet. */
  complete: boolean;
}

export interface LogFile {
  /** Names the file itself, whatever it is called after a rotation. */
  id: string;
  size: number;
  modifiedMs: number;
  /** Lines that end at or before `end`, newest first. */
  backward(end: number): Generator<RawLine>;
  /** Lines from `start` on, oldest first. */
  forward(start: number): Generator<RawLine>;
  close(): void;
}

const PIECE_BYTES = 65_536;
const LINE_BYTES_MAX = 16_384;
const LF = 10;

/** Open it; undefined when it is not there. What is appended after this is not read. */
export function openLog(path: string): LogFile | undefined {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return undefined;
  }
  const { ino, size, mtimeMs } = fstatSync(file);
  const piece = (from: number, to: number): Buffer => {
    const bytes = Buffer.alloc(Math.max(0, to - from));
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, from));
  };
  return {
    id: ino.toString(36),
    size,
    modifiedMs: mtimeMs,
    backward: (end) => backward(piece, end),
    forward: (start) => forward(piece, start, size),
    close: () => closeSync(file),
  };
}

type Piece = (from: number, to: number) => Buffer;

function* backward(piece: Piece, end: number): Generator<RawLine> {
  let tail: Buffer = Buffer.alloc(0);
  let lineEnd = end;
  let complete = false;
  for (let to = end; to > 0; ) {
    const from = Math.max(0, to - PIECE_BYTES);
    const bytes = piece(from, to);
    let until = bytes.length;
    for (let at = bytes.lastIndexOf(LF); at >= 0; at = at === 0 ? -1 : bytes.lastIndexOf(LF, at - 1)) {
      const start = from + at + 1;
      if (start < lineEnd) yield lineOf(joined(bytes.subarray(at + 1, until), tail), { start, end: lineEnd, complete });
      [tail, until, lineEnd, complete] = [Buffer.alloc(0), at, start, true];
    }
    tail = joined(bytes.subarray(0, until), tail);
    to = from;
  }
  if (lineEnd > 0) yield lineOf(tail, { start: 0, end: lineEnd, complete });
}

function* forward(piece: Piece, from: number, size: number): Generator<RawLine> {
  let head: Buffer = Buffer.alloc(0);
  let start = from;
  for (let at = from; at < size; ) {
    const bytes = piece(at, Math.min(size, at + PIECE_BYTES));
    if (bytes.length === 0) return;
    let begin = 0;
    for (let lf = bytes.indexOf(LF); lf >= 0; lf = bytes.indexOf(LF, begin)) {
      const end = at + lf + 1;
      yield lineOf(joined(head, bytes.subarray(begin, lf)), { start, end, complete: true });
      [head, begin, start] = [Buffer.alloc(0), lf + 1, end];
    }
    head = joined(head, bytes.subarray(begin));
    at += bytes.length;
  }
  if (start < size) yield lineOf(head, { start, end: size, complete: false });
}

/** One byte more than may be shown is kept: it tells that the line was cut. */
const joined = (head: Buffer, tail: Buffer): Buffer => {
  if (tail.length === 0) return Buffer.from(head.subarray(0, LINE_BYTES_MAX + 1));
  return Buffer.concat([head, tail]).subarray(0, LINE_BYTES_MAX + 1);
};

function lineOf(bytes: Buffer, { start, end, complete }: Omit<RawLine, 'text'>): RawLine {
  const lineBytes = end - start - (complete ? 1 : 0);
  const cut = lineBytes > LINE_BYTES_MAX;
  const text = bytes.subarray(0, LINE_BYTES_MAX).toString('utf8').replace(/\r$/, '');
  return { text: safeText(text) + (cut ? ` … (${lineBytes} bytes)` : ''), start, end, complete };
}

/** Control characters, and those that turn the direction of text, as `\x1b` or `\u202e`; tabs stay. */
export const safeText = (text: string): string =>
  // oxlint-disable-next-line no-control-regex -- these are what is looked for
  text.replace(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (found) => {
    const code = found.charCodeAt(0).toString(16);
    return code.length > 2 ? `\\u${code.padStart(4, '0')}` : `\\x${code.padStart(2, '0')}`;
  });
