import test from 'ava';
import { ended, session, world } from '../world.ts';

const started = () => session('set_range', { session_id: '01A' });

test('run starts the operation with its params, waits and says how it ended', async (t) => {
  const w = world();
  w.answers.set('thermo1.start.set_range', () => {
    w.push('thermo1', started());
    return started();
  });
  const run = w.run('run', 'thermo1.set_range', 'range=100mK');
  await w.clock.advance(10);
  w.push('thermo1', ended('set_range', true, { session_id: '01A', data: { range: 0.1 } }));
  t.is(await run, 0);
  t.deepEqual(w.asks.find(({ ask }) => ask.method === 'start')?.ask.params, { range: 0.1 });
  t.is(w.out.join(''), '✓ succeeded in 0.21 s: range 0.1   (session 118)\n');
});
test('run exits 1 where the session failed', async (t) => {
  const w = world();
  w.answers.set(
    'thermo1.start.set_range',
    ended('set_range', false, { session_id: '01A', messages: [[1, 'no answer']] }),
  );
  w.push('thermo1', ended('set_range', false, { session_id: '01A', messages: [[1, 'no answer']] }));
  t.is(await w.run('run', 'thermo1.set_range', 'range=1', '--json'), 1);
  t.like(w.document(), {
    ok: false,
    code: 0,
    session: { session_id: '01A', success: false },
    fault: { message: 'no answer' },
  });
});
test('run exits 7 when it is not over in time, and it goes on', async (t) => {
  const w = world();
  w.answers.set('thermo1.start.set_range', started());
  const run = w.run('run', 'thermo1.set_range', 'range=1', '--timeout', '2s');
  await w.clock.advance(2_000);
  t.is(await run, 7);
  t.regex(w.notes.join(''), /TIMEOUT.*\n {2}next: .*cupola wait thermo1.set_range/);
});
test('run asks for its own session where another has taken its place', async (t) => {
  const w = world();
  w.answers.set('thermo1.start.set_range', started());
  w.answers.set('thermo1.wait.set_range', ended('set_range', true, { session_id: '01A' }));
  w.push('thermo1', session('set_range', { session_id: '01B' }));
  t.is(await w.run('run', 'thermo1.set_range', 'range=1'), 0);
});
test('start prints the session id and does not wait', async (t) => {
  const w = world();
  w.answers.set('thermo1.start.acquire', session('acquire', { session_id: '01A' }));
  t.is(await w.run('start', 'thermo1.acquire', '-q'), 0);
  t.deepEqual(w.out, ['01A\n']);
});
test('stop stops the session that runs', async (t) => {
  const w = world();
  w.push('thermo1', session('acquire', { session_id: '01A' }));
  w.answers.set('thermo1.stop.acquire', session('acquire', { session_id: '01A', status: 'stopping' }));
  t.is(await w.run('stop', 'thermo1.acquire'), 0);
  t.is(w.asks.find(({ ask }) => ask.method === 'stop')?.ask.session, '01A');
});
test('stop of what does not run exits 0 and says so', async (t) => {
  const w = world();
  t.is(await w.run('stop', 'thermo1.acquire'), 0);
  t.is(w.out.join(''), 'thermo1.acquire does not run\n');
});
test('wait of several exits 8 when some fail', async (t) => {
  const w = world();
  w.push('thermo1', ended('set_range', false));
  w.push('thermo1', ended('acquire', true));
  t.is(await w.run('wait', 'thermo1.set_range', 'thermo1.acquire'), 8);
});
test('the bus down exits 4', async (t) => {
  const w = world({ bus: false, hostManager: false });
  t.is(await w.run('run', 'thermo1.set_range', 'range=1'), 4);
});

const interrupts = test.macro(
  async (
    t,
    given: { interactive: boolean; typed?: string[]; args?: string[] },
    want: { exit: number; aborted: boolean; says: RegExp },
  ) => {
    const w = world({ interactive: given.interactive, typed: given.typed ?? [] });
    w.answers.set('thermo1.start.set_range', started());
    w.answers.set('thermo1.abort.set_range', started());
    const run = w.run('run', 'thermo1.set_range', 'range=1', ...(given.args ?? []));
    await w.clock.advance(10);
    w.interrupt();
    await w.clock.advance(10);
    const aborted = w.asks.some(({ ask }) => ask.method === 'abort' && ask.session === '01A');
    w.push('thermo1', ended('set_range', false, { session_id: '01A', messages: [[1, 'aborted']] }));
    t.is(await run, want.exit);
    t.is(aborted, want.aborted);
    t.regex([...w.notes, ...w.out].join(''), want.says);
  },
);
test(
  'Ctrl-C off a terminal detaches and prints the line that aborts',
  interrupts,
  { interactive: false },
  { exit: 130, aborted: false, says: /"cupola abort thermo1.set_range" ends it/ },
);
test(
  'Ctrl-C with --on-interrupt abort aborts',
  interrupts,
  { interactive: false, args: ['--on-interrupt', 'abort'] },
  { exit: 1, aborted: true, says: /aborted/ },
);
test(
  'Ctrl-C on a terminal asks, "a" aborts',
  interrupts,
  { interactive: true, typed: ['a'] },
  { exit: 1, aborted: true, says: /aborted/ },
);
test(
  'Ctrl-C on a terminal asks, "d" detaches',
  interrupts,
  { interactive: true, typed: ['d'] },
  { exit: 130, aborted: false, says: /runs on/ },
);
test(
  'Ctrl-C on a terminal asks, Enter waits on',
  interrupts,
  { interactive: true, typed: [''] },
  { exit: 1, aborted: false, says: /aborted/ },
);

test('run of an immediate task needs no wait: the reply has its end', async (t) => {
  const w = world();
  w.answers.set('thermo1.start.set_range', ended('set_range', true, { session_id: '01A', data: { range: 2 } }));
  t.is(await w.run('run', 'thermo1.set_range', 'range=2'), 0);
  t.regex(w.out.join(''), /range 2 /);
});
test('run detaches when the terminal is lost', async (t) => {
  const w = world({ interactive: true, typed: ['a'] });
  w.answers.set('thermo1.start.set_range', started());
  const run = w.run('run', 'thermo1.set_range', 'range=1');
  await w.clock.advance(10);
  w.interrupt('SIGHUP');
  t.is(await run, 130);
  t.false(w.asks.some(({ ask }) => ask.method === 'abort'));
});
