/** An agent as the bus sees it: who may speak, what is retained, what a heartbeat says (PROTOCOL §1, §2). */
import test from 'ava';
import { memoryBus } from '../../bus/memory-bus.ts';
import { agent, z } from '../../framework/cupola.ts';
import { harness } from '../../framework/testing.ts';
import { Api, Heartbeat, Presence } from '../../protocol/envelope.ts';
import { OpCode, Session } from '../../protocol/session.ts';

const x = agent('X', z.object({}), ({ task, process, feed }) => {
  const samples = feed('samples', { v: z.number() });
  process('acquire', {
    autostart: true,
    async run(session) {
      for (let i = 0; session.running; await session.sleep(500)) {
        samples.publish({ v: i++ });
        session.data = { i };
      }
    },
  });
  task('never', { run() {} });
  task('big', {
    run(session) {
      session.data = { small: 1, long: 'x'.repeat(90_000) };
    },
  });
});

interface Said {
  topic: string;
  retain: boolean;
  clientId: string;
  message: Record<string, unknown>;
}
function tapped(bus = memoryBus()) {
  const said: Said[] = [];
  bus.tap(({ topic, retain, payload, clientId }) => {
    const message = payload.byteLength > 0 ? JSON.parse(new TextDecoder().decode(payload)) : {};
    if (topic.includes('/agents/x/'))
      said.push({ topic: topic.slice('observatory/agents/x/'.length), retain, clientId, message });
  });
  return { bus, said, of: (topic: string) => said.filter((one) => one.topic === topic) };
}

test('presence, api, op and last are retained; feed, heartbeat, claim and replies are not', async (t) => {
  const { bus, said } = tapped();
  const replies: boolean[] = [];
  bus.tap(({ topic, retain }) => void (topic.includes('/replies/') && replies.push(retain)));
  const h = await harness(x, { bus });
  await h.advance(5_000);
  await h.ask('status', 'acquire');
  const kinds = new Map(said.map(({ topic, retain }) => [topic.split('/')[0], retain]));
  t.deepEqual(Object.fromEntries([...kinds].toSorted()), {
    api: true,
    claim: false,
    feed: false,
    heartbeat: false,
    last: true,
    op: true,
    presence: true,
  });
  t.true(replies.length > 0 && replies.every((retain) => !retain));
  await h.end();
});

test('nothing but the claim is said before the wait after it is over; then presence, api, sessions, last values, a beat', async (t) => {
  const { bus, said } = tapped();
  const h = await harness(x, { bus });
  const order = [...new Set(said.map(({ topic }) => topic))].filter((topic) => topic !== 'feed/samples');
  t.deepEqual(order, ['claim', 'presence', 'api', 'op/acquire', 'last/samples', 'heartbeat']);
  await h.end();
});

test('the presence is said 1.5 s after the claim at the earliest', async (t) => {
  const { bus, of } = tapped();
  const h = await harness(x, { bus });
  const since = Presence.parse(of('presence')[0]?.message).since;
  const beat = Heartbeat.parse(of('heartbeat')[0]?.message);
  t.true(beat.t - since >= 1.5 && beat.t - since <= 2.5, String(beat.t - since));
  await h.end();
});

test('the presence tells class, host, pid, generation, start and the hash of the api', async (t) => {
  const { bus, of } = tapped();
  const h = await harness(x, { bus });
  const { generation } = h.agent.identity;
  const presence = Presence.parse(of('presence').at(-1)?.message);
  t.like(presence, {
    state: 'online',
    g: generation,
    generation,
    class: 'X',
    host: 'h1',
    pid: process.pid,
    start: 1,
    protocol: 1,
  });
  t.true(presence.api_hash.length > 0);
  await h.end();
});

test('the api tells each operation with its kind, class and schema, and each feed with its fields', async (t) => {
  const { bus, of } = tapped();
  const h = await harness(x, { bus });
  const api = Api.parse(of('api').at(-1)?.message);
  t.deepEqual(Object.keys(api.operations), ['acquire', 'never', 'big']);
  t.like(api.operations['acquire'], { type: 'process', class: 'operate', abortable: true });
  t.like(api.operations['never'], {
    type: 'task',
    abortable: false,
    params: { type: 'object', additionalProperties: false },
  });
  t.deepEqual(api.feeds['samples']?.fields, { v: { type: 'number' } });
  await h.end();
});

test('a heartbeat comes every 2 s, counted, with op codes and the newest number of each session', async (t) => {
  const { bus, said, of } = tapped();
  const h = await harness(x, { bus });
  await h.advance(10_000);
  const beats = of('heartbeat').map(({ message }) => Heartbeat.parse(message));
  t.true(beats.length >= 5 && beats.length <= 8);
  const gaps = beats.slice(2).map((beat, i) => beat.t - (beats[i + 1]?.t ?? 0));
  t.true(gaps.every((gap) => Math.abs(gap - 2) < 0.01));
  t.true(beats.every(({ k }, i) => i === 0 || k > (beats[i - 1]?.k ?? 0)));
  t.deepEqual(beats.at(-1)?.codes, { acquire: OpCode.RUNNING, never: OpCode.NONE, big: OpCode.NONE });
  t.deepEqual(Object.keys(beats.at(-1)?.marks ?? {}), ['op/acquire']);
  const lastBeat = said.findLastIndex(({ topic }) => topic === 'heartbeat');
  const shown = said.slice(0, lastBeat).findLast(({ topic }) => topic === 'op/acquire');
  const mark = beats.at(-1)?.marks['op/acquire'] ?? 0;
  t.true(mark >= Session.parse(shown?.message).n);
  t.true(
    of('op/acquire').some(({ message }) => Session.parse(message).n >= mark),
    'what a beat marks is said',
  );
  await h.end();
});

test('state of one topic only rises in number, and goes out ten times a second at most', async (t) => {
  const { bus, of } = tapped();
  const busy = agent('Busy', z.object({}), ({ process }) => {
    process('p', {
      autostart: true,
      async run(session) {
        for (let i = 0; session.running; await session.sleep(5)) session.message(`m${i++}`);
      },
    });
  });
  const h = await harness(busy, { bus });
  const before = of('op/p').length;
  await h.advance(2_000);
  const numbers = of('op/p').map(({ message }) => Session.parse(message).n);
  t.true(
    numbers.every((n, i) => i === 0 || n > (numbers[i - 1] ?? 0)),
    numbers.join(),
  );
  t.true(numbers.length - before >= 18 && numbers.length - before <= 21, String(numbers.length - before));
  await h.end();
});

test('data too long for its topic is cut there, and named', async (t) => {
  const { bus, of } = tapped();
  const h = await harness(x, { bus });
  await h.ask('start', 'big');
  await h.ask('wait', 'big');
  const shown = Session.parse(of('op/big').at(-1)?.message);
  t.deepEqual([shown.status, shown.data, shown.cut], ['done', { small: 1 }, ['long']]);
  const [code, , whole] = await h.ask('status', 'big');
  t.deepEqual([code, String(whole?.data['long']).length, whole?.cut], [0, 90_000, undefined]);
  await h.end();
});

test('the connection that is lost without a word leaves "lost" by its will, and is back soon after', async (t) => {
  const { bus, of } = tapped();
  const h = await harness(x, { bus });
  const own = bus.clientIds().find((id) => id.startsWith('x-'));
  bus.lose(own ?? '');
  await h.advance(0);
  t.like(of('presence').at(-1)?.message, { state: 'lost', reason: 'connection lost' });
  await h.advance(10_000);
  t.is(of('presence').at(-1)?.message['state'], 'online');
  await h.end();
});

test('a second agent with the id of a live one is refused, naming host and pid, while the first goes on', async (t) => {
  const h = await harness(x);
  const before = (await h.ask('status', 'acquire'))[2];
  const second = await harness(x, { bus: h.bus, clock: h.clock });
  const { code, fault: why } = await h.settle(second.agent.ended);
  t.is(why?.code, 'AGENT_DUPLICATE');
  t.true(why?.message.includes('"h1"') && why.message.includes(`pid ${process.pid}`), why?.message);
  t.is(code, 6);
  const after = (await h.ask('status', 'acquire'))[2];
  t.deepEqual([after?.session_id, after?.status], [before?.session_id, 'running']);
  const held = JSON.parse(h.bus.retained().get('observatory/agents/x/presence') ?? '');
  t.deepEqual([held.state, held.g], ['online', h.agent.identity.generation]);
  await second.end();
  await h.end();
});

test('an agent that sees a higher generation online says nothing more and ends with AGENT_FENCED', async (t) => {
  const { bus, said } = tapped();
  const h = await harness(x, { bus });
  const presence = JSON.parse(bus.retained().get('observatory/agents/x/presence') ?? '{}');
  const g = presence.g + 1;
  const other = await bus.dialer('x').dial({ clientId: 'x-other' });
  if (!other.ok) return t.fail();
  const newer = JSON.stringify({ ...presence, g, generation: g, host: 'h2', pid: 1 });
  await other.value.publish('observatory/agents/x/presence', newer, { retain: true });
  const { code, fault: why } = await h.settle(h.agent.ended);
  t.deepEqual([code, why?.code], [6, 'AGENT_FENCED']);
  const later = said.slice(said.findIndex(({ message }) => message['g'] === g && message['host'] === 'h2') + 1);
  t.deepEqual(
    later.filter(({ clientId }) => clientId !== 'x-other'),
    [],
  );
  t.is(JSON.parse(bus.retained().get('observatory/agents/x/presence') ?? '{}').g, g);
  await other.value.close();
  await h.end();
});
