import test from 'ava';
import { readDuration, readTime, sayDuration, sayFullTime, sayTime } from '../../cli/duration.ts';

const NOW_MS = Date.UTC(2027, 0, 15, 8);
const lasts = test.macro((t, text: string, want: number | false) => {
  const read = readDuration(text);
  t.is(read.ok && read.value, want);
});
for (const [text, ms] of [
  ['500ms', 500],
  ['30s', 30_000],
  ['10m', 600_000],
  ['2h', 7_200_000],
  ['1d', 86_400_000],
  ['1.5s', 1_500],
  ['5', 5_000],
] as const) {
  test(`readDuration() reads ${text}`, lasts, text, ms);
}
for (const text of ['', 'soon', '-5s', '5 weeks', 's']) test(`readDuration() refuses "${text}"`, lasts, text, false);

test('readTime() reads a span as that long ago, with a plus as that far ahead', (t) => {
  t.deepEqual(readTime('10m', NOW_MS), { ok: true, value: NOW_MS - 600_000 });
  t.deepEqual(readTime('+10m', NOW_MS), { ok: true, value: NOW_MS + 600_000 });
});
test('readTime() reads ISO 8601 and a time of day', (t) => {
  t.deepEqual(readTime('2027-01-15T07:00:00Z', NOW_MS), { ok: true, value: NOW_MS - 3_600_000 });
  const day = readTime('18:00', NOW_MS);
  t.is(day.ok && new Date(day.value).getHours(), 18);
});
test('readTime() refuses what is none', (t) => t.false(readTime('yesterday', NOW_MS).ok));

const says = test.macro((t, ms: number, want: string) => t.is(sayDuration(ms), want));
for (const [ms, want] of [
  [210, '0.21 s'],
  [9_940, '9.9 s'],
  [12_000, '12 s'],
  [221_000, '3 min 41 s'],
  [3_600_000, '1 h'],
  [86_400_000 * 14, '14 d'],
  [-5, '0 s'],
] as const) {
  test(`sayDuration() says ${want}`, says, ms, want);
}
test('sayTime() tells the day only where it is another', (t) => {
  t.is(sayTime(NOW_MS, NOW_MS, true), '08:00:00Z');
  t.is(sayTime(NOW_MS - 86_400_000, NOW_MS, true), '01-14 08:00:00Z');
});
test('sayFullTime() tells date, time and offset', (t) => {
  t.is(sayFullTime(NOW_MS, true), '2027-01-15T08:00:00Z');
  t.is(Date.parse(sayFullTime(NOW_MS)), NOW_MS);
});
