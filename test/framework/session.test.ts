/** A session from inside and as it is shown: messages, data, progress, degraded, pace, and what a topic can carry (framework §4). */
import test from 'ava';
import { type FakeClock, fakeClock } from '../../base/fake-clock.ts';
import { fault } from '../../base/fault.ts';
import { forTopic, openSession, resultOf } from '../../framework/session.ts';
import { OpCode } from '../../protocol/session.ts';

function session(options: { dataBytesMax?: number; clock?: FakeClock } = {}) {
  const clock = options.clock ?? fakeClock();
  const changes: boolean[] = [];
  const opening = { opName: 'acquire', id: 'S1', number: 1, user: 'local', role: 'operate', params: {} };
  const parts = { clock, g: 7, changed: (atOnce: boolean) => changes.push(atOnce) };
  const open = openSession({ ...opening, dataBytesMax: options.dataBytesMax ?? 1_000 }, parts);
  return { clock, changes, open, handle: open.handle };
}
const texts = (open: ReturnType<typeof session>['open'], newest?: number) =>
  open.view(newest).messages.map(([, text]) => text);

test('a session says each change of its status at once, with the time', (t) => {
  const { clock, changes, open } = session();
  open.begin();
  open.stop();
  open.end({ success: true, text: 'all well' });
  t.deepEqual(texts(open), [
    'Status is now "starting".',
    'Status is now "running".',
    'Status is now "stopping".',
    'all well',
    'Status is now "done".',
  ]);
  t.deepEqual(changes, [true, true, true]);
  t.deepEqual([open.view().end_time, open.view().op_code], [clock.nowMs() / 1_000, OpCode.SUCCEEDED]);
});

test('the status only goes forward', (t) => {
  const { open, handle } = session();
  open.stop();
  open.begin();
  t.is(open.status, 'stopping');
  open.end({ success: false });
  open.stop();
  open.end({ success: true });
  t.deepEqual([open.status, open.view().success, handle.running], ['done', false, false]);
});

test('degraded() shows DEGRADED with its reason while running, says each change once, and takes it back', (t) => {
  const { open, handle, changes } = session();
  open.begin();
  changes.length = 0;
  handle.degraded('no answer from the bridge');
  handle.degraded('no answer from the bridge');
  t.deepEqual([open.view().op_code, open.view().degraded], [OpCode.DEGRADED, 'no answer from the bridge']);
  handle.degraded(false);
  t.deepEqual([open.view().op_code, open.view().degraded], [OpCode.RUNNING, false]);
  t.deepEqual(changes, [true, true]);
  t.deepEqual(texts(open).slice(-2), ['Degraded: no answer from the bridge', 'No longer degraded.']);
});

test('degraded() does not hide that a session stops or has ended', (t) => {
  const { open, handle } = session();
  open.begin();
  handle.degraded('cold');
  open.stop();
  t.is(open.view().op_code, OpCode.STOPPING);
  open.end({ success: true });
  t.is(open.view().op_code, OpCode.SUCCEEDED);
});

test('progress() shows fraction, text and time to go', (t) => {
  const { open, handle } = session();
  handle.progress(0.25, 'cooling', 30);
  t.deepEqual(open.view().progress, { fraction: 0.25, text: 'cooling', eta_s: 30 });
  handle.progress(1);
  t.deepEqual(open.view().progress, { fraction: 1 });
});

test('progress() leaves out a number that is none', (t) => {
  const { open, handle } = session();
  handle.progress(0 / 0, 'waiting', Number.POSITIVE_INFINITY);
  t.deepEqual(open.view().progress, { text: 'waiting' });
});

for (const [what, act] of [
  ['message()', (handle: ReturnType<typeof session>['handle']) => handle.message('valve open')],
  ['progress()', (handle: ReturnType<typeof session>['handle']) => handle.progress(0.5)],
  ['data', (handle: ReturnType<typeof session>['handle']) => Object.assign(handle.data, { v: 1 })],
] as const) {
  test(`${what} alone is a change of what is shown, once`, (t) => {
    const { open, handle } = session();
    open.refresh();
    act(handle);
    t.true(open.refresh());
    t.false(open.refresh());
  });
}

test('message() cuts a text over 4 KiB and says by how much, without splitting a letter', (t) => {
  const { open, handle } = session();
  handle.message('ü'.repeat(5_000));
  const [said = ''] = texts(open).slice(-1);
  t.true(Buffer.byteLength(said) <= 4_096 && said.endsWith('bytes more)') && !said.includes('�'), said.slice(-60));
  const [kept = '', more = ''] = said.split(' … ');
  t.is(Buffer.byteLength(kept) + Number(/\d+/.exec(more)?.[0]), 10_000);
});

test('message() keeps the newest 1 000 and shows the newest 20', (t) => {
  const { open, handle } = session();
  for (let i = 1; i <= 1_100; i++) handle.message(`m${i}`);
  const kept = texts(open, 10_000);
  t.deepEqual([kept.length, kept[0], kept.at(-1)], [1_000, 'm101', 'm1100']);
  t.deepEqual([texts(open).length, texts(open)[0]], [20, 'm1081']);
});

test('message() lets those older than 1 h go, but for the last 5', async (t) => {
  const { clock, open, handle } = session();
  for (let i = 1; i <= 10; i++) handle.message(`old ${i}`);
  await clock.advance(3_601_000);
  handle.message('new');
  t.deepEqual(texts(open), ['old 7', 'old 8', 'old 9', 'old 10', 'new']);
  for (let i = 1; i <= 9; i++) handle.message(`new ${i}`);
  t.is(texts(open).length, 10);
  t.is(texts(open)[0], 'new');
});

test('data shows a number that is none as null', (t) => {
  const { open, handle } = session();
  handle.data = { a: Number.NaN, b: [Number.POSITIVE_INFINITY, 1], c: -0 };
  open.refresh();
  t.deepEqual(open.view().data, { a: null, b: [null, 1], c: 0 });
});

const spoils = test.macro((t, bad: () => Record<string, unknown>, said: string) => {
  const { open, handle } = session();
  handle.data = { good: 1 };
  open.refresh();
  handle.data = bad();
  t.true(open.refresh());
  t.deepEqual(open.view().data, { good: 1 });
  t.true(texts(open).at(-1)?.includes(said), texts(open).at(-1));
  t.false(open.refresh(), 'told once');
  handle.data = { good: 2 };
  open.refresh();
  t.deepEqual(open.view().data, { good: 2 });
});
const cycle = () => {
  const round: Record<string, unknown> = {};
  round['self'] = round;
  return round;
};
test('data with a function spoils only itself', spoils, () => ({ f: () => 1 }), '"f" is a function');
test('data with a bigint spoils only itself', spoils, () => ({ n: 1n }), '"n" is a bigint');
test('data with a cycle spoils only itself', spoils, cycle, 'not shown');
test('data over its limit spoils only itself', spoils, () => ({ s: 'x'.repeat(1_001) }), 'at most 1000');

test('data is shown as it was at the snapshot, not as it is changed later', (t) => {
  const { open, handle } = session();
  const mine = { list: [1] };
  handle.data = mine;
  open.refresh();
  mine.list.push(2);
  t.deepEqual(open.view().data, { list: [1] });
  open.refresh();
  t.deepEqual(open.view().data, { list: [1, 2] });
});

test('forTopic() leaves the longest fields of data out until it fits, and names them', (t) => {
  const { open, handle } = session({ dataBytesMax: 1_000_000 });
  handle.data = { small: 1, long: 'x'.repeat(50_000), longer: 'y'.repeat(60_000) };
  open.refresh();
  const shown = forTopic(open.view());
  t.deepEqual([Object.keys(shown.data), shown.cut], [['small', 'long'], ['longer']]);
  t.true(Buffer.byteLength(JSON.stringify(shown)) <= 65_536);
  t.deepEqual(Object.keys(open.view().data), ['small', 'long', 'longer']);
});

test('forTopic() keeps within the limit when it is the messages that are long', (t) => {
  const { open, handle } = session();
  for (let i = 0; i < 20; i++) handle.message('x'.repeat(4_096));
  const shown = forTopic(open.view());
  t.true(Buffer.byteLength(JSON.stringify(shown)) <= 65_536);
  t.true(shown.messages.length >= 1);
});

test('forTopic() leaves what fits as it is', (t) => {
  const { open } = session();
  t.is(forTopic(open.view()).cut, undefined);
});

test('sleep() ends with the time, or at once when asked to stop, and tells which', async (t) => {
  const { clock, open, handle } = session();
  open.begin();
  const whole = handle.sleep(1_000);
  await clock.advance(1_000);
  t.true(await whole);
  const cut = handle.sleep(60_000);
  open.stop();
  t.false(await cut);
  t.false(await handle.sleep(60_000));
});

test('pace() keeps its cadence whatever the work takes, without drift', async (t) => {
  const { clock, open, handle } = session();
  open.begin();
  const startMs = clock.monotonicMs();
  const atMs: number[] = [];
  const done = (async () => {
    for await (const tick of handle.pace(10)) {
      atMs.push(clock.monotonicMs() - startMs);
      await clock.sleep(tick % 2 === 0 ? 30 : 70);
    }
  })();
  await clock.advance(10_000);
  open.stop();
  await clock.advance(100);
  await done;
  t.deepEqual(
    atMs.slice(0, 100),
    Array.from({ length: 100 }, (_, i) => i * 100),
  );
});

test('pace() does not try to catch up what it missed for long', async (t) => {
  const { clock, open, handle } = session();
  open.begin();
  const atMs: number[] = [];
  const done = (async () => {
    for await (const tick of handle.pace(10)) {
      atMs.push(clock.monotonicMs());
      if (tick === 0) await clock.sleep(5_000);
    }
  })();
  await clock.advance(5_950);
  open.stop();
  await done;
  // One tick at most is made good after the 5 s, then ten a second.
  t.true(atMs.length >= 10 && atMs.length <= 13, String(atMs.length));
});

const ends = test.macro(
  (t, given: Parameters<typeof resultOf>[0], wanted: { success: boolean; text?: string; code?: string }) => {
    const { success, text, fault: why } = resultOf(given);
    t.deepEqual({ success, ...(text === undefined ? {} : { text }), ...(why ? { code: why.code } : {}) }, wanted);
  },
);
const stuck = fault('SESSION_FAILED', { text: 'valve 3 is stuck' });
test('resultOf() a text is success with this text', ends, { returned: 'well' }, { success: true, text: 'well' });
test('resultOf() nothing is success', ends, { returned: undefined }, { success: true });
test(
  'resultOf() a returned failure is none',
  ends,
  { returned: { failed: stuck } },
  { success: false, text: 'valve 3 is stuck', code: 'SESSION_FAILED' },
);
test(
  'resultOf() a thrown failure is told as it is',
  ends,
  { thrown: { failed: stuck } },
  { success: false, text: 'valve 3 is stuck', code: 'SESSION_FAILED' },
);
test(
  'resultOf() a thrown fault is told as it is',
  ends,
  { thrown: stuck },
  { success: false, text: 'valve 3 is stuck', code: 'SESSION_FAILED' },
);
test(
  'resultOf() any other error is a crash',
  ends,
  { thrown: new TypeError('no\nstack') },
  { success: false, text: 'CRASH: no', code: 'SESSION_FAILED' },
);
