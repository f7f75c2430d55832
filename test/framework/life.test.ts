/** The life of an agent: what stops it at the start, what it does without a bus, and how it ends (framework §2, §3; scenario F09). */
import { existsSync, readdirSync } from 'node:fs';
import test from 'ava';
import { CupolaFault, must } from '../../base/fault.ts';
import { fakeClock } from '../../base/fake-clock.ts';
import { memoryBus } from '../../bus/memory-bus.ts';
import { socketCaller } from '../../client/socket-caller.ts';
import type { AgentDefinition, Setup } from '../../framework/agent.ts';
import { agent, z } from '../../framework/cupola.ts';
import { type Harness, harness } from '../../framework/testing.ts';
import { Presence, ReplyCode } from '../../protocol/envelope.ts';
import { OpCode, Session } from '../../protocol/session.ts';
import { socketPath } from '../../store/host-folder.ts';
import { memoryStore } from '../../store/memory-store.ts';
import { type LogLine, logTo } from '../fixtures/log.ts';

const kelvin = z.number().meta({ unit: 'K' });
const declares = (setup: (parts: Setup<Record<string, unknown>>) => void) => agent('X', z.object({}), setup);

/** A process that publishes into a buffer, and an abortable task that takes `slowMs` to end. */
const busy = agent('Busy', z.object({}), ({ feed, process, task, clock }) => {
  const samples = feed('samples', { ch1: kelvin }, { bufferMs: 3_600_000 });
  process('acquire', {
    autostart: true,
    async run(session) {
      for (let i = 0; session.running; await session.sleep(1_000)) samples.publish({ ch1: i++ });
      return 'stopped well';
    },
  });
  task('sweep', {
    abortable: true,
    async run(session) {
      await session.sleep(86_400_000);
      await clock.sleep(500);
      return session.failed('aborted in the middle');
    },
  });
  task('stubborn', {
    async run(session) {
      await clock.sleep(3_600_000);
      session.message('never');
    },
  });
});

/** What went over the bus, topic by topic. */
function watch(h: Harness) {
  const said: { topic: string; retain: boolean; message: Record<string, unknown> }[] = [];
  h.bus.tap(({ topic, retain, payload }) => {
    if (topic.includes('/agents/x/'))
      said.push({
        topic: topic.slice('observatory/agents/x/'.length),
        retain,
        message: JSON.parse(new TextDecoder().decode(payload)),
      });
  });
  return said;
}

const refused = test.macro(async (t, definition: AgentDefinition, ...said: string[]) => {
  const bus = memoryBus();
  const topics: string[] = [];
  bus.tap(({ topic }) => topics.push(topic));
  const thrown = await t.throwsAsync(harness(definition, { bus }), { instanceOf: CupolaFault });
  t.is(thrown?.fault.code, 'AGENT_SCHEMA');
  for (const part of said) t.true(thrown?.message.includes(part), thrown?.message);
  t.deepEqual([topics, bus.clientIds()], [[], []]);
});
const run = () => {};
test(
  'two operations of one name: the agent does not start',
  refused,
  declares(({ task, process }) => void [task('t', { run }), process('t', { run })]),
  '"t" is declared twice',
);
test(
  'a feed with the name of an operation: the agent does not start',
  refused,
  declares(({ task, feed }) => void [task('t', { run }), feed('t', { v: kelvin })]),
  '"t" is declared twice',
);
test(
  'two names that differ in case only: the agent does not start',
  refused,
  declares(({ task, feed }) => void [task('acq', { run }), feed('Acq', { v: kelvin })]),
  '"Acq" differs from "acq"',
);
test(
  'a name that is no level of a topic: the agent does not start',
  refused,
  declares(({ feed }) => void feed('a/b', { v: kelvin })),
  '"a/b" is no name',
);
test(
  'a name with a dot: the agent does not start',
  refused,
  declares(({ task }) => void task('a.b', { run })),
  '"a.b" is no name',
);
test(
  'params that JSON Schema cannot say: the agent does not start, naming the operation',
  refused,
  declares(({ task }) => void task('when', { params: z.object({ at: z.date() }), run })),
  'operation "when"',
  'Date',
);
test(
  'data that JSON Schema cannot say: the agent does not start, naming the operation',
  refused,
  declares(({ task }) => void task('when', { data: z.object({ at: z.bigint() }), run })),
  'operation "when"',
  'BigInt',
);
test(
  'a set-up that throws: the agent does not start, and says why',
  refused,
  declares(() => {
    throw new Error('no such calibration file');
  }),
  'no such calibration file',
);
test(
  'a self-test that throws: the agent does not start, and says why',
  refused,
  declares(({ selfTest }) => {
    selfTest(async () => {
      throw new Error('heater 2 is open');
    });
  }),
  'heater 2 is open',
);

test('an agent that cannot store its generation does not start', async (t) => {
  const store = memoryStore();
  store.full = true;
  const thrown = await t.throwsAsync(harness(busy, { store }), { instanceOf: CupolaFault });
  t.is(thrown?.fault.code, 'STORE_FAILED');
  t.true(thrown?.message.startsWith('Agent "x" not started'));
});

test('every start has a higher generation and one more on its count, also when the clock was set back', async (t) => {
  const store = memoryStore();
  const first = await harness(busy, { store });
  const { generation } = first.agent.identity;
  await first.end();
  const second = await harness(busy, { store, clock: fakeClock(1_000_000) });
  t.true(second.agent.identity.generation > generation);
  const info = await second.call({ method: 'info', class: 'read' });
  t.is(info.ok && (info.value.value as { start: number }).start, 2);
  await second.end();
});

test('F09: at the end processes are stopped and tasks aborted at once, feeds flushed, and "offline" said with the reason', async (t) => {
  const h = await harness(busy);
  await h.ask('start', 'sweep');
  await h.advance(3_000);
  const said = watch(h);
  const atMs = h.clock.monotonicMs();
  let code: number | undefined;
  void h.agent.end('signal SIGINT').then((given) => {
    code = given;
  });
  await h.advance(0);
  t.deepEqual(
    said.filter(({ topic }) => topic === 'presence').map(({ message }) => [message['state'], message['reason']]),
    [['draining', 'signal SIGINT']],
  );
  await h.advance(499);
  t.is(code, undefined, 'the slower one is waited for');
  await h.advance(1);
  t.is(code, 0);
  t.true(h.clock.monotonicMs() - atMs <= 600);
  const last = (topic: string) => said.findLast((one) => one.topic === topic)?.message;
  t.deepEqual([last('op/acquire')?.['op_code'], last('op/sweep')?.['op_code']], [OpCode.SUCCEEDED, OpCode.FAILED]);
  t.like(last('feed/samples')?.['fields'], { ch1: [0, 1, 2, 3, 4, 5] });
  t.is(last('last/samples')?.['ch1'], 5);
  t.deepEqual(said.at(-1)?.topic, 'presence');
  t.deepEqual(
    [Presence.parse(said.at(-1)?.message).state, said.at(-1)?.message['reason'], said.at(-1)?.retain],
    ['offline', 'signal SIGINT', true],
  );
  t.deepEqual(await h.agent.ended, { code: 0 });
  await h.end();
});

test('an idle agent ends without any pause', async (t) => {
  const h = await harness(declares(({ task }) => void task('t', { run })));
  const atMs = h.clock.monotonicMs();
  let over = false;
  void h.agent.end('restart').then(() => {
    over = true;
  });
  await h.advance(0);
  t.true(over);
  t.is(h.clock.monotonicMs(), atMs);
  t.false(existsSync(socketPath(h.folder, 'x')));
  await h.end();
});

test('a start during the end is refused with STOPPING, a repeated one is still told of its session', async (t) => {
  const h = await harness(busy);
  await h.ask('start', 'sweep', { session: 'S1' });
  const local = must(await socketCaller({ path: socketPath(h.folder, 'x'), clock: h.clock }));
  const over = h.agent.end('upgrade');
  const fresh = await local.call('x', { method: 'start', class: 'operate', op: 'stubborn' });
  t.deepEqual(fresh.ok ? '' : [fresh.fault.code, fresh.fault.message], ['STOPPING', '"x" is ending: upgrade']);
  const again = must(await local.call('x', { method: 'start', class: 'operate', op: 'sweep', session: 'S1' }));
  t.is(Session.parse(again.session).number, 1);
  t.is(await h.settle(over), 0);
  await local.closed;
  await h.end();
});

test('a task that does not end is given up when the grace is over, and named', async (t) => {
  const lines: LogLine[] = [];
  const h = await harness(busy, { log: logTo(lines) });
  await h.ask('start', 'stubborn');
  const atMs = h.clock.monotonicMs();
  const code = await h.settle(h.agent.end('restart'));
  t.is(code, 0);
  t.true(h.clock.monotonicMs() - atMs >= 8_000 && h.clock.monotonicMs() - atMs <= 8_200);
  t.deepEqual(lines.find(({ msg }) => msg === 'given up')?.['operations'], ['stubborn']);
  await h.end();
});

test('a second request to end cuts the grace to 1 s, exit 130', async (t) => {
  const h = await harness(busy);
  await h.ask('start', 'stubborn');
  const atMs = h.clock.monotonicMs();
  const first = h.agent.end('signal SIGINT');
  await h.advance(100);
  const codes = await h.settle(Promise.all([first, h.agent.end('signal SIGINT')]));
  t.deepEqual(codes, [130, 130]);
  t.true(h.clock.monotonicMs() - atMs <= 1_300);
  await h.end();
});

test('the broker is away at the start: autostart runs, the socket answers, and all retained topics are there once it comes', async (t) => {
  const bus = memoryBus();
  bus.cut();
  const h = await harness(busy, { bus });
  const local = must(await socketCaller({ path: socketPath(h.folder, 'x'), clock: h.clock }));
  const status = must(await local.call('x', { method: 'status', class: 'read', op: 'acquire' }));
  const before = Session.parse(status.session);
  t.deepEqual([before.status, before.op_code], ['running', OpCode.RUNNING]);
  const started = must(await local.call('x', { method: 'start', class: 'operate', op: 'sweep' }));
  t.is(started.code, ReplyCode.OK);
  t.deepEqual([...bus.retained().keys()], []);
  await h.advance(60_000);
  bus.restore();
  await h.advance(15_000);
  t.deepEqual([...bus.retained().keys()].map((topic) => topic.slice('observatory/agents/x/'.length)).toSorted(), [
    'api',
    'op/acquire',
    'op/sweep',
    'presence',
  ]);
  t.is((await h.ask('status', 'acquire'))[2]?.session_id, before.session_id);
  await local.close();
  await h.end();
});

test('the bus goes and comes: sessions keep their ids, processes are not started anew, everything is said again', async (t) => {
  const h = await harness(busy);
  const before = (await h.ask('status', 'acquire'))[2];
  h.bus.cut({ forget: true });
  await h.advance(30_000);
  t.is(h.bus.retained().size, 0);
  h.bus.restore();
  await h.advance(15_000);
  const after = (await h.ask('status', 'acquire'))[2];
  t.deepEqual([after?.session_id, after?.number, after?.status], [before?.session_id, 1, 'running']);
  t.is(Presence.parse(JSON.parse(h.bus.retained().get('observatory/agents/x/presence') ?? '')).state, 'online');
  t.true(h.bus.retained().has('observatory/agents/x/api'));
  await h.end();
});

test('the socket bears the generation until the agent has started, then the name of the instance, and goes with it', async (t) => {
  const seen: string[][] = [];
  const h = await harness(
    declares(({ onStart, folder }) => {
      onStart(() => void seen.push(readdirSync(folder.run)));
    }),
  );
  t.deepEqual(seen, [[`x.g${h.agent.identity.generation}.sock`]]);
  t.deepEqual(readdirSync(h.folder.run), ['x.sock']);
  await h.settle(h.agent.end('restart'));
  t.deepEqual(readdirSync(h.folder.run), []);
  await h.end();
});

test('an autostart whose params are refused is told, and the agent lives', async (t) => {
  const lines: LogLine[] = [];
  const definition = declares(
    ({ process }) => void process('p', { params: z.object({ v: z.number() }), autostart: true, run }),
  );
  const h = await harness(definition, { log: logTo(lines) });
  t.is(lines.find(({ msg }) => msg === 'autostart refused')?.['fault'], 'PARAMS_INVALID');
  t.deepEqual(await h.ask('status', 'p'), [0, 'No session active.', undefined]);
  await h.end();
});

test('at the end sessions are over first, then hooks run, the last declared first, and what repeats has stopped', async (t) => {
  const turns: string[] = [];
  let ticks = 0;
  const h = await harness(
    declares(({ process, every, signal, onEnd, onGone }) => {
      every(1_000, () => ticks++);
      process('p', {
        autostart: true,
        async run(session) {
          await session.sleep(86_400_000);
          turns.push('p');
        },
      });
      onEnd(() => void turns.push('declared first'));
      onEnd(() => {
        throw new Error('a hook that fails stops no other');
      });
      onEnd((reason) => void turns.push(`declared last: ${reason}`));
      onGone(() => void turns.push(signal.aborted ? 'gone' : 'gone before the signal'));
    }),
  );
  await h.advance(3_000);
  const before = ticks;
  t.true(before >= 3);
  await h.settle(h.agent.end('down'));
  await h.advance(10_000);
  t.deepEqual(turns, ['p', 'declared last: down', 'declared first', 'gone']);
  t.is(ticks, before);
  await h.end();
});
