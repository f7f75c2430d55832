/** Brackets and quotes may go on at any indentation in YAML 1.1; the parser wants them deeper. Such lines are padded, offsets kept. */

/** A text that the parser takes, and the way back to the text that was written. */
export interface Padded {
  readonly text: string;
  /** Offset in the written text. */
  origin(offset: number): number;
}

/** Characters parsed again and again: about half a second. A file of 1 000 entries with every line at the margin needs half of it. */
const WORK_MAX = 128 * 1024 * 1024;

/**
 * Parse `source`, padding the line of each complaint about too little indentation inside brackets or quotes.
 * `complaintAt` tells the offset of such a complaint, undefined for any other error.
 */
export function parsePadded<T>(
  source: string,
  parse: (text: string) => T,
  complaintAt: (thrown: unknown) => number | undefined,
): { parsed: T; padded: Padded } {
  const pads: { at: number; count: number }[] = [];
  const count = deepestIndent(source) + 1;
  let text = source;
  for (let work = 0; ; ) {
    try {
      return { parsed: parse(text), padded: paddedOf(text, pads) };
    } catch (thrown) {
      const offset = complaintAt(thrown);
      const start = offset === undefined ? -1 : lineStart(text, offset);
      work += offset ?? 0;
      const hopeless =
        start < 0 ||
        work > WORK_MAX ||
        pads.some(({ at }) => at === start) ||
        /^(?:---|\.\.\.)/.test(text.slice(start, start + 3));
      if (hopeless) throw new PaddedError(thrown, paddedOf(text, pads));
      text = `${text.slice(0, start)}${' '.repeat(count)}${text.slice(start)}`;
      // Lines are padded from the top down, so earlier pads keep their offsets.
      pads.push({ at: start, count });
    }
  }
}

/** What the parser threw, with the way back to the written text. */
export class PaddedError extends Error {
  readonly thrown: unknown;
  readonly padded: Padded;
  constructor(thrown: unknown, padded: Padded) {
    super('not parsed');
    this.thrown = thrown;
    this.padded = padded;
  }
}

function paddedOf(text: string, pads: readonly { at: number; count: number }[]): Padded {
  const sorted = pads.toSorted((a, b) => a.at - b.at);
  const origin = (offset: number): number => {
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sorted[middle]?.at ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    const last = sorted[low - 1];
    if (!last) return offset;
    const before = (low - 1) * last.count;
    return offset - before - Math.min(last.count, offset - last.at);
  };
  return { text, origin };
}

const lineStart = (text: string, offset: number): number =>
  Math.max(text.lastIndexOf('\n', offset - 1), text.lastIndexOf('\r', offset - 1)) + 1;

function deepestIndent(source: string): number {
  let deepest = 0;
  for (const found of source.matchAll(/^[ \-?]*/gm)) deepest = Math.max(deepest, found[0].length);
  return Math.min(deepest, 1000);
}
