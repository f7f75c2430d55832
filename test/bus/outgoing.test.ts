import test from 'ava';
import { EVENTS_MAX, type OutKind, type Outgoing, WAITING_MAX, outgoingQueue } from '../../bus/outgoing.ts';

const item = (kind: OutKind, topic: string = kind, payload = ''): Outgoing => ({
  kind,
  topic,
  payload,
  qos: 1,
  retain: false,
});

test('take() gives presence, claim, replies, state, events, mods, feeds, whatever came first', (t) => {
  const queue = outgoingQueue();
  for (const kind of ['feed', 'mod', 'event', 'state', 'reply', 'claim', 'presence'] as const) queue.put(item(kind));
  t.deepEqual(
    queue.drain().map(({ kind }) => kind),
    ['presence', 'claim', 'reply', 'state', 'event', 'mod', 'feed'],
  );
});

test('put() lets a newer state of a topic take the place of the older one', (t) => {
  const queue = outgoingQueue();
  queue.put(item('state', 'op/a', '1'));
  queue.put(item('state', 'op/b', '2'));
  t.like(queue.put(item('state', 'op/a', '3')), { gone: { payload: '1' }, fate: 'replaced' });
  t.deepEqual(
    queue.drain().map(({ payload }) => payload),
    ['3', '2'],
  );
});

test('put() never replaces a reply', (t) => {
  const queue = outgoingQueue();
  queue.put(item('reply', 'r', '1'));
  t.is(queue.put(item('reply', 'r', '2')), undefined);
  t.is(queue.size(), 2);
});

test('put() keeps 1 000 events and drops the oldest, counted', (t) => {
  const queue = outgoingQueue();
  for (let i = 0; i < EVENTS_MAX; i++) queue.put(item('event', 'e', String(i)));
  t.like(queue.put(item('event', 'e', 'new')), { gone: { payload: '0' }, fate: 'dropped' });
  t.is(queue.size(), EVENTS_MAX);
  t.is(queue.dropped().event, 1);
});

test('put() drops the oldest of the least important when 200 wait', (t) => {
  const queue = outgoingQueue();
  for (let i = 0; i < WAITING_MAX; i++) queue.put(item(i < 2 ? 'feed' : 'reply', 'x', String(i)));
  t.like(queue.put(item('reply', 'x', 'new')), { gone: { kind: 'feed', payload: '0' }, fate: 'dropped' });
  t.like(queue.put(item('presence')), { gone: { kind: 'feed', payload: '1' }, fate: 'dropped' });
  t.like(queue.put(item('feed')), { gone: { kind: 'feed', topic: 'feed' }, fate: 'dropped' });
  t.is(queue.size(), WAITING_MAX);
});
