/** A session for people: how it stands, what it said, what it holds. */
import { type Session, opCodeName } from '../protocol/session.ts';
import { sayDuration, sayTime } from './duration.ts';
import type { View } from './status-table.ts';
import { cut } from './table.ts';
import { valueText } from './value-text.ts';

/** Several lines: state, last messages, data. */
export function sessionText(agent: string, session: Session, view: View): string {
  const { nowMs, utc, columns, paint } = view;
  const endMs = session.end_time === null ? nowMs : session.end_time * 1_000;
  const head = `${paint('bold', `${agent}.${session.op_name}`)} ${stateWord(session)}  session ${session.number} (${session.session_id})`;
  const times = `  started ${sayTime(session.start_time * 1_000, nowMs, utc)} by ${session.user}, ${session.end_time === null ? 'for' : 'took'} ${sayDuration(endMs - session.start_time * 1_000)}`;
  const messages = session.messages
    .slice(-10)
    .map(([at, text]) => cut(`  ${sayTime(at * 1_000, nowMs, utc)} ${text}`, columns));
  const data = Object.entries(session.data).map(([key, value]) => cut(`  ${key}: ${valueText(value)}`, columns));
  return [head, times, ...messages, ...data].join('\n');
}

/** One line at the end of `run` and `wait`: `✓ succeeded in 0.21 s: range 0.1   (session 118)`. */
export function endText(session: Session, view: View, asked = false): string {
  const took = session.end_time === null ? '' : ` in ${sayDuration((session.end_time - session.start_time) * 1_000)}`;
  const last = session.messages.findLast(([, text]) => !isTransition(text))?.[1];
  const said = session.success === true ? dataText(session.data) : (session.fault?.message ?? last ?? '');
  const sign =
    session.success === true ? view.paint('green', '✓ succeeded') : asked ? '✓ ended' : view.paint('red', '✗ failed');
  return `${sign}${took}${said === '' ? '' : `: ${said}`}   (session ${session.number})`;
}

/** What every session says of its state: the state is told already. */
export const isTransition = (message: string): boolean => message.startsWith('Status is now ');

/** `running ▓▓ 48 %`: the state of a session in words. */
export function stateWord(session: Session): string {
  if (session.status !== 'done')
    return session.degraded === false
      ? session.status
      : `${session.status}, degraded${session.degraded === true ? '' : `: ${session.degraded}`}`;
  return opCodeName(session.op_code).toLowerCase();
}

const dataText = (data: Record<string, unknown>): string =>
  Object.entries(data)
    .filter(([, value]) => value === null || typeof value !== 'object')
    .slice(0, 8)
    .map(([key, value]) => `${key} ${valueText(value)}`)
    .join(', ');
