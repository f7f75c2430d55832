/** Feeds: what goes out, what is kept, what is told of what was lost (framework §6; scenarios F05, F06, F10). */
import test from 'ava';
import * as fc from 'fast-check';
import { fakeClock } from '../../base/fake-clock.ts';
import { CupolaFault } from '../../base/fault.ts';
import { agent, z } from '../../framework/cupola.ts';
import { type FeedOptions, openFeed } from '../../framework/feed.ts';
import { harness } from '../../framework/testing.ts';
import type { Block } from '../../protocol/envelope.ts';
import { type LogLine, logTo } from '../fixtures/log.ts';

const PAYLOAD_MAX = 65_536;

const kelvin = z.number().nullable().meta({ unit: 'K', precision: 2 });

/** A feed on its own, with what it sends. */
function feed(options: FeedOptions = {}, fields: Record<string, z.ZodType> = { ch1: kelvin }) {
  const clock = fakeClock();
  const sent: Block[] = [];
  const bus = { up: true };
  const made = openFeed('temperatures', fields, options, {
    g: 7,
    clock,
    busUp: () => bus.up,
    emit: (_name, block) => sent.push(block),
  });
  return { clock, sent, bus, feed: made };
}

const shapeOf = (t: { throws: (act: () => void, how: object) => unknown }, act: () => void): string => {
  const thrown = t.throws(act, { instanceOf: CupolaFault });
  return thrown instanceof CupolaFault && thrown.fault.code === 'FEED_SHAPE' ? thrown.message : '';
};

test('publish() of one sample sends a block of the time now', (t) => {
  const { clock, sent, feed: temperatures } = feed();
  temperatures.publish({ ch1: 4.2 });
  t.deepEqual(sent, [{ g: 7, n: 1, ts: [clock.nowMs() / 1_000], fields: { ch1: [4.2] } }]);
});

test('publish() of a block keeps its times, counts it as one, and shows its newest sample as the last value', (t) => {
  const { sent, feed: temperatures } = feed();
  temperatures.publish({ ts: [1, 2, 3], ch1: [10, 11, null] });
  temperatures.publish({ ts: [3, 4], ch1: [12, 13] });
  t.deepEqual(
    sent.map(({ n, ts }) => [n, ts]),
    [
      [1, [1, 2, 3]],
      [2, [3, 4]],
    ],
  );
  t.deepEqual(temperatures.last(), { g: 7, n: 2, t: 4, ch1: 13 });
});

test('publish() shows a number that is none as null', (t) => {
  const { sent, feed: temperatures } = feed();
  temperatures.publish({ ts: [1, 2, 3], ch1: [Number.NaN, Number.POSITIVE_INFINITY, 1] });
  t.deepEqual(sent[0]?.fields, { ch1: [null, null, 1] });
});

test('publish() of a block without samples sends nothing and leaves the last value', (t) => {
  const { sent, feed: temperatures } = feed();
  temperatures.publish({ ts: [5], ch1: [1] });
  temperatures.publish({ ts: [], ch1: [] });
  t.is(sent.length, 1);
  t.is(temperatures.last()?.t, 5);
});

const refuses = test.macro((t, value: Record<string, unknown>, said: string) => {
  const { sent, feed: temperatures } = feed({}, { ch1: kelvin, ch2: kelvin });
  temperatures.publish({ ts: [100], ch1: [1], ch2: [2] });
  const problem = shapeOf(t, () => temperatures.publish(value as never));
  t.true(problem.includes(said), problem);
  t.is(sent.length, 1);
  temperatures.publish({ ts: [101], ch1: [1], ch2: [2] });
  t.is(sent.at(-1)?.n, 2);
});
test('publish() refuses a sample without a declared field', refuses, { ch1: 1 }, '"ch2" is missing');
test('publish() refuses a field that is not declared', refuses, { ch1: 1, ch2: 2, ch3: 3 }, '"ch3" is not declared');
test('publish() refuses columns of unequal length', refuses, { ts: [101, 102], ch1: [1, 2], ch2: [1] }, '"ch2" has 1');
test('publish() refuses a value that no block can carry', refuses, { ch1: 1, ch2: { a: 1 } }, 'holds a object');
test('publish() refuses times out of order in a block', refuses, { ts: [102, 101], ch1: [1, 2], ch2: [1, 2] }, 'order');
test('publish() refuses a time that is no number', refuses, { ts: ['101'], ch1: [1], ch2: [1] }, 'order');
test(
  'publish() refuses time that runs backwards',
  refuses,
  { ts: [99], ch1: [1], ch2: [1] },
  'backwards, 99 after 100',
);

test('bufferMs joins samples into one block, sent when the time is over', async (t) => {
  const { clock, sent, feed: temperatures } = feed({ bufferMs: 1_000 });
  for (let i = 0; i < 10; i++) {
    temperatures.publish({ ch1: i });
    await clock.advance(100);
  }
  t.deepEqual(
    sent.map(({ fields }) => fields['ch1']),
    [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
  );
  await clock.advance(5_000);
  t.is(sent.length, 1);
});

test('bufferMs sends earlier when 48 KiB have come together', (t) => {
  const { sent, feed: temperatures } = feed({ bufferMs: 60_000 });
  for (let i = 0; i < 3_000; i++) temperatures.publish({ ch1: i });
  t.true(sent.length >= 1);
  temperatures.flush();
  t.deepEqual(
    sent.flatMap(({ fields }) => fields['ch1'] ?? []),
    Array.from({ length: 3_000 }, (_, i) => i),
  );
});

test('flush() sends what is buffered, once', (t) => {
  const { sent, feed: temperatures } = feed({ bufferMs: 1_000 });
  temperatures.publish({ ch1: 1 });
  temperatures.flush();
  temperatures.flush();
  t.is(sent.length, 1);
});

test('a block over the limit is split by samples, none lost, each part within 64 KiB, whatever it holds', (t) => {
  const item = fc.oneof(fc.double(), fc.string({ maxLength: 40, unit: 'binary' }), fc.boolean(), fc.constant(null));
  fc.assert(
    fc.property(fc.array(item, { minLength: 1, maxLength: 300 }), fc.integer({ min: 1, max: 30 }), (items, times) => {
      const { sent, feed: values } = feed({}, { v: z.any() });
      const column = Array.from({ length: times }, () => items).flat();
      values.publish({ ts: column.map((_, i) => 1_800_000_000 + i / 7), v: column });
      const shown = JSON.parse(JSON.stringify(column)) as unknown[];
      return (
        sent.every((block) => Buffer.byteLength(JSON.stringify(block)) <= PAYLOAD_MAX) &&
        sent.every(({ n }, i) => n === i + 1) &&
        JSON.stringify(sent.flatMap(({ fields }) => fields['v'])) === JSON.stringify(shown)
      );
    }),
    { numRuns: 60 },
  );
  t.pass();
});

test('since() gives the kept blocks in order, in pages of the size asked for, at least one', (t) => {
  const { feed: temperatures } = feed();
  for (let i = 1; i <= 10; i++) temperatures.publish({ ch1: i });
  const numbers: number[] = [];
  let pages = 0;
  for (let next = 1; next <= temperatures.n; pages++) {
    const page = temperatures.since(next, 250);
    t.true(page.blocks.length >= 1 && page.next > next);
    numbers.push(...page.blocks.map(({ n }) => n));
    next = page.next;
  }
  t.deepEqual(numbers, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  t.true(pages > 1);
  t.is(temperatures.since(1, 1).blocks.length, 1);
  t.deepEqual(temperatures.since(11, 1_000).blocks, []);
});

test('the ring forgets blocks older than its minutes', async (t) => {
  const { clock, feed: temperatures } = feed({ ring: { minutes: 1 } });
  temperatures.publish({ ch1: 1 });
  await clock.advance(59_000);
  temperatures.publish({ ch1: 2 });
  t.is(temperatures.since(0, 1_000_000).oldest, 1);
  await clock.advance(2_000);
  temperatures.publish({ ch1: 3 });
  t.is(temperatures.since(0, 1_000_000).oldest, 2);
  t.is(temperatures.dropped(), 0);
});

test('the ring holds at most its MiB', (t) => {
  const { feed: texts } = feed({ ring: { MiB: 0.1 } }, { v: z.string() });
  for (let i = 0; i < 50; i++) texts.publish({ v: 'x'.repeat(10_000) });
  const { blocks } = texts.since(0, Number.POSITIVE_INFINITY);
  t.is(blocks.at(-1)?.n, 50);
  t.true(blocks.length >= 9 && blocks.length <= 10, String(blocks.length));
});

test('a feed without record keeps no blocks, and its last value', (t) => {
  const { feed: temperatures } = feed({ record: false });
  temperatures.publish({ ch1: 1 });
  t.deepEqual(temperatures.since(0, 1_000_000), { blocks: [], next: 2, oldest: 2, newest: 1 });
  t.is(temperatures.last()?.['ch1'], 1);
});

test('the api tells type, unit and precision of each field', (t) => {
  const { feed: mixed } = feed({ description: 'all sorts' }, { ch1: kelvin, on: z.boolean(), text: z.string() });
  t.deepEqual(mixed.api, {
    description: 'all sorts',
    record: true,
    fields: { ch1: { type: 'number', unit: 'K', precision: 2 }, on: { type: 'boolean' }, text: { type: 'string' } },
  });
});

const misnamed = test.macro((t, fields: Record<string, z.ZodType>, said: string) => {
  const thrown = t.throws(() => feed({}, fields), { instanceOf: CupolaFault });
  t.true(thrown?.fault.code === 'AGENT_SCHEMA' && thrown.message.includes(said), thrown?.message);
});
test('a feed without fields is refused at the start', misnamed, {}, 'has no field');
test('a field beginning with a digit is refused at the start', misnamed, { '1a': kelvin }, '"1a"');
test('a field with a blank is refused at the start', misnamed, { 'a b': kelvin }, '"a b"');

const source = agent('Source', z.object({}), ({ feed: declare, process, task, clock }) => {
  const temperatures = declare('temperatures', { ch1: kelvin }, { ring: { minutes: 16.66 } });
  const buffered = declare('buffered', { ch1: kelvin }, { bufferMs: 60_000 });
  process('run', {
    params: z.object({ count: z.int() }),
    async run(session, { count }) {
      for (let i = 1; i <= count && session.running; i++) {
        temperatures.publish({ ch1: i });
        await session.sleep(1_000);
      }
      await session.sleep(86_400_000);
    },
  });
  task('short', {
    run() {
      temperatures.publish({ ts: [clock.nowMs() / 1_000], ch1: [] });
    },
  });
  task('one', { run: () => buffered.publish({ ch1: 5 }) });
  return { temperatures };
});

test('F05: what left the ring while the bus was away is counted and told, the rest is read in order after it', async (t) => {
  const warned: LogLine[] = [];
  const h = await harness(source, { log: logTo(warned) });
  const topics: string[] = [];
  const events: Record<string, unknown>[] = [];
  await h.ask('start', 'run', { params: { count: 1_500 } });
  h.bus.cut();
  await h.advance(1_500_000);
  h.bus.tap(({ topic, payload }) => {
    topics.push(topic);
    if (topic.endsWith('/event')) events.push(JSON.parse(new TextDecoder().decode(payload)));
  });
  h.bus.restore();
  await h.advance(65_000);
  t.true(h.caller.link().state === 'up');
  const order = (kind: string) => topics.findIndex((topic) => topic.includes(`/x/${kind}`));
  t.true(order('presence') >= 0 && order('presence') < order('api') && order('api') < order('op/run'));
  t.true(order('op/run') < order('last/temperatures') && order('last/temperatures') < order('heartbeat'));
  const first = await h.call({ method: 'feed.get', class: 'read', feed: 'temperatures', from: 0 });
  const ring = first.ok ? (first.value.value as { blocks: Block[]; oldest: number; newest: number }) : undefined;
  t.deepEqual([ring?.blocks[0]?.n, ring?.oldest, ring?.newest], [501, 501, 1_500]);
  const told = warned.filter(({ msg }) => msg === 'blocks dropped');
  t.is(
    told.reduce((sum, { dropped }) => sum + Number(dropped), 0),
    500,
  );
  t.true(told.length > 1 && told.length <= 10, 'once a minute');
  t.deepEqual(
    events.filter(({ event }) => event === 'FEED_DROPPED').map(({ feed: name, dropped }) => [name, dropped]),
    [['temperatures', 500]],
  );
  await h.end();
});

test('F06: a late subscriber sees the last value at once, with its time', async (t) => {
  const h = await harness(source);
  const at = h.clock.nowMs() / 1_000;
  await h.ask('start', 'run', { params: { count: 1 } });
  await h.advance(60_000);
  const seen: Record<string, unknown>[] = [];
  for (let i = 1; i <= 2; i++) {
    h.caller.watchLast('x', 'temperatures', (last) => seen.push(last));
    await h.advance(0);
    t.is(seen.length, i);
  }
  t.deepEqual([seen[1]?.['ch1'], Math.round(Number(seen[1]?.['t']) - at)], [1, 0]);
  await h.end();
});

test('the last value goes out at once after a pause, and once a second while samples flow', async (t) => {
  const h = await harness(source);
  const lasts: number[] = [];
  h.bus.tap(({ topic, retain, payload }) => {
    if (topic.includes('/last/') && retain) lasts.push(JSON.parse(new TextDecoder().decode(payload)).ch1);
  });
  await h.ask('start', 'run', { params: { count: 5 } });
  await h.advance(0);
  t.deepEqual(lasts, [1]);
  await h.advance(10_000);
  t.deepEqual(lasts, [1, 2, 3, 4, 5]);
  await h.end();
});

test('F10: a block that is one sample short fails the session with FEED_SHAPE; feed and agent go on', async (t) => {
  const h = await harness(source);
  await h.ask('start', 'short');
  const [, , session] = await h.ask('wait', 'short');
  t.deepEqual([session?.success, session?.fault?.code], [false, 'FEED_SHAPE']);
  t.true(session?.fault?.message?.includes('"ch1" has 0 samples'));
  const blocks: Block[] = [];
  h.caller.watchFeed('x', 'temperatures', (block) => blocks.push(block));
  await h.ask('start', 'run', { params: { count: 1 } });
  t.deepEqual(blocks[0]?.fields, { ch1: [1] });
  await h.end();
});

test('what is buffered goes out at the end of a session', async (t) => {
  const h = await harness(source);
  const blocks: Block[] = [];
  h.caller.watchFeed('x', 'buffered', (block) => blocks.push(block));
  await h.advance(0);
  await h.ask('start', 'one');
  await h.ask('wait', 'one');
  t.deepEqual(blocks[0]?.fields, { ch1: [5] });
  await h.end();
});

test('feed.get of a feed that is not there names those that are', async (t) => {
  const h = await harness(source);
  const asked = await h.call({ method: 'feed.get', class: 'read', feed: 'nothing', from: 0 });
  t.false(asked.ok);
  if (!asked.ok) t.deepEqual([asked.fault.code, asked.fault.remedy.includes('temperatures')], ['FEED_UNKNOWN', true]);
  await h.end();
});
