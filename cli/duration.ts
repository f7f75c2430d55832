/** Durations and times as people type and read them: `500ms 30s 10m 2h 1d`, `18:00`, `+10m`, ISO 8601. */
import { type Outcome, failed, ok } from '../base/fault.ts';

const UNIT_MS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of `text`; a bare number is seconds. */
export function readDuration(text: string): Outcome<number> {
  const [, digits = '', unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text.trim()) ?? [];
  const ms = Number(digits) * (UNIT_MS[unit] ?? Number.NaN);
  if (digits === '' || !Number.isFinite(ms)) {
    return failed('USAGE', { problem: `"${text}" is no duration`, remedy: 'Write it as 500ms, 30s, 10m, 2h or 1d' });
  }
  return ok(ms);
}

/** Unix milliseconds of `text`. A duration means that long ago, or that far ahead with a plus. */
export function readTime(text: string, nowMs: number): Outcome<number> {
  const ago = readDuration(text.replace(/^\+/, ''));
  if (ago.ok && /[a-z]$/.test(text)) return ok(text.startsWith('+') ? nowMs + ago.value : nowMs - ago.value);
  const [, hours, minutes, seconds = '0'] = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(text) ?? [];
  if (hours !== undefined && minutes !== undefined) {
    const day = new Date(nowMs);
    day.setHours(Number(hours), Number(minutes), Number(seconds), 0);
    return ok(day.getTime());
  }
  const ms = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isFinite(ms)) return ok(ms);
  return failed('USAGE', {
    problem: `"${text}" is no time`,
    remedy: 'Write it as 18:00, 2026-08-01T18:00, or 10m for "10 minutes ago"',
  });
}

/** A span in its largest unit: `0.8 s`, `12 s`, `3 min 41 s`, `5 h`, `14 d`. */
export function sayDuration(ms: number): string {
  const s = Math.max(0, ms) / 1_000;
  if (s < 10) return `${Number(s.toFixed(s < 1 ? 2 : 1))} s`;
  if (s < 60) return `${Math.round(s)} s`;
  const min = Math.floor(s / 60);
  if (min < 10) return `${min} min ${Math.floor(s % 60)} s`;
  if (min < 60) return `${min} min`;
  const h = Math.floor(min / 60);
  return h < 48 ? `${h} h` : `${Math.floor(h / 24)} d`;
}

/** Time of day, with the date where it is not today: `12:41:07`, `07-31 12:41:07`; UTC with a Z. */
export function sayTime(ms: number, nowMs: number, utc = false): string {
  const stamp = utc ? new Date(ms).toISOString().slice(0, 19) : localStamp(ms);
  const today = utc ? new Date(nowMs).toISOString().slice(0, 10) : localStamp(nowMs).slice(0, 10);
  const shown = stamp.startsWith(today) ? stamp.slice(11) : `${stamp.slice(5, 10)} ${stamp.slice(11)}`;
  return utc ? `${shown}Z` : shown;
}

/** The same with milliseconds: samples come faster than seconds. */
export function sayMoment(ms: number, nowMs: number, utc = false): string {
  const time = sayTime(ms, nowMs, utc).replace(/Z$/, '');
  return `${time}.${String(Math.floor(ms) % 1_000).padStart(3, '0')}${utc ? 'Z' : ''}`;
}

/** Date, time and offset from UTC: `2026-07-31T12:41:07+02:00`. */
export function sayFullTime(ms: number, utc = false): string {
  if (utc) return `${new Date(ms).toISOString().slice(0, 19)}Z`;
  const offset = -new Date(ms).getTimezoneOffset();
  const size = Math.abs(offset);
  return `${localStamp(ms)}${offset < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

const two = (n: number): string => String(n).padStart(2, '0');
const localStamp = (ms: number): string => {
  const at = new Date(ms);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
};
