/** Tables that fit: columns are dropped from the right, ids are never cut. */

export interface Column<T> {
  head: string;
  cell(row: T): string;
  /** Dropped only after all that are not kept. */
  keep?: boolean;
  right?: boolean;
  /** The last column: cut to what is left of the line rather than dropped. */
  rest?: boolean;
}

/** Characters a text takes on a terminal: colour codes take none. */
// oxlint-disable-next-line no-control-regex -- the escape sign is what colour codes begin with
export const widthOf = (text: string): number => [...text.replace(/\u001b\[\d+m/g, '')].length;

const REST_MIN = 12;

/** Lines of a table, head first, at most `columns` wide where the kept columns allow it. */
export function tableLines<T>(rows: readonly T[], given: readonly Column<T>[], columns: number, indent = 2): string[] {
  const cells = new Map(given.map((column) => [column, [column.head, ...rows.map((row) => column.cell(row))]]));
  const widths = new Map(given.map((column) => [column, Math.max(...(cells.get(column) ?? ['']).map(widthOf))]));
  const fixed = given.filter((column) => column.rest !== true && !isEmpty(cells.get(column) ?? []));
  const shown = fit(fixed, widths, columns - indent);
  const used = indent + total(shown, widths);
  const rest = given.find(
    (column) => column.rest === true && shown.length === fixed.length && columns - used - 2 >= REST_MIN,
  );
  return [undefined, ...rows].map((_, line) => {
    const parts = shown.map((column) =>
      pad(cells.get(column)?.[line] ?? '', widths.get(column) ?? 0, column.right === true),
    );
    if (rest !== undefined) parts.push(cut(cells.get(rest)?.[line] ?? '', columns - used - 2));
    return `${' '.repeat(indent)}${parts.join('  ')}`.trimEnd();
  });
}

function fit<T>(given: readonly Column<T>[], widths: ReadonlyMap<Column<T>, number>, room: number): Column<T>[] {
  const shown = [...given];
  while (total(shown, widths) > room) {
    const last = shown.findLastIndex((column) => column.keep !== true);
    if (last < 0) break;
    shown.splice(last, 1);
  }
  return shown;
}

const total = <T>(shown: readonly Column<T>[], widths: ReadonlyMap<Column<T>, number>): number =>
  shown.reduce((sum, column) => sum + (widths.get(column) ?? 0) + 2, -2);
/** Nothing is known of it for any row. */
const isEmpty = (cells: readonly string[]): boolean => cells.slice(1).every((cell) => cell === '' || cell === '–');
const pad = (text: string, width: number, right: boolean): string => {
  const fill = ' '.repeat(Math.max(0, width - widthOf(text)));
  return right ? fill + text : text + fill;
};

/** At most `width` characters, the last one a mark where something is left out. */
export const cut = (text: string, width: number): string =>
  widthOf(text) <= width ? text : `${[...text].slice(0, Math.max(0, width - 1)).join('')}…`;
