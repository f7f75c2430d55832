import test from 'ava';
import { fakeClock } from '../../base/fake-clock.ts';
import { CupolaFault, failed, fault } from '../../base/fault.ts';
import type { Dialer } from '../../bus/bus.ts';
import { type LinkParts, keepLinked } from '../../bus/link.ts';
import { memoryBus } from '../../bus/memory-bus.ts';

function linked(parts: Partial<LinkParts> = {}) {
  const clock = fakeClock();
  const bus = memoryBus();
  const seen: string[] = [];
  const link = keepLinked({
    dialer: bus.dialer(),
    clock,
    random: () => 0.5,
    options: () => ({ clientId: 'a-1' }),
    onUp: async () => void seen.push('up'),
    onDown: ({ code }) => seen.push(code),
    ...parts,
  });
  return { clock, bus, seen, link };
}

test('keepLinked() dials at once and is up when onUp() resolves', async (t) => {
  const { clock, seen, link } = linked();
  t.is(link.state().state, 'connecting');
  await clock.advance(0);
  t.deepEqual(seen, ['up']);
  t.is(link.state().state, 'up');
  t.not(link.connection(), undefined);
  await link.close();
});

test('keepLinked() dials again 0.5 s after a loss, then by the schedule', async (t) => {
  const { clock, bus, seen, link } = linked();
  await clock.advance(1_000);
  bus.cut();
  await clock.advance(0);
  t.like(link.state(), { state: 'down', fault: { code: 'BUS_DOWN' } });
  t.is(link.connection(), undefined);
  await clock.advance(500);
  t.deepEqual(seen, ['up', 'BUS_DOWN', 'BUS_DOWN']);
  bus.restore();
  await clock.advance(799);
  t.is(link.state().state, 'down');
  await clock.advance(1);
  t.is(link.state().state, 'up');
  await link.close();
});

test('keepLinked() dials again at once, with the options of then, what its user has closed', async (t) => {
  const wills = [undefined, { topic: 'p', payload: 'lost', retain: true }];
  let dialled = 0;
  const { clock, bus, link } = linked({
    options: () => {
      const will = wills[dialled++];
      return will ? { clientId: 'a-1', will } : { clientId: 'a-1' };
    },
    onUp: async (connection) => void (dialled === 1 && (await connection.close())),
  });
  await clock.advance(0);
  t.like(link.state(), { state: 'up' });
  t.is(dialled, 2);
  bus.lose('a-1');
  await clock.advance(0);
  t.is(bus.retained().get('p'), 'lost');
  await link.close();
});

test('keepLinked() waits 30 s after a refusal', async (t) => {
  let dials = 0;
  const dialer: Dialer = { url: 'x', user: 'local', dial: async () => (dials++, failed('BUS_REFUSED', { url: 'x' })) };
  const { clock, link } = linked({ dialer });
  await clock.advance(29_999);
  t.is(dials, 1);
  await clock.advance(1);
  t.is(dials, 2);
  await link.close();
});

test('keepLinked() ends a connection whose onUp() throws, and tells the fault', async (t) => {
  const { clock, bus, seen, link } = linked({
    onUp: async () => {
      throw new CupolaFault(fault('FILTER_DENIED', { filter: 'x', user: 'local' }));
    },
  });
  await clock.advance(0);
  t.deepEqual(seen, ['FILTER_DENIED']);
  t.deepEqual(bus.clientIds(), []);
  t.like(link.state(), { state: 'down', fault: { code: 'FILTER_DENIED' } });
  await link.close();
});

test('close() leaves in order and dials no more', async (t) => {
  const { clock, bus, link } = linked({
    options: () => ({ clientId: 'a-1', will: { topic: 'p', payload: 'lost', retain: true } }),
  });
  await clock.advance(0);
  await link.close();
  await clock.advance(60_000);
  t.deepEqual([bus.clientIds(), bus.retained().size, link.state().state], [[], 0, 'down']);
});

test('close() during a dial leaves at once, without onUp()', async (t) => {
  const { clock, bus, seen, link } = linked();
  await link.close();
  await clock.advance(1_000);
  t.deepEqual([seen, bus.clientIds()], [[], []]);
});

test('close() ends a link that waits for its next attempt', async (t) => {
  const { clock, bus, link } = linked();
  bus.cut();
  await clock.advance(0);
  await link.close();
  t.is(link.state().state, 'down');
});

test('close() does not wait for a broker that does not answer, and leaves nothing open', async (t) => {
  const bus = memoryBus();
  let answer: () => void = () => {};
  const asked = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const ends: string[] = [];
  const dialer: Dialer = {
    ...bus.dialer(),
    async dial(options) {
      await asked;
      const dialled = await bus.dialer().dial(options);
      if (dialled.ok) dialled.value.onEnd((cause) => ends.push(cause));
      return dialled;
    },
  };
  const { clock, link, seen } = linked({ dialer });
  await clock.advance(0);
  await link.close();
  answer();
  await clock.advance(0);
  t.deepEqual([seen, ends], [[], ['closed']]);
});
