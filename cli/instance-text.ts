/** One instance in detail, for people. */
import type { Row } from '../protocol/rows.ts';
import { sayDuration, sayTime } from './duration.ts';
import { type View, exitText, lastingSince, stateText } from './status-table.ts';

export function instanceText(row: Row, view: View): string {
  const { nowMs, utc, paint } = view;
  const at = (s: number): string => sayTime(s * 1_000, nowMs, utc);
  const lines: [string, string][] = [
    [
      'wants',
      `${row.target_state}${row.config === null ? '' : ` (${row.config.file}:${row.config.line} starts it ${row.config_state ?? row.target_state})`}`,
    ],
    ['is', `${stateText(row, nowMs, true)}, for ${sayDuration(nowMs - lastingSince(row) * 1_000)}`],
    ['why', `${row.why} (by ${row.actor})`],
    ['ready', `${row.ready}, health ${row.health}${row.degraded ? ', degraded' : ''}`],
    [
      'restarts',
      `${row.restarts_1h} in 1 h, ${row.restarts_24h} in 24 h, ${row.failures_in_row} ${row.failures_in_row === 1 ? 'failure' : 'failures'} in a row, stability ${row.stability}`,
    ],
  ];
  if (row.pid !== null)
    lines.push(['process', `pid ${row.pid}, generation ${row.generation ?? '–'}${row.adopted ? ', adopted' : ''}`]);
  if (row.exit !== null) lines.push(['last exit', `${at(row.exit.at)} ${exitText(row.exit)}`]);
  if (row.restart_required) lines.push(['restart', `required: ${row.restart_reasons.join(', ')}`]);
  const head = `${paint('bold', row.instance_id)}  ${row.agent_class}`;
  return [head, ...lines.filter(([, text]) => text !== '').map(([name, text]) => `  ${name.padEnd(10)}${text}`)].join(
    '\n',
  );
}
