/** A crash report for people: how it ended, what it said last, what came next. */
import { sayDuration, sayTime } from './duration.ts';
import { logText } from './log-text.ts';
import type { View } from './status-table.ts';

/** Lines of each stream that are shown; the report has more. */
const LINES = 20;

export function crashText(report: Record<string, unknown>, { nowMs, utc, paint }: View): string {
  const at = (value: unknown): string => (typeof value === 'number' ? sayTime(value * 1_000, nowMs, utc) : 'unknown');
  const text = (name: string): string => String(report[name] ?? '–');
  const how = typeof report['signal'] === 'string' ? report['signal'] : `exit ${text('code')}`;
  const upS = report['uptime_s'];
  const lines = [
    `${paint('bold', text('instance_id'))} ${text('cause')}: ${how} at ${at(report['at'])}${typeof upS === 'number' ? ` after ${sayDuration(upS * 1_000)}` : ''}`,
    `  report    ${text('id')}`,
    `  failures  ${text('failures_in_row')} in a row, stability ${text('stability')}`,
    ...(typeof report['next_launch'] === 'number' ? [`  launched again at ${at(report['next_launch'])}`] : []),
  ];
  for (const stream of ['stderr', 'stdout']) {
    const said = report[stream];
    if (!Array.isArray(said) || said.length === 0) continue;
    lines.push(`  ${stream}${said.length > LINES ? `, the last ${LINES} of ${said.length} lines` : ''}:`);
    lines.push(...said.slice(-LINES).map((line) => `    ${logText(String(line))}`));
  }
  return lines.join('\n');
}
