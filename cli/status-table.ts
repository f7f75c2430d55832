/** `cupola status` for people: each host in a line, below it its instances. */
import type { Row } from '../protocol/rows.ts';
import { SHAPES } from '../protocol/rows.ts';
import { sayDuration, sayTime } from './duration.ts';
import type { Fleet, HostState } from './fleet.ts';
import { logText } from './log-text.ts';
import { type Column, tableLines } from './table.ts';
import type { Paint, Style } from './terminal.ts';

export interface View {
  columns: number;
  paint: Paint;
  nowMs: number;
  utc: boolean;
  wide: boolean;
}

/** Is the row as it is wanted? `passive` and `inoperable` down ones want nothing. */
export function asWanted(row: Row): boolean {
  if (row.target_state === 'up') return row.is === 'up' && row.ready !== 'late';
  if (row.target_state === 'down') return row.is === 'down' || row.is === 'inoperable';
  return row.is !== 'lost' && row.health !== 'stuck';
}

/** Which hosts and instances are not as wanted. */
export function notAsWanted(fleet: Fleet): string[] {
  return fleet.hosts.flatMap(({ host, is, manager, instances }) =>
    is !== 'up' || manager === null
      ? [`@${host}`]
      : instances.filter((row) => !asWanted(row)).map(({ instance_id }) => instance_id),
  );
}

/** The whole table. */
export function statusText(fleet: Fleet, view: View): string {
  return fleet.hosts.flatMap((host) => hostLines(host, view)).join('\n');
}

function hostLines(host: HostState, view: View): string[] {
  const head = headLine(host, view);
  if (host.manager === null) return [head, ...recordLines(host, view)];
  const rows = host.instances.toSorted((a, b) => (a.instance_id < b.instance_id ? -1 : 1));
  const bare = tableLines(rows, columnsOf(view, false), Number.POSITIVE_INFINITY);
  // What a state waits for is worth more than CPU and memory, and less than the line fitting at all.
  const fits = (bare[0]?.length ?? 0) <= view.columns;
  const table = rows.length === 0 ? [] : tableLines(rows, columnsOf(view, fits || view.columns >= 60), view.columns);
  return [head, ...table];
}

function headLine({ host, is, since, manager, instances, fault, problem }: HostState, view: View): string {
  const { paint, nowMs } = view;
  const age = since === null ? '' : ` ${sayDuration(nowMs - since * 1_000)}`;
  const name = paint('bold', host);
  if (manager === null) {
    const text = problem ?? fault?.message ?? 'no answer';
    return `${name} ${paint('red', `${SHAPES[is]} ${is}`)}${age}  ${text}`;
  }
  const parts = [`${name} ${paint(STYLES[is], `${SHAPES[is]} ${is}`)}${age}`, counts(instances)];
  const orphans = Object.keys(manager.orphans).length;
  if (orphans > 0) parts.push(`orphans ${orphans}`);
  if (manager.store !== 'ok') parts.push(paint('yellow', 'store in memory only'));
  if (problem !== undefined) parts.push(paint('yellow', problem));
  const config = manager.config_parse_status['[SCF]'];
  if (config !== undefined) {
    const [good, at, complaints] = config;
    const read = `site config ✓ ${sayTime(at * 1_000, nowMs, view.utc)}`;
    if (!good) parts.push(paint('red', 'site config ✕ (cupola validate)'));
    else parts.push(complaints === '' ? read : paint('yellow', `${read}, with complaints (cupola validate)`));
  }
  return fitParts(parts, view.columns);
}

/** Parts of the head are dropped from the right like columns. */
function fitParts(parts: readonly string[], columns: number): string {
  let line = parts[0] ?? '';
  for (const part of parts.slice(1)) {
    // oxlint-disable-next-line no-control-regex -- the escape sign is what colour codes begin with
    if (`${line}  ${part}`.replace(/\u001b\[\d+m/g, '').length > columns) break;
    line = `${line}  ${part}`;
  }
  return line;
}

function counts(rows: readonly Row[]): string {
  const tally = new Map<string, number>();
  for (const { is } of rows) tally.set(is, (tally.get(is) ?? 0) + 1);
  const order = ['up', 'degraded', 'launching', 'stopping', 'waiting', 'lost', 'inoperable', 'down'];
  return order.flatMap((is) => (tally.has(is) ? [`${tally.get(is)} ${is}`] : [])).join(' · ') || 'no instances';
}

function recordLines({ records }: HostState, view: View): string[] {
  if (records.length === 0) return [];
  return tableLines(
    records,
    [
      { head: 'INSTANCE', cell: (record) => record.instance_id, keep: true },
      { head: 'WANTS', cell: (record) => record.target ?? '–' },
      {
        head: 'PROCESS',
        cell: (record) => (record.alive ? `${SHAPES.up} pid ${record.pid}, unsupervised` : `${SHAPES.down} gone`),
        keep: true,
      },
    ],
    view.columns,
  );
}

const STYLES: Record<Row['is'], Style> = {
  up: 'green',
  degraded: 'yellow',
  launching: 'cyan',
  stopping: 'cyan',
  waiting: 'yellow',
  down: 'dim',
  lost: 'red',
  inoperable: 'red',
};

function columnsOf(view: View, details: boolean): Column<Row>[] {
  const { paint, nowMs } = view;
  const columns: Column<Row>[] = [
    { head: 'INSTANCE', cell: (row) => row.instance_id + mark(row.agent_class), keep: true },
    { head: 'CLASS', cell: (row) => row.agent_class.replace(/\[d\??\]$/, '') },
    { head: 'WANTS', cell: (row) => row.target_state },
    { head: 'IS', cell: (row) => paint(STYLES[row.is], stateText(row, nowMs, details)), keep: true },
    { head: 'RESTARTS 1h/24h', cell: (row) => `${row.restarts_1h}/${row.restarts_24h}` },
    { head: 'CPU', cell: (row) => percent(row['cpu']), right: true },
    { head: 'MEM', cell: (row) => bytes(row['memory']), right: true },
    { head: 'SINCE', cell: (row) => sayDuration(nowMs - lastingSince(row) * 1_000) },
  ];
  if (view.wide) {
    columns.push({ head: 'PID', cell: (row) => (row.pid === null ? '–' : String(row.pid)), right: true });
    columns.push({ head: 'GEN', cell: (row) => (row.generation === null ? '–' : String(row.generation)), right: true });
    columns.push({ head: 'BY', cell: (row) => row.actor });
  }
  columns.push({ head: '', cell: remark, rest: true });
  return columns;
}

/** `▲ waiting, retry 3 in 12 s`: shape, word, and with `details` what is waited for. */
export function stateText(row: Row, nowMs: number, details: boolean): string {
  const bare = `${SHAPES[row.is]} ${row.is}`;
  const more = details ? stateDetail(row, nowMs) : '';
  return more === '' ? bare : `${bare}, ${more}`;
}

function stateDetail(row: Row, nowMs: number): string {
  if (row.phase === 'gave-up') return 'retry never';
  if (row.phase === 'waiting' && row.retry_at !== null)
    return `retry ${row.failures_in_row} in ${sayDuration(row.retry_at * 1_000 - nowMs)}`;
  if (row.phase === 'blocked' && row.waits_for.length > 0) return `for ${row.waits_for.join(', ')}`;
  if (row.unstable) return 'unstable';
  if (row.is === 'up' && row.ready === 'waiting') return 'not ready';
  return row.is === 'up' && row.ready === 'late' ? 'not ready in time' : '';
}

/** The last exit where it matters, else what else should be known. */
function remark(row: Row): string {
  const told: string[] = [];
  if (row.exit !== null && !row.exit.expected && row.is !== 'up') told.push(exitText(row.exit));
  if (row.is === 'inoperable') told.push(row.why);
  if (row.restart_required)
    told.push(`restart required${row.restart_reasons.length > 0 ? ` (${row.restart_reasons.join(', ')})` : ''}`);
  if (row.health === 'stuck') told.push('will not end');
  return told.join('; ');
}

/** Unix seconds since when it is as it is: one that was adopted runs for longer than its HostManager knows it. */
export const lastingSince = (row: Row): number =>
  row.phase === 'up' && row.started_at !== null ? Math.min(row.started_at, row.since) : row.since;

/** `exit 1: ENODEV /dev/video0`, `SIGKILL`; of one that was asked for, not what it said. */
export function exitText({ code, signal, cause, last_line, expected }: NonNullable<Row['exit']>): string {
  const what = signal !== null ? signal : code === null ? cause : `exit ${code}`;
  if (expected) return `${code === null && signal === null ? 'ended' : what}, as asked`;
  return last_line === null || last_line === '' ? what : `${what}: ${logText(last_line)}`;
}

const mark = (agentClass: string): string => (/\[d\??\]$/.exec(agentClass)?.[0] ?? '').replace(/^\[/, ' [');
const percent = (value: unknown): string =>
  typeof value === 'number' ? `${value < 10 ? Number(value.toFixed(1)) : Math.round(value)} %` : '–';
const bytes = (value: unknown): string => {
  if (typeof value !== 'number') return '–';
  if (value < 1_048_576) return `${Math.round(value / 1_024)} K`;
  return value < 1_073_741_824 ? `${Math.round(value / 1_048_576)} M` : `${(value / 1_073_741_824).toFixed(1)} G`;
};
