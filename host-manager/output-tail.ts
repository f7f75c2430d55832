/** The last lines that a program wrote in one life: from the byte where its life began to the byte where it ended. */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';

export interface OutputSpan {
  path: string;
  from: number;
  to: number;
}

/** One more than is told whole, so that a longer tail is known to be one. */
const LINES_MAX = 51;
const BYTES_MAX = 65_536;

/** Bytes in the file now, 0 when it is not there. */
export function sizeOf(path: string): number {
  try {
    return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  } catch {
    return 0;
  }
}

/** At most 51 lines and 64 KiB from the end of the span; of a line that began before, what is left of it. */
export function outputTail({ path, from, to }: OutputSpan): string[] {
  // A file shorter than at the beginning of the life has been rotated meanwhile: all of it is of this life.
  const begin = from <= to ? from : 0;
  const text = readSpan(path, Math.max(begin, to - BYTES_MAX), to);
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.slice(-LINES_MAX).map((line) => line.replace(/\r$/, ''));
}

/** The last line with anything in it. */
export const lastLineOf = (lines: readonly string[]): string | null =>
  lines.findLast((line) => line.trim() !== '')?.slice(0, 1024) ?? null;

function readSpan(path: string, from: number, to: number): string {
  if (to <= from) return '';
  try {
    const file = openSync(path, 'r');
    try {
      const bytes = Buffer.alloc(Math.min(to, fstatSync(file).size) - from);
      return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, from)).toString('utf8');
    } finally {
      closeSync(file);
    }
  } catch {
    return '';
  }
}
