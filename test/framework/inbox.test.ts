/** Requests as they arrive on the wire, answered once or passed over (PROTOCOL §4; admin proof: generations §2). */
import test from 'ava';
import { memoryBus } from '../../bus/memory-bus.ts';
import { openBusCaller } from '../../client/bus-caller.ts';
import { agent, z } from '../../framework/cupola.ts';
import { type Harness, harness } from '../../framework/testing.ts';
import { Reply } from '../../protocol/envelope.ts';
import { LOCAL_USER, type RequestClass } from '../../protocol/topics.ts';
import { makeKeys, proofOf, readKeys } from '../../store/admin-proof.ts';

const x = agent('X', z.object({}), ({ task }) => {
  let runs = 0;
  task('t', {
    async run(session) {
      session.data = { runs: ++runs };
      await session.sleep(1_000);
    },
  });
  task('quick', { run: () => void runs++ });
  task('secret', { role: 'admin', params: z.object({ v: z.number().default(1) }), run: () => void runs++ });
  task('look', { role: 'read', run: () => void runs++ });
  task('runs', {
    immediate: true,
    reads: true,
    run(session) {
      session.data = { runs };
    },
  });
});
const ran = async (h: Harness) => (await h.ask('start', 'runs'))[2]?.data['runs'];

/** One connection that speaks the wire by hand. */
async function hand(h: Harness, client = 'hand1') {
  const dialled = await h.bus.dialer(LOCAL_USER).dial({ clientId: `${LOCAL_USER}-${client}` });
  if (!dialled.ok) throw new Error('no bus');
  const replies: Reply[] = [];
  const connection = dialled.value;
  connection.onMessage(({ payload }) => replies.push(Reply.parse(JSON.parse(new TextDecoder().decode(payload)))));
  await connection.subscribe([`observatory/replies/${LOCAL_USER}/${client}/+`], 1);
  return {
    replies,
    async say(request: Record<string, unknown> | string, asked: RequestClass = 'operate', retain = false) {
      const text = typeof request === 'string' ? request : JSON.stringify(request);
      await connection.publish(`observatory/requests/x/${asked}/${LOCAL_USER}`, text, { qos: 1, retain });
      await h.advance(0);
    },
    close: () => connection.close(),
  };
}
const client = 'hand1';

test('the same request twice is done once; the second answer is the first one, marked', async (t) => {
  const h = await harness(x);
  const { replies, say } = await hand(h);
  const request = { id: 'R1', client, method: 'start', op: 'quick' };
  await say(request);
  await say(request);
  t.is(replies.length, 2);
  t.deepEqual([replies[0]?.code, replies[0]?.replayed, replies[1]?.replayed], [0, undefined, true]);
  t.deepEqual({ ...replies[1], replayed: undefined }, { ...replies[0], replayed: undefined });
  t.is(await ran(h), 1);
  await h.end();
});

test('the repeat of a request that is still being done gets a receipt, then both hear the one answer', async (t) => {
  const h = await harness(x);
  const { replies, say } = await hand(h);
  await h.ask('start', 't');
  const request = { id: 'W1', client, method: 'wait', op: 't', for_ms: 5_000 };
  await say(request, 'read');
  await say(request, 'read');
  t.deepEqual(
    replies.map(({ final }) => final),
    [false],
  );
  await h.advance(1_100);
  t.deepEqual(
    replies.map(({ final }) => final),
    [false, true],
  );
  await h.end();
});

test('a request typed by hand, without id, is done once although it is delivered twice, and not answered', async (t) => {
  const h = await harness(x);
  const { replies, say } = await hand(h);
  await say({ method: 'start', op: 'quick' });
  await say({ method: 'start', op: 'quick' });
  t.is(await ran(h), 1);
  await h.advance(2_100);
  await say({ method: 'start', op: 'quick' });
  t.is(await ran(h), 2);
  t.deepEqual(replies, []);
  await h.end();
});

test('a request that the broker had retained is not done', async (t) => {
  const bus = memoryBus();
  const early = await bus.dialer(LOCAL_USER).dial({ clientId: 'local-early' });
  const request = JSON.stringify({ method: 'start', op: 'quick' });
  if (early.ok) await early.value.publish(`observatory/requests/x/operate/${LOCAL_USER}`, request, { retain: true });
  const h = await harness(x, { bus });
  await h.advance(1_000);
  t.is(bus.retained().get('observatory/requests/x/operate/local'), request);
  t.is(await ran(h), 0);
  await h.end();
});

const refuses = test.macro(
  async (t, request: Record<string, unknown> | string, asked: RequestClass, code: string, said: string) => {
    const h = await harness(x);
    const { replies, say } = await hand(h);
    await say(request, asked);
    t.deepEqual([replies[0]?.code, replies[0]?.fault?.code], [-1, code]);
    t.true(replies[0]?.message.includes(said), replies[0]?.message);
    t.is(await ran(h), 0);
    await h.end();
  },
);
const R = { id: 'R1', client };
test(
  'an unknown field is refused by name',
  refuses,
  { ...R, method: 'start', op: 'quick', param: {} },
  'operate',
  'REQUEST_INVALID',
  'param',
);
test(
  'an unknown method is refused',
  refuses,
  { ...R, method: 'begin', op: 'quick' },
  'operate',
  'METHOD_UNKNOWN',
  'begin',
);
test(
  'a start of class read is refused, naming the class needed',
  refuses,
  { ...R, method: 'start', op: 'quick' },
  'read',
  'DENIED',
  'class operate',
);
test(
  'a start meant for another generation is refused',
  refuses,
  { ...R, method: 'start', op: 'quick', g: 5 },
  'operate',
  'STALE_GENERATION',
  'generation 5',
);
test(
  'a request older than its time is refused',
  refuses,
  { ...R, method: 'start', op: 'quick', sent: 1_799_999_000 },
  'operate',
  'EXPIRED',
  'older',
);
test(
  'class admin without a proof is refused',
  refuses,
  { ...R, method: 'start', op: 'secret' },
  'admin',
  'NOT_AUTHORIZED',
  'no proof',
);
test(
  'an admin operation asked with class operate is refused',
  refuses,
  { ...R, method: 'start', op: 'secret' },
  'operate',
  'DENIED',
  'class admin',
);

test('what is no JSON is passed over, and the agent answers on', async (t) => {
  const h = await harness(x);
  const { replies, say } = await hand(h);
  for (const text of ['', '{', '[]', '"start"', '\u0000']) await say(text);
  t.deepEqual(replies, []);
  await say({ ...R, method: 'ping' }, 'read');
  t.is(replies[0]?.code, 0);
  await h.end();
});

test('an operation of class read may be started with class read', async (t) => {
  const h = await harness(x);
  const { replies, say } = await hand(h);
  await say({ ...R, method: 'start', op: 'look' }, 'read');
  t.is(replies[0]?.code, 0);
  await h.end();
});

test('class admin is done for a caller who knows the key of the host', async (t) => {
  const h = await harness(x);
  makeKeys(h.folder.authKeys);
  const dialer = h.bus.dialer(LOCAL_USER);
  const caller = openBusCaller({ dialer, root: 'observatory', clock: h.clock, keyFile: h.folder.authKeys });
  await h.settle(caller.up(1_000));
  const asked = { method: 'start', class: 'admin', op: 'secret', params: { v: 2 } } as const;
  const reply = await h.settle(caller.call('x', asked));
  t.true(reply.ok);
  t.is(await ran(h), 1);
  const stranger = await h.call(asked);
  t.is(stranger.ok ? '' : stranger.fault.code, 'NOT_AUTHORIZED');
  t.is(await ran(h), 1);
  await caller.close();
  await h.end();
});

/** An admin request by hand, with a proof made for `proved`. */
async function prove(h: Harness, key: string, proved: Record<string, unknown> = {}) {
  const { replies, say } = await hand(h);
  await say({ id: 'C1', client, method: 'challenge' }, 'read');
  const request = { id: 'A1', client, method: 'start', op: 'secret', params: { v: 2 } };
  const proof = proofOf(key, String(replies[0]?.value), 'x', { ...request, ...proved });
  await say({ ...request, proof }, 'admin');
  return { replies, say, proof, answer: replies.at(-1) };
}
const keyOf = (h: Harness): string => {
  makeKeys(h.folder.authKeys);
  const keys = readKeys(h.folder.authKeys);
  return keys.ok ? (keys.value[0] ?? '') : '';
};

test('a proof made with another key is refused, and the next request is judged by itself', async (t) => {
  const h = await harness(x);
  keyOf(h);
  const { answer, say, replies } = await prove(h, 'another key of 16 letters');
  t.is(answer?.fault?.code, 'NOT_AUTHORIZED');
  t.true(answer?.message.includes('does not match'), answer?.message);
  await say({ id: 'R2', client, method: 'start', op: 'quick' });
  t.is(replies.at(-1)?.code, 0);
  await h.end();
});

test('a proof holds for the params that it was made for alone', async (t) => {
  const h = await harness(x);
  const { answer } = await prove(h, keyOf(h), { params: { v: 3 } });
  t.is(answer?.fault?.code, 'NOT_AUTHORIZED');
  await h.end();
});

test('a proof is good once', async (t) => {
  const h = await harness(x);
  const { answer, proof, say, replies } = await prove(h, keyOf(h));
  t.is(answer?.code, 0);
  await say({ id: 'A2', client, method: 'start', op: 'secret', params: { v: 2 }, proof }, 'admin');
  t.is(replies.at(-1)?.fault?.code, 'NOT_AUTHORIZED');
  t.true(replies.at(-1)?.message.includes('used before'));
  t.is(await ran(h), 1);
  await h.end();
});
