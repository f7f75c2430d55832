import { appendFileSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { must } from '../../base/fault.ts';
import { type LogFiles, LogQuery, logPage } from '../../store/log-pages.ts';
import { tempFolder } from '../fixtures/temp.ts';

/** Two log files; both last written at Unix second 9 000. */
function logs(t: ExecutionContext, { out, err }: { out?: string | Buffer; err?: string | Buffer }): LogFiles {
  const folder = tempFolder(t);
  const files = { out: join(folder, 'a.out.log'), err: join(folder, 'a.err.log') };
  if (out !== undefined) writeFileSync(files.out, out);
  if (err !== undefined) writeFileSync(files.err, err);
  if (out !== undefined) utimesSync(files.out, 9_000, 9_000);
  if (err !== undefined) utimesSync(files.err, 9_000, 9_000);
  return files;
}
const page = (files: LogFiles, query: Partial<LogQuery> = {}) => must(logPage(files, LogQuery.parse(query)));
const texts = (files: LogFiles, query: Partial<LogQuery> = {}) => page(files, query).lines.map(({ text }) => text);
const numbered = (n: number): string => Array.from({ length: n }, (_, k) => `line ${k + 1}\n`).join('');
const json = (s: number, more: object = {}): string => `${JSON.stringify({ level: 30, time: s * 1000, ...more })}\n`;

const shows = test.macro(
  (t, given: { out?: string | Buffer; err?: string | Buffer }, query: Partial<LogQuery>, want: string[]) =>
    t.deepEqual(texts(logs(t, given), query), want),
);
test('logPage() shows the newest lines, oldest first', shows, { out: numbered(9) }, { lines: 2 }, ['line 8', 'line 9']);
test('logPage() shows nothing of files that are not there', shows, {}, {}, []);
test('logPage() shows nothing of empty files', shows, { out: '', err: '' }, {}, []);
test('logPage() shows a last line without end', shows, { err: 'a\nlast words' }, {}, ['a', 'last words']);
test('logPage() keeps empty lines', shows, { out: '\na\n\nb\n' }, {}, ['', 'a', '', 'b']);
test('logPage() drops the carriage return of a line end', shows, { out: 'a\r\nb\r\n' }, {}, ['a', 'b']);
test('logPage() shows one stream alone', shows, { out: 'a\n', err: 'b\n' }, { stream: 'err' }, ['b']);
test('logPage() shows only lines with the text, no pattern', shows, { out: 'a.c\nabc\n' }, { grep: 'a.c' }, ['a.c']);
test('logPage() escapes control characters but tabs', shows, { out: 'a\tb\u001b[31mred\u0000\u202e\n' }, {}, [
  'a\tb\\x1b[31mred\\x00\\u202e',
]);
test('logPage() replaces invalid UTF-8', shows, { out: Buffer.from([0x61, 0xff, 0x62, 0x0a]) }, {}, ['a\ufffdb']);
test('logPage() cuts a line over 16 KiB and tells its size', shows, { out: `${'x'.repeat(200_000)}\nb\n` }, {}, [
  `${'x'.repeat(16_384)} … (200000 bytes)`,
  'b',
]);
test("logPage() reads the time of a line of Cupola's own log", (t) => {
  const out = `${JSON.stringify({ level: 'info', at: '1970-01-01T00:01:40.000Z', msg: 'online' })}\n`;
  t.like(page(logs(t, { out })).lines[0], { at: 100, level: 'info' });
  t.deepEqual(texts(logs(t, { out }), { since: 101 }), []);
});
test('logPage() shows a line of 16 KiB whole', shows, { out: `${'x'.repeat(16_384)}\n` }, {}, ['x'.repeat(16_384)]);

test('logPage() puts both streams in order of time, lines without time beside their neighbours', (t) => {
  const files = logs(t, {
    out: json(10, { msg: 'o10' }) + json(30, { msg: 'o30' }),
    err: `1970-01-01T00:00:20Z e20\n1970-01-01 00:00:40.5Z e40\n  at the end\n`,
  });
  t.deepEqual(
    page(files).lines.map(({ at, stream, level }) => [at, stream, level]),
    [
      [10, 'out', 'info'],
      [20, 'err', null],
      [30, 'out', 'info'],
      [40.5, 'err', null],
      [null, 'err', null],
    ],
  );
});

test('logPage() goes back page by page, each line once', (t) => {
  const files = logs(t, { out: numbered(2_500), err: numbered(300) });
  const seen: string[] = [];
  let query: Partial<LogQuery> = { lines: 400 };
  for (let more = true; more; ) {
    const { lines, before, more: further } = page(files, query);
    seen.unshift(...lines.map(({ stream, text }) => `${stream} ${text}`));
    [query, more] = [{ lines: 400, before }, further];
  }
  const all = ['out', 'err'].flatMap((stream) =>
    numbered(stream === 'out' ? 2_500 : 300)
      .trim()
      .split('\n')
      .map((line) => `${stream} ${line}`),
  );
  t.deepEqual(seen.toSorted(), all.toSorted());
  t.deepEqual(page(files, query), { ...page(files, query), lines: [], more: false });
});

test('logPage() goes on from a cursor with what was written since', (t) => {
  const files = logs(t, { out: 'a\nb\n' });
  const { after } = page(files);
  t.deepEqual(texts(files, { after }), []);
  appendFileSync(files.out, 'c\nd\n');
  const next = page(files, { after, lines: 1 });
  t.like(next, { lines: [{ text: 'c' }], more: true, gone: false });
  t.deepEqual(texts(files, { after: next.after }), ['d']);
  t.deepEqual(texts(files, { before: next.before }), ['a', 'b']);
});

test('logPage() says that the file of a cursor is gone, and begins with the oldest still there', (t) => {
  const files = logs(t, { out: numbered(5) });
  const { after } = page(files);
  renameSync(files.out, `${files.out}.1`);
  writeFileSync(files.out, 'new 1\nnew 2\n');
  t.like(page(files, { after, lines: 1 }), { gone: true, lines: [{ text: 'new 1' }], more: true });
  writeFileSync(`${files.out}.1`, '');
});

test('logPage() shows what lies between since and until', (t) => {
  const files = logs(t, { out: [10, 20, 30, 40].map((s) => json(s, { msg: `m${s}` })).join('') });
  t.deepEqual(
    page(files, { since: 20, until: 30 }).lines.map(({ at }) => at),
    [20, 30],
  );
});

test('logPage() shows lines of a level and above, of a session, of a run', (t) => {
  const files = logs(t, {
    out: json(1, { level: 20 }) + json(2, { level: 40, session: 's1' }) + json(3, { level: 50, rid: 7 }) + 'plain\n',
  });
  const at = (query: Partial<LogQuery>) => page(files, query).lines.map((line) => line.at);
  t.deepEqual(at({ level: 'warn' }), [2, 3]);
  t.deepEqual(at({ session: 's1' }), [2]);
  t.deepEqual(at({ rid: 7 }), [3]);
});

test('logPage() holds a page below 48 KiB and says that there is more', (t) => {
  const files = logs(t, { out: `${'x'.repeat(1_000)}\n`.repeat(200) });
  const { lines, more } = page(files, { lines: 1_000 });
  t.true(more && lines.length >= 40 && JSON.stringify(lines).length <= 52 * 1024, `${lines.length} lines`);
});

test('logPage() ends a search that finds nothing after 16 MiB, and can go on', (t) => {
  const files = logs(t, { out: `needle\n${`${'x'.repeat(1_023)}\n`.repeat(17 * 1024)}` });
  const first = page(files, { grep: 'needle' });
  t.like(first, { lines: { length: 0 }, more: true });
  t.like(page(files, { grep: 'needle', before: first.before }), { lines: [{ text: 'needle' }], more: false });
});

test('logPage() refuses a cursor that is none', (t) => {
  t.like(logPage(logs(t, {}), LogQuery.parse({ before: '/etc/passwd' })), {
    ok: false,
    fault: { code: 'REQUEST_INVALID' },
  });
});
