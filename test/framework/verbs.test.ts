/** The verbs on operations, as a script sees them: scenarios S29 and S30, and F01 to F04, F07, F12 of the framework. */
import test from 'ava';
import { openBusCaller } from '../../client/bus-caller.ts';
import { agent, z } from '../../framework/cupola.ts';
import { harness } from '../../framework/testing.ts';
import { OpCode } from '../../protocol/session.ts';

const x = agent('X', z.object({}), ({ task, process, lock }) => {
  const gate = lock('gate');
  task('t', {
    async run(session) {
      await session.sleep(2_000);
      return 'slept 2 s';
    },
  });
  task('abortable', {
    abortable: true,
    async run(session) {
      await session.sleep(60_000);
    },
  });
  process('p', {
    async run(session) {
      await session.sleep(60_000);
      return 'stopped well';
    },
  });
  task('typed', {
    params: z.object({
      v: z.number().meta({ unit: 'V' }),
      d: z.number().default(1),
      m: z.enum(['cur', 'volt']).optional(),
    }),
    run: (session, params) => {
      session.data = { ...params };
    },
  });
  task('n', { run: () => {} });
  task('broken', {
    run() {
      throw new TypeError('no such thing');
    },
  });
  task('refusing', { run: (session) => session.failed('valve 3 is stuck') });
  task('slow', {
    immediate: true,
    async run(session) {
      const held = await gate.take({ waitMs: 0, by: session.id });
      session.data = { alone: held !== null };
      await session.sleep(1_000);
      held?.release();
    },
  });
  process('data', {
    async run(session) {
      session.data = { small: 1, bad: Number.NaN };
      await session.sleep(1_000);
      session.data = { big: 'x'.repeat(2 * 1_048_576) };
      await session.sleep(1_000);
      session.data = { small: 2 };
      await session.sleep(1_000);
      session.data = { odd: 10n };
      await session.sleep(60_000);
    },
  });
});

test('S29: the verbs on a task that never ran, runs, and has ended', async (t) => {
  const h = await harness(x);
  t.deepEqual(await h.ask('status', 't'), [0, 'No session active.', undefined]);
  t.deepEqual(await h.ask('wait', 't'), [0, 'Idle.', undefined]);
  t.is((await h.ask('abort', 't'))[0], -1);
  t.is((await h.ask('stop', 't'))[0], -1);
  const [code, message, session] = await h.ask('start', 't');
  t.deepEqual(
    [code, message, session?.status, session?.op_code],
    [0, 'Started task "t".', 'starting', OpCode.STARTING],
  );
  const again = await h.ask('start', 't');
  t.deepEqual(
    [again[0], again[1], again[2]?.session_id],
    [-1, 'Operation "t" already in progress.', session?.session_id],
  );
  const late = await h.ask('wait', 't', { forMs: 200 });
  t.deepEqual([late[0], late[1]], [1, 'Operation "t" still running; wait timed out.']);
  const [waited, text, ended] = await h.ask('wait', 't');
  t.deepEqual(
    [waited, text, ended?.op_code, ended?.success],
    [0, 'Operation "t" is currently not running (SUCCEEDED).', OpCode.SUCCEEDED, true],
  );
  t.true((ended?.end_time ?? 0) > (ended?.start_time ?? 0));
  const status = await h.ask('status', 't');
  t.deepEqual([status[0], status[1], status[2]?.status], [0, 'Session active.', 'done']);
  t.deepEqual(
    status[2]?.messages.map(([, said]) => said),
    ['Status is now "starting".', 'Status is now "running".', 'slept 2 s', 'Status is now "done".'],
  );
  t.is((await h.ask('abort', 't'))[1], 'The operation is already stopping');
  await h.end();
});

test('the verb of the other kind is refused, naming the right one', async (t) => {
  const h = await harness(x);
  t.true((await h.ask('stop', 't'))[1].includes('"abort"'));
  t.true((await h.ask('abort', 'p'))[1].includes('"stop"'));
  t.true((await h.ask('start', 'nothing'))[1].includes('not known'));
  await h.end();
});

const refusals = test.macro(async (t, op: string, params: Record<string, unknown>, ...wanted: string[]) => {
  const h = await harness(x);
  const [code, message, session] = await h.ask('start', op, { params });
  t.is(code, -1);
  t.is(session, undefined);
  for (const part of wanted) t.true(message.includes(part), message);
  t.deepEqual(await h.ask('status', op), [0, 'No session active.', undefined]);
  await h.end();
});
test(
  'S30: a required param that is missing is named with its type and unit',
  refusals,
  'typed',
  {},
  'v: required, number in V',
);
test('S30: a text is no number', refusals, 'typed', { v: 'x' }, 'v: "x" is not a number');
test(
  'S30: a word outside the choices is told with the choices',
  refusals,
  'typed',
  { v: 1, m: 'foo' },
  'm: "foo" is not "cur" or "volt"',
);
test(
  'S30: an unexpected param is told with the nearest name',
  refusals,
  'typed',
  { v: 1, q: 2 },
  'q: unexpected; did you mean "',
);
test('S30: an operation without params takes none', refusals, 'n', { a: 1 }, 'a: unexpected');
test('S30: all problems are told at once', refusals, 'typed', { v: 'x', m: 'foo' }, 'v: "x"', 'm: "foo"');
test('S30: a boolean is no number', refusals, 'typed', { v: true }, 'v: true is not a number');

test('S30: defaults are filled in, null counts as not given', async (t) => {
  const h = await harness(x);
  t.is((await h.ask('start', 'typed', { params: { v: 1 } }))[0], 0);
  t.deepEqual((await h.ask('wait', 'typed'))[2]?.data, { v: 1, d: 1 });
  t.is((await h.ask('start', 'typed', { params: { v: 1, d: null, m: null } }))[0], 0);
  t.deepEqual((await h.ask('wait', 'typed'))[2]?.params, { v: 1, d: 1 });
  await h.end();
});

test('F01: sleep ends at once on stop, without a tick of the clock', async (t) => {
  const h = await harness(x);
  await h.ask('start', 'p');
  const at = h.clock.nowMs();
  const [, message] = await h.ask('stop', 'p');
  t.is(message, 'Requested stop on process "p".');
  const [, , session] = await h.ask('status', 'p');
  t.is(session?.op_code, OpCode.SUCCEEDED);
  t.true((session?.end_time ?? 0) * 1_000 - at < 100);
  await h.end();
});

test('an aborted task ends without success, one that cannot be aborted goes on', async (t) => {
  const h = await harness(x);
  await h.ask('start', 'abortable');
  t.is((await h.ask('abort', 'abortable'))[0], 0);
  const [, , aborted] = await h.ask('wait', 'abortable');
  t.deepEqual([aborted?.success, aborted?.messages.at(-2)?.[1]], [false, 'aborted']);
  await h.ask('start', 't');
  t.is((await h.ask('abort', 't'))[0], -1);
  t.is((await h.ask('wait', 't'))[2]?.success, true);
  await h.end();
});

test('F02: an error thrown fails the session without a stack, and the agent lives on', async (t) => {
  const h = await harness(x);
  await h.ask('start', 'broken');
  const [, text, session] = await h.ask('wait', 'broken');
  t.true(text.includes('FAILED'));
  t.true(session?.messages.some(([, said]) => said === 'CRASH: no such thing'));
  t.false(JSON.stringify(session).includes('at '));
  t.is((await h.ask('start', 'broken'))[0], 0);
  await h.ask('start', 'refusing');
  const [, , refused] = await h.ask('wait', 'refusing');
  t.deepEqual([refused?.success, refused?.fault?.message], [false, 'valve 3 is stuck']);
  await h.end();
});

test('F03: the last 20 sessions are known by their id, older ones are not', async (t) => {
  const h = await harness(x);
  const ids: string[] = [];
  for (let i = 0; i < 25; i++) ids.push((await h.ask('start', 'n'))[2]?.session_id ?? '');
  t.is((await h.ask('status', 'n', { session: ids[4] ?? '' }))[0], -1);
  t.is((await h.ask('status', 'n', { session: ids[5] ?? '' }))[2]?.number, 6);
  t.is((await h.ask('start', 'n'))[2]?.number, 26);
  await h.end();
});

test('F04: an immediate task serves its callers one after another, each with its finished session, and refuses the 66th', async (t) => {
  const h = await harness(x);
  const callers = Array.from({ length: 7 }, (_, i) =>
    openBusCaller({ dialer: h.bus.dialer(`user${i}`), root: 'observatory', clock: h.clock, random: () => 0.5 }),
  );
  await h.advance(100);
  const asked = callers.flatMap((caller, c) =>
    Array.from({ length: 10 }, (_, i) =>
      caller.call(h.id, { method: 'start', class: 'operate', op: 'slow', session: `s${c}-${i}`, ttlMs: 120_000 }),
    ),
  );
  await h.advance(70_000);
  const replies = await Promise.all(asked);
  const done = replies.flatMap((reply) => (reply.ok ? [reply.value.session] : []));
  const full = replies.filter((reply) => !reply.ok && reply.fault.code === 'OPERATION_QUEUE_FULL');
  t.is(done.length, 65);
  t.is(full.length, 5);
  t.true(done.every((session) => 'status' in session && session.status === 'done' && session.data['alone'] === true));
  await Promise.all([...callers.map((caller) => caller.close()), h.end()]);
});

test('F07: a start that is sent twice under one session id runs once, also after the agent was killed', async (t) => {
  const h = await harness(x);
  const first = await h.ask('start', 't', { session: 'SESSION-1' });
  const second = await h.ask('start', 't', { session: 'SESSION-1' });
  t.deepEqual([first[0], second[0], second[2]?.number], [0, 0, 1]);
  // The store is all that a killed process leaves.
  const later = await harness(x, { store: h.store, clock: h.clock });
  const third = await later.ask('start', 't', { session: 'SESSION-1' });
  t.deepEqual([third[0], third[2]?.number, third[2]?.fault?.code], [0, 1, 'GENERATION_CRASHED']);
  t.is((await later.ask('start', 't'))[2]?.number, 2);
  await later.end();
  await h.end();
});

test('F12: data over the limit or no JSON spoils only itself', async (t) => {
  const h = await harness(x);
  await h.ask('start', 'data');
  t.deepEqual((await h.ask('status', 'data'))[2]?.data, { small: 1, bad: null });
  await h.advance(1_000);
  const big = (await h.ask('status', 'data'))[2];
  t.deepEqual(big?.data, { small: 1, bad: null });
  t.true(big?.messages.some(([, said]) => said.includes('at most 262144')));
  t.is((await h.ask('status', 'n'))[0], 0);
  await h.advance(1_000);
  t.deepEqual((await h.ask('status', 'data'))[2]?.data, { small: 2 });
  await h.advance(1_000);
  const odd = (await h.ask('status', 'data'))[2];
  t.deepEqual(odd?.data, { small: 2 });
  t.true(odd?.messages.some(([, said]) => said.includes('bigint')));
  await h.end();
});
