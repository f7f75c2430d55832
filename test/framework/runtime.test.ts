/** What an agent lives through: a full disk, a clock set back, a check that throws, another one under its name. */
import { readdirSync } from 'node:fs';
import test from 'ava';
import { agent, z } from '../../framework/cupola.ts';
import { openFeed } from '../../framework/feed.ts';
import { fakeClock, harness, memoryStore } from '../../framework/testing.ts';
import type { Block } from '../../protocol/envelope.ts';

const idle = (options: { worksWithoutStore?: boolean }) => agent('Idle', z.object({}), () => {}, options);

test('an agent that works without a store starts on a disk that is full', async (t) => {
  const store = memoryStore();
  store.full = true;
  const h = await harness(idle({ worksWithoutStore: true }), { store });
  t.true(h.agent.identity.generation > 0);
  await h.end();
  await t.throwsAsync(harness(idle({}), { store }), { message: /not started/ });
});

test('a check of a param that throws fails its request, and the agent lives', async (t) => {
  const odd = agent('Odd', z.object({}), ({ task }) => {
    task('t', {
      params: z.object({
        text: z.string().refine((text) => {
          throw new TypeError(`cannot read "${text}"`);
        }),
      }),
      run: () => {},
    });
    task('n', { run: () => 'well' });
  });
  const h = await harness(odd);
  const [code, message] = await h.ask('start', 't', { params: { text: 'x' } });
  t.deepEqual([code, message], [-1, 'CRASH: cannot read "x"']);
  t.is((await h.ask('start', 'n'))[0], 0);
  await h.end();
});

test('a sample without a time is taken when the clock of the machine was set back', (t) => {
  const clock = fakeClock();
  let setBackMs = 0;
  const blocks: Block[] = [];
  const feed = openFeed(
    'f',
    { a: z.number() },
    { bufferMs: 1_000 },
    {
      g: 1,
      clock: { ...clock, nowMs: () => clock.nowMs() - setBackMs },
      busUp: () => true,
      emit: (_name, block) => blocks.push(block),
    },
  );
  const atS = clock.nowMs() / 1_000;
  feed.publish({ a: 1 });
  setBackMs = 3_600_000;
  feed.publish({ a: 2 });
  feed.flush();
  t.deepEqual(
    blocks.map(({ ts, fields }) => [ts, fields['a']]),
    [
      [[atS], [1]],
      [[atS - 3_600], [2]],
    ],
  );
  t.throws(() => feed.publish({ ts: [atS - 7_200], a: [3] }), { message: /backwards/ });
});

test('ousted by another on the bus, an agent says so before its sessions are stopped, and no grace is cut short', async (t) => {
  const said: string[] = [];
  const ousted = agent('X', z.object({}), ({ process, onOusted, onHurry }) => {
    onOusted(() => void said.push('ousted'));
    onHurry(() => void said.push('hurry'));
    process('p', {
      autostart: true,
      async run(session) {
        await session.sleep(60_000);
        said.push('stopped');
      },
    });
  });
  const h = await harness(ousted);
  const { generation } = h.agent.identity;
  const presence = { state: 'online', g: generation + 1, generation: generation + 1, start: 1, since: 1, class: 'X' };
  const rival = { ...presence, host: 'h2', pid: 7, version: '0', protocol: 1, api_hash: '' };
  const link = await h.bus.dialer('x').dial({ clientId: 'rival' });
  if (!link.ok) return t.fail(link.fault.message);
  const payload = JSON.stringify(rival);
  await link.value.publish('observatory/agents/x/presence', payload, { qos: 1, retain: true });
  await h.advance(10_000);
  t.deepEqual(said, ['ousted', 'stopped']);
  t.is((await h.agent.ended).fault?.code, 'AGENT_FENCED');
  await h.end();
});

test('a second request to end cuts short what an agent does at its end', async (t) => {
  const hanging = agent('X', z.object({}), ({ onEnd }) => onEnd(() => new Promise(() => {})));
  const h = await harness(hanging);
  void h.agent.end('first');
  await h.advance(60_000);
  const code = h.agent.end('second');
  await h.advance(1_100);
  t.is(await code, 130);
  await h.caller.close();
});

test('an agent that cannot begin leaves no socket behind', async (t) => {
  let run = '';
  const failing = agent('X', z.object({}), ({ folder, onStart }) => {
    run = folder.run;
    onStart(() => {
      throw new TypeError('no such valve');
    });
  });
  let left: string[] = ['not looked at'];
  const store = {
    ...memoryStore(),
    async close() {
      left = readdirSync(run).filter((name) => name.endsWith('.sock'));
    },
  };
  await t.throwsAsync(harness(failing, { store }), { message: /no such valve/ });
  t.deepEqual(left, []);
});

test('params that are no JSON after their schema are shown as text, and the operation runs', async (t) => {
  const large = agent('X', z.object({}), ({ task }) => {
    task('t', { params: z.object({ n: z.string().transform((text) => BigInt(text)) }), run: () => {} });
  });
  const h = await harness(large);
  t.is((await h.ask('start', 't', { params: { n: '5' } }))[0], 0);
  const [, , session] = await h.ask('wait', 't');
  t.deepEqual([session?.success, session?.params], [true, { n: '5' }]);
  await h.end();
});
