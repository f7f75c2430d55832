/** A stretch of a text by offsets, and the line and column that a person counts. */

export interface Span {
  /** UTF-16 offsets, end excluded. */
  readonly start: number;
  readonly end: number;
}

/** From 1, the end column excluded; a span over several lines ends with its first. */
export interface Place {
  readonly line: number;
  readonly column: number;
  readonly endColumn: number;
}

/** Looks up places in one text. */
export interface Lines {
  at(span: Span): Place;
  /** The text of a line from 1, without its end. */
  text(line: number): string;
}

export function linesOf(text: string): Lines {
  const starts = [0];
  for (let i = 0; i < text.length; i++) {
    const ch = text[i];
    if (ch === '\n' || (ch === '\r' && text[i + 1] !== '\n')) starts.push(i + 1);
  }
  const lineText = (line: number): string =>
    text.slice(starts[line - 1] ?? text.length, starts[line] ?? text.length).replace(/[\r\n]+$/, '');
  const lineAt = (offset: number): number => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  };
  return {
    text: lineText,
    at({ start, end }) {
      const line = lineAt(start);
      const lineStart = starts[line - 1] ?? 0;
      const column = start - lineStart + 1;
      const lastColumn = lineText(line).length + 1;
      return { line, column, endColumn: Math.max(column + 1, Math.min(end - lineStart + 1, lastColumn)) };
    },
  };
}
