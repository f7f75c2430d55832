/** The site from a program: agents as objects, operations as functions, feeds as iterations, faults with their cause (framework §9). */
import test from 'ava';
import { CupolaFault } from '../../base/fault.ts';
import { memoryBus } from '../../bus/memory-bus.ts';
import { openSite } from '../../client/site.ts';
import { agent, z } from '../../framework/cupola.ts';
import { type Harness, harness } from '../../framework/testing.ts';
import { ReplyCode } from '../../protocol/envelope.ts';
import { OpCode, Session } from '../../protocol/session.ts';

const thermometer = agent('Thermometer', z.object({}), ({ task, process, feed }) => {
  const temperatures = feed('temperatures', { ch1: z.number().nullable() }, { ring: { minutes: 1 } });
  const latest = feed('latest', { ch1: z.number() }, { record: false });
  const set_range = task('set_range', {
    params: z.object({ rangeK: z.number().positive() }),
    async run(session, { rangeK }) {
      await session.sleep(1_000);
      return rangeK > 100 ? session.failed(`no range of ${rangeK} K`) : `range ${rangeK} K`;
    },
  });
  const sweep = task('sweep', {
    abortable: true,
    async run(session) {
      for (let i = 1; i <= 3 && session.running; i++) {
        await session.sleep(1_000);
        session.progress(i / 3, `step ${i}`);
      }
      await session.sleep(200);
    },
  });
  const acquire = process('acquire', {
    params: z.object({ periodMs: z.int().min(10).default(1_000) }),
    async run(session, { periodMs }) {
      for (let i = 1; session.running; await session.sleep(periodMs)) {
        temperatures.publish({ ch1: i });
        latest.publish({ ch1: i });
        session.data = { i: i++ };
      }
    },
  });
  return { set_range, sweep, acquire, temperatures, latest };
});

async function lab() {
  const h = await harness(thermometer, { instanceId: 'thermo1' });
  const site = openSite(h.caller, h.clock, 'observatory');
  const thermo1 = site.agent<typeof thermometer>('thermo1');
  return { h, site, thermo1 };
}
/** The fault that `promise` fails with. */
async function faultOf(h: Harness, promise: Promise<unknown>): Promise<CupolaFault['fault'] | undefined> {
  const thrown = await h.settle(
    promise.then(
      () => undefined,
      (reason: unknown) => reason,
    ),
  );
  return thrown instanceof CupolaFault ? thrown.fault : undefined;
}
/** The next `count` values of an iteration, while time passes. */
const take = <T>(h: Harness, stream: AsyncIterator<T>, count: number): Promise<T[]> =>
  h.settle(
    (async () => {
      const values: T[] = [];
      while (values.length < count) {
        const { value, done } = await stream.next();
        if (done) break;
        values.push(value);
      }
      return values;
    })(),
  );

test('an operation that is called is started and waited for', async (t) => {
  const { h, thermo1 } = await lab();
  const session = await h.settle(thermo1.set_range({ rangeK: 0.1 }));
  t.like(session, { success: true, op_code: OpCode.SUCCEEDED, params: { rangeK: 0.1 } });
  await h.end();
});

test('an operation that fails is thrown as its fault, with the session', async (t) => {
  const { h, thermo1 } = await lab();
  const why = await faultOf(h, thermo1.set_range({ rangeK: 500 }));
  t.deepEqual([why?.code, why?.message], ['SESSION_FAILED', 'no range of 500 K']);
  t.is(Session.parse(why?.facts['session']).op_code, OpCode.FAILED);
  await h.end();
});

test('params that are refused are thrown before anything runs', async (t) => {
  const { h, thermo1 } = await lab();
  const why = await faultOf(h, thermo1.set_range({ rangeK: -1 }));
  t.deepEqual([why?.code, why?.message.includes('rangeK')], ['PARAMS_INVALID', true]);
  t.is(await h.settle(thermo1.set_range.status()), null);
  await h.end();
});

test('start() gives a handle at once; wait(), status() and stop() are about its session', async (t) => {
  const { h, thermo1 } = await lab();
  const first = await h.settle(thermo1.acquire.start({ periodMs: 200 }));
  t.is((await h.settle(first.status())).status, 'running');
  await h.settle(first.stop());
  t.is((await h.settle(first.wait())).success, true);
  const second = await h.settle(thermo1.acquire.start());
  t.is((await h.settle(first.status())).session_id, first.id);
  t.is((await faultOf(h, first.stop()))?.code, 'STALE_SESSION');
  t.is((await h.settle(second.status())).status, 'running');
  await h.end();
});

test('abort() ends an abortable task, stop() of a task names the right verb', async (t) => {
  const { h, thermo1 } = await lab();
  const session = await h.settle(thermo1.sweep.start());
  const wrong = await faultOf(h, session.stop());
  t.deepEqual([wrong?.code, wrong?.message.includes('"abort"')], ['OPERATION_KIND', true]);
  await h.settle(session.abort());
  t.is((await faultOf(h, session.wait()))?.message, 'aborted');
  await h.end();
});

test('wait() that is not over in time throws TIMEOUT, and the session goes on', async (t) => {
  const { h, thermo1 } = await lab();
  const session = await h.settle(thermo1.acquire.start());
  const atMs = h.clock.monotonicMs();
  const why = await faultOf(h, session.wait({ timeoutMs: 45_000 }));
  t.is(why?.code, 'TIMEOUT');
  t.true(Math.abs(h.clock.monotonicMs() - atMs - 45_000) < 1_000);
  t.is((await h.settle(session.status())).status, 'running');
  await h.end();
});

test('wait() ends as soon as its signal aborts', async (t) => {
  const { h, thermo1 } = await lab();
  const session = await h.settle(thermo1.acquire.start());
  const over = new AbortController();
  const waiting = session.wait({ signal: over.signal }).catch((reason: unknown) => reason);
  await h.advance(1_000);
  const atMs = h.clock.monotonicMs();
  over.abort('no longer wanted');
  t.is(await h.settle(waiting), 'no longer wanted');
  t.true(h.clock.monotonicMs() - atMs <= 100);
  await h.end();
});

test('iterating over a session gives its changes until it is done, progress alone among them', async (t) => {
  const { h, thermo1 } = await lab();
  const session = await h.settle(thermo1.sweep.start());
  const changes = await take(h, session[Symbol.asyncIterator](), 100);
  t.deepEqual(
    changes.flatMap(({ progress }) => progress.text ?? []).filter((text, i, all) => text !== all[i - 1]),
    ['step 1', 'step 2', 'step 3'],
  );
  t.is(changes.at(-1)?.status, 'done');
  t.true(changes.every(({ n }, i) => i === 0 || n > (changes[i - 1]?.n ?? 0)));
  await h.end();
});

test('iterating over a session of an agent that is lost ends with AGENT_ABSENT', async (t) => {
  const { h, thermo1 } = await lab();
  const session = await h.settle(thermo1.sweep.start());
  const all = (async () => {
    for await (const change of session) t.not(change.status, 'done');
  })();
  h.bus.lose(h.bus.clientIds().find((id) => id.startsWith('thermo1-')) ?? '');
  t.is((await faultOf(h, all))?.code, 'AGENT_ABSENT');
  await h.end();
});

test('a feed gives samples and blocks from now on', async (t) => {
  const { h, thermo1 } = await lab();
  await h.settle(thermo1.acquire.start());
  await h.advance(3_500);
  const samples = thermo1.temperatures.samples();
  const [first, second] = await take(h, samples, 2);
  t.is(Number(second?.['ch1']) - Number(first?.['ch1']), 1);
  t.true(Number(first?.['ch1']) > 3);
  const blocks = await take(h, thermo1.temperatures.blocks(), 2);
  t.is((blocks[1]?.n ?? 0) - (blocks[0]?.n ?? 0), 1);
  await h.end();
});

test('a feed since a number gives kept blocks, then live ones, each once and in order, also over an outage', async (t) => {
  const { h, thermo1 } = await lab();
  await h.settle(thermo1.acquire.start());
  await h.advance(10_000);
  const stream = thermo1.temperatures.since(3);
  const early = await take(h, stream, 12);
  h.bus.cut();
  await h.advance(20_000);
  h.bus.restore();
  const late = await take(h, stream, 40);
  t.deepEqual(
    [...early, ...late].map(({ n }) => n),
    Array.from({ length: 52 }, (_, i) => i + 3),
  );
  await h.end();
});

test('a feed since a number passes over what has left the ring', async (t) => {
  const { h, thermo1 } = await lab();
  await h.settle(thermo1.acquire.start());
  await h.advance(100_000);
  const [first, second] = await take(h, thermo1.temperatures.since(1), 2);
  t.true((first?.n ?? 0) > 30 && (first?.n ?? 0) < 50, String(first?.n));
  t.is(second?.n, (first?.n ?? 0) + 1);
  await h.end();
});

for (const [what, from] of [
  ['of a feed without a ring', 1],
  ['of a generation that is gone', 9_000],
] as const) {
  test(`a feed since a number ${what} gives what comes, and asks no more than once for each hole`, async (t) => {
    const { h, thermo1 } = await lab();
    let asked = 0;
    h.bus.tap(({ topic, payload }) => {
      if (topic.includes('/requests/') && new TextDecoder().decode(payload).includes('feed.get')) asked++;
    });
    await h.settle(thermo1.acquire.start());
    const feed = from === 1 ? thermo1.latest : thermo1.temperatures;
    const numbers = (await take(h, feed.since(from), 5)).map(({ n }) => n);
    t.deepEqual(
      numbers,
      numbers.map((_, i) => (numbers[0] ?? 0) + i),
    );
    t.true(numbers.length === 5 && asked <= 5, `${asked} questions`);
    await h.end();
  });
}

test('last() gives the newest sample with its time, null before the first, with and without a ring', async (t) => {
  const { h, thermo1 } = await lab();
  for (const feed of [thermo1.temperatures, thermo1.latest]) t.is(await h.settle(feed.last()), null);
  await h.settle(thermo1.acquire.start());
  await h.advance(2_500);
  for (const feed of [thermo1.temperatures, thermo1.latest]) t.is((await h.settle(feed.last()))?.['ch1'], 3);
  await h.end();
});

test('an agent that was never seen is UNKNOWN_AGENT, with the nearest name', async (t) => {
  const { h, site } = await lab();
  const why = await faultOf(h, site.agent('thermo2').ping());
  t.is(why?.code, 'UNKNOWN_AGENT');
  t.true(why?.remedy.includes('"thermo1"'), why?.remedy);
  await h.end();
});

test('an agent that has ended is AGENT_ABSENT', async (t) => {
  const { h, thermo1 } = await lab();
  await h.settle(h.agent.end('down'));
  const why = await faultOf(h, thermo1.ping());
  t.deepEqual([why?.code, why?.message.includes('it is offline')], ['AGENT_ABSENT', true]);
  await h.end();
});

test('with the bus down a call is BUS_DOWN at once, and nothing is sent later', async (t) => {
  const { h, thermo1 } = await lab();
  const atMs = h.clock.monotonicMs();
  h.bus.cut();
  t.is((await faultOf(h, thermo1.ping()))?.code, 'BUS_DOWN');
  t.is(h.clock.monotonicMs() - atMs <= 100, true);
  h.bus.restore();
  await h.advance(15_000);
  t.is((await h.settle(thermo1.ping())).code, ReplyCode.OK);
  await h.end();
});

test('an operation that is not there names those that are', async (t) => {
  const { h, thermo1 } = await lab();
  const why = await faultOf(h, thermo1.operation('set_rang')());
  t.is(why?.code, 'OPERATION_UNKNOWN');
  t.true(why?.remedy.includes('set_range'), why?.remedy);
  await h.end();
});

test('on("presence") tells of each sign, agents() of everyone seen', async (t) => {
  const { h, site } = await lab();
  let signs = 0;
  const cancel = site.on('presence', ({ id, liveness }) => {
    t.deepEqual([id, liveness], ['thermo1', 'online']);
    signs++;
  });
  await h.advance(10_000);
  t.true(signs >= 4 && signs <= 6);
  cancel();
  await h.advance(10_000);
  t.true(signs <= 6);
  t.like(site.agents()[0], { id: 'thermo1', liveness: 'online', address: 'observatory.thermo1' });
  await h.end();
});

test('watchSession() fills a change that its topic did not bring, by the mark of a heartbeat', async (t) => {
  let deaf = false;

  const bus = memoryBus({ copies: ({ topic }) => (deaf && topic.endsWith('/op/sweep') ? 0 : 1) });
  const h = await harness(thermometer, { instanceId: 'thermo1', bus });
  const seen: (Session | null)[] = [];
  h.caller.watchSession('thermo1', 'sweep', (session) => seen.push(session));
  await h.advance(100);
  t.deepEqual(seen, [null]);
  deaf = true;
  await h.ask('start', 'sweep');
  await h.advance(7_000);
  t.is(seen.at(-1)?.status, 'done');
  const numbers = seen.flatMap((session) => session?.n ?? []);
  t.true(numbers.every((n, i) => i === 0 || n > (numbers[i - 1] ?? 0)));
  await h.end();
});
