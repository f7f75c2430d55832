/** A line of a log for people: of one in JSON its message, then its facts. */
import { isObject } from '../protocol/envelope.ts';
import { valueText } from './value-text.ts';

/** Told beside the line, or the same in every line of an agent. */
const KNOWN = new Set(['level', 'at', 'time', 'host', 'agent', 'class', 'pid', 'hostname', 'msg', 'v']);

/** `asked  operation=acq outcome=done`; any other line as it is. */
export function logText(line: string): string {
  const entry = line.startsWith('{') ? jsonOf(line) : undefined;
  if (!isObject(entry) || typeof entry['msg'] !== 'string') return line;
  const facts = Object.entries(entry)
    .filter(([key]) => !KNOWN.has(key))
    .map(([key, value]) => `${key}=${valueText(value)}`);
  return [entry['msg'], facts.join(' ')].filter((part) => part !== '').join('  ');
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
