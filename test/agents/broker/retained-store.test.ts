import * as fc from 'fast-check';
import test from 'ava';
import { matches } from '../../../bus/filters.ts';
import { retainedStore } from '../../../agents/broker/retained-store.ts';

const QUOTAS = { retainedBytesEach: 10, retainedPerOwner: 3, retainedMax: 4, retainedBytesMax: 25 };
const message = (topic: string, text: string, owner = 'a') => ({
  topic,
  payload: Buffer.from(text),
  qos: 1 as const,
  owner,
});
const topics = (filter: string, store: ReturnType<typeof retainedStore>) =>
  [...store.match(filter)].map(({ topic }) => topic).toSorted();

test('match() finds what the filter of MQTT means, for any topics and filters', (t) => {
  const level = fc.constantFrom('a', 'b', '$c', 'd');
  const topic = fc.array(level, { minLength: 1, maxLength: 4 }).map((levels) => levels.join('/'));
  const filter = fc
    .tuple(fc.array(fc.oneof(level, fc.constant('+')), { minLength: 1, maxLength: 4 }), fc.boolean())
    .map(([levels, all]) => [...levels, ...(all ? ['#'] : [])].join('/'));
  fc.assert(
    fc.property(fc.uniqueArray(topic, { maxLength: 30 }), filter, (all, filter) => {
      const store = retainedStore({
        retainedBytesEach: 10,
        retainedPerOwner: 100,
        retainedMax: 100,
        retainedBytesMax: 1_000,
      });
      for (const topic of all) store.put(message(topic, 'x'));
      t.deepEqual(topics(filter, store), all.filter((topic) => matches(filter, topic)).toSorted());
    }),
    { numRuns: 300 },
  );
});

test('put() with an empty payload forgets, and gives the quota back', (t) => {
  const store = retainedStore(QUOTAS);
  for (const topic of ['x/1', 'x/2', 'x/3']) t.true(store.put(message(topic, '1')));
  t.false(store.put(message('x/4', '1')));
  t.true(store.put(message('x/2', '')));
  t.true(store.put(message('x/4', '1')));
  t.deepEqual(topics('#', store), ['x/1', 'x/3', 'x/4']);
  t.is(store.bytes(), 3);
});

test('put() replaces a message also when the quota is used up', (t) => {
  const store = retainedStore(QUOTAS);
  for (const topic of ['x/1', 'x/2', 'x/3']) store.put(message(topic, '1'));
  t.true(store.put(message('x/1', '22')));
  t.deepEqual([store.count(), store.bytes()], [3, 4]);
});

test('put() counts a message for who stored it first', (t) => {
  const store = retainedStore(QUOTAS);
  for (const topic of ['x/1', 'x/2', 'x/3']) store.put(message(topic, '1', 'a'));
  t.true(store.put(message('x/1', '2', 'b')));
  t.false(store.put(message('x/4', '1', 'a')));
  t.true(store.put(message('x/4', '1', 'b')));
});

test('put() refuses what is over the size of one, the number and the bytes of all', (t) => {
  const store = retainedStore(QUOTAS);
  t.false(store.put(message('x', 'x'.repeat(11))));
  for (const owner of ['a', 'b']) t.true(store.put(message(owner, 'x'.repeat(10), owner)));
  t.false(store.put(message('c', 'x'.repeat(6), 'c')));
  t.true(store.put(message('c', 'x', 'c')));
  t.true(store.put(message('d', 'x', 'd')));
  t.false(store.put(message('e', 'x', 'e')));
});

test('put() keeps a copy of the payload', (t) => {
  const store = retainedStore(QUOTAS);
  const payload = Buffer.from('old');
  store.put({ topic: 'x', payload, qos: 0, owner: 'a' });
  payload.write('new');
  t.is([...store.match('x')][0]?.payload.toString(), 'old');
});
