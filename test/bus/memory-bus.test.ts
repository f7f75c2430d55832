import test from 'ava';
import { fakeClock } from '../../base/fake-clock.ts';
import { must } from '../../base/fault.ts';
import { memoryBus } from '../../bus/memory-bus.ts';
import { contract, endOf, inbox } from './contract.ts';

contract({
  test,
  name: 'the bus in memory',
  bench: async () => {
    const bus = memoryBus({ maySubscribe: (_user, filter) => !filter.startsWith('$') });
    return { dialer: bus.dialer(), lose: bus.lose, tellsDenied: true, real: false };
  },
});

test('cut() loses every connection, keeps wills and retained messages, and lets nobody dial until restore()', async (t) => {
  const bus = memoryBus();
  const agent = must(await bus.dialer().dial({ clientId: 'a-1', will: { topic: 'p', payload: 'lost', retain: true } }));
  await agent.publish('op', '1', { retain: true });
  const end = endOf(agent);
  bus.cut();
  t.deepEqual(await end, { cause: 'lost', code: 'BUS_DOWN' });
  t.like(await bus.dialer().dial({ clientId: 'a-1' }), { ok: false, fault: { code: 'BUS_DOWN' } });
  bus.restore();
  t.true((await bus.dialer().dial({ clientId: 'a-1' })).ok);
  t.deepEqual(
    [...bus.retained()],
    [
      ['op', '1'],
      ['p', 'lost'],
    ],
  );
});

test('cut({ forget: true }) is a broker that comes back empty', async (t) => {
  const bus = memoryBus();
  const agent = must(await bus.dialer().dial({ clientId: 'a-1', will: { topic: 'p', payload: 'lost', retain: true } }));
  await agent.publish('op', '1', { retain: true });
  bus.cut({ forget: true });
  t.is(bus.retained().size, 0);
});

test('delayMs holds a message back in virtual time, copies drops and doubles', async (t) => {
  const clock = fakeClock();
  const bus = memoryBus({ clock, delayMs: () => 100, copies: ({ topic }) => ({ none: 0, twice: 2 })[topic] ?? 1 });
  const reader = must(await bus.dialer().dial({ clientId: 'r-1' }));
  const { all } = inbox(reader);
  await reader.subscribe(['#'], 1);
  for (const topic of ['none', 'once', 'twice']) await reader.publish(topic, '');
  await clock.advance(99);
  t.deepEqual(all, []);
  await clock.advance(1);
  t.deepEqual(all, ['once=', 'twice=', 'twice=']);
});

test('a denied publish is acknowledged and reaches nobody', async (t) => {
  const bus = memoryBus({ mayPublish: (user, topic) => topic.startsWith(user) });
  const writer = must(await bus.dialer('bob').dial({ clientId: 'bob-1' }));
  t.true((await writer.publish('eve/x', '1', { qos: 1, retain: true })).ok);
  t.true((await writer.publish('bob/x', '1', { qos: 1, retain: true })).ok);
  t.deepEqual([...bus.retained().keys()], ['bob/x']);
});
