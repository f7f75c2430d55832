import test from 'ava';
import { T, ended, row, session, world } from '../world.ts';

const why = {
  target: 'cam1',
  because: [{ at: T - 60, text: 'exit 1 after 8 s', actor: 'crash', file: 'site.yaml', line: 31 }],
  next: { act: 'relaunch 3', at: T + 12 },
  remedy: 'Plug the camera in',
};

test('why tells the chain, what comes next and what to do', async (t) => {
  const w = world({ rows: [row('cam1')] });
  w.answers.set('hm-lab-a.start.why', ended('why', true, { data: why }));
  t.is(await w.run('why', 'cam1', '--utc'), 0);
  t.is(
    w.out.join(''),
    'cam1\n  07:59:00Z exit 1 after 8 s (by crash, site.yaml:31)\n  then: relaunch 3 in 12 s\n  next: Plug the camera in\n',
  );
});
test('why --json gives the answer as it came', async (t) => {
  const w = world({ rows: [row('cam1')] });
  w.answers.set('hm-lab-a.start.why', ended('why', true, { data: why }));
  t.is(await w.run('why', 'cam1', '--json'), 0);
  t.like(w.document(), { command: 'why', ok: true, ...why });
});
test('why reads the disk and exits 3 where the HostManager is dead', async (t) => {
  const w = world({ hostManager: false });
  t.is(await w.run('why', 'thermo1'), 3);
  t.regex(w.out.join(''), /no pid record.*\n {2}next: Start it/);
});

const lines = [
  { at: T, stream: 'out', level: 'info', text: 'hello' },
  { at: null, stream: 'err', level: null, text: 'ouch' },
];
test('logs prints lines with their time', async (t) => {
  const w = world();
  w.answers.set('hm-lab-a.start.logs', ended('logs', true, { data: { lines, before: 1, after: 2, more: false } }));
  t.is(await w.run('logs', 'thermo1', '--utc', '--since', '10m', '--grep', 'h', '--tail', '5'), 0);
  t.is(w.out.join(''), '2027-01-15T08:00:00Z hello\nouch\n');
  t.deepEqual(w.asks.at(-1)?.ask.params, { lines: 5, stream: 'both', grep: 'h', since: T - 600, instance: 'thermo1' });
});
test('logs --jsonl prints a document per line', async (t) => {
  const w = world();
  w.answers.set('hm-lab-a.start.logs', ended('logs', true, { data: { lines, more: false } }));
  t.is(await w.run('logs', 'thermo1', '--jsonl'), 0);
  t.deepEqual(
    w.out.map((line) => JSON.parse(line)),
    lines.map((line) => ({ host: 'lab-a', instance_id: 'thermo1', ...line })),
  );
});
test('logs --json prints one document', async (t) => {
  const w = world();
  w.answers.set('hm-lab-a.start.logs', ended('logs', true, { data: { lines, more: false } }));
  await w.run('logs', 'thermo1', '--json');
  t.like(w.document(), { command: 'logs', ok: true, lines: [{ text: 'hello' }, { text: 'ouch' }] });
});
test('logs of nothing is one document too', async (t) => {
  const w = world();
  w.answers.set('hm-lab-a.start.logs', ended('logs', true, { data: { lines: [], more: false } }));
  t.is(await w.run('logs', 'thermo1', '--json'), 0);
  t.like(w.document(), { command: 'logs', ok: true, lines: [] });
});
test('logs -f goes on from the cursor when lines are told of, until Ctrl-C', async (t) => {
  const w = world();
  const pages = [
    { lines: lines.slice(0, 1), after: 'c1' },
    { lines: [], after: 'c1' },
    { lines: lines.slice(1), after: 'c2' },
  ];
  w.answers.set('hm-lab-a.start.logs', () =>
    ended('logs', true, { data: { ...(pages.shift() ?? { lines: [], after: 'c2' }), more: false } }),
  );
  const run = w.run('logs', 'thermo1', '-f', '--utc');
  await w.clock.advance(10);
  w.pushBlock({ g: 1, n: 1, ts: [T], fields: {} });
  await w.clock.advance(10);
  w.interrupt();
  t.is(await run, 130);
  t.is(w.out.join(''), '2027-01-15T08:00:00Z hello\nouch\n');
});
test('logs reads the disk and exits 3 where the HostManager is dead', async (t) => {
  const base = world();
  const w = world({
    hostManager: false,
    parts: { disk: { ...base.parts.disk, lines: async () => ({ ok: true, value: lines }) } },
  });
  t.is(await w.run('logs', 'thermo1', '--utc'), 3);
  t.regex(w.out.join(''), /hello\nouch\n/);
  t.regex(w.notes.join(''), /read from .*log/);
});
test('logs --tail of no number exits 2', async (t) => {
  t.is(await world().run('logs', 'thermo1', '--tail', 'x'), 2);
});

test('feed tail prints samples with their unit as they come, until Ctrl-C', async (t) => {
  const w = world();
  const run = w.run('feed', 'tail', 'thermo1.temperatures', '--utc');
  await w.clock.advance(10);
  w.pushBlock({ g: 1, n: 1, ts: [T, T + 1], fields: { ch1: [4.2, null] } });
  w.interrupt();
  t.is(await run, 130);
  t.is(w.out.join(''), '08:00:00.000Z  ch1 4.2 K\n08:00:01.000Z  ch1 null K\n');
});
test('feed tail --every prints the newest sample of at most one block per that time', async (t) => {
  const w = world();
  const run = w.run('feed', 'tail', 'thermo1.temperatures.ch1', '--every', '1s', '--jsonl', '--timeout', '2s');
  await w.clock.advance(10);
  for (const n of [1, 2]) w.pushBlock({ g: 1, n, ts: [T, T + 1], fields: { ch1: [1, n] } });
  await w.clock.advance(2_000);
  t.is(await run, 0);
  t.deepEqual(
    w.out.map((line) => JSON.parse(line)),
    [{ instance_id: 'thermo1', feed: 'temperatures', g: 1, n: 1, ts: [T + 1], fields: { ch1: [1] } }],
  );
});

test('restart waits for the session of the HostManager and tells each instance', async (t) => {
  const w = world({ rows: [row('a1'), row('b1')] });
  w.answers.set('hm-lab-a.start.restart', session('restart', { session_id: '01R' }));
  w.push('hm-lab-a', ended('restart', false, { session_id: '01R', data: { a1: 'up', b1: 'rolled back' } }));
  t.is(await w.run('restart', '--all', '--json'), 8);
  t.like(w.document(), {
    outcomes: [
      { instance_id: 'a1', ok: true },
      { instance_id: 'b1', ok: false, is: 'rolled back' },
    ],
  });
});

test('validate exits 9 on an error and 0 without', async (t) => {
  const problem = {
    file: 's.yaml',
    line: 1,
    column: 1,
    end_column: 2,
    severity: 'warning' as const,
    code: 'X',
    message: 'm',
    remedy: '',
  };
  const w = () =>
    world({
      parts: {
        validate: async (files) => ({
          ok: true,
          value: { files: [...files], problems: [problem], text: 's.yaml:1:1: warning X: m' },
        }),
      },
    });
  t.is(await w().run('validate', 's.yaml'), 0);
  const strict = w();
  t.is(await strict.run('validate', 's.yaml', '--strict', '--json'), 9);
  t.like(strict.document(), { files: ['s.yaml'], errors: 1, warnings: 0, problems: [{ severity: 'error' }] });
});
test('status -w prints one line per change off a terminal', async (t) => {
  const w = world();
  const run = w.run('status', '-w', '--utc');
  await w.clock.advance(300);
  w.setRows([row('thermo1', { is: 'lost', why: 'silent' })]);
  await w.clock.advance(600);
  w.interrupt();
  t.is(await run, 130);
  t.regex(w.out.join(''), /^\S+ thermo1 up: started\n\S+ thermo1 lost: silent\n$/);
});
