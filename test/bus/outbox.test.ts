import test from 'ava';
import { type Outcome, fault, ok } from '../../base/fault.ts';
import type { Connection, EndCause } from '../../bus/bus.ts';
import { outbox } from '../../bus/outbox.ts';
import type { OutKind, Outgoing } from '../../bus/outgoing.ts';

const item = (kind: OutKind, topic: string): Outgoing => ({ kind, topic, payload: '', qos: 1, retain: false });

/** A connection whose acknowledgements come when the test says so. */
function slowConnection(backlogBytes = 0) {
  const sent: string[] = [];
  const acks: ((outcome: Outcome<void>) => void)[] = [];
  let end: ((cause: EndCause, fault: ReturnType<typeof down>) => void) | undefined;
  const connection: Connection = {
    url: 'memory://slow',
    rttMs: () => undefined,
    backlogBytes: () => backlogBytes,
    subscribe: async () => ok(undefined),
    unsubscribe: async () => {},
    publish: (topic) => {
      sent.push(topic);
      return new Promise((resolve) => acks.push(resolve));
    },
    onMessage: () => () => {},
    onEnd(listener) {
      end = listener;
      return () => {};
    },
    close: async () => {},
  };
  return { connection, sent, ack: () => acks.shift()?.(ok(undefined)), end: () => end?.('lost', down()) };
}

const down = () => fault('BUS_DOWN', { url: 'x', cause: 'test' });

test('outbox() has 20 in flight and sends the next at an acknowledgement, the most important first', async (t) => {
  const { connection, sent, ack } = slowConnection();
  const box = outbox(connection);
  for (let i = 0; i < 25; i++) void box.send(item('reply', `r${i}`));
  const last = box.send(item('presence', 'p'));
  t.deepEqual([sent.length, box.stats().inFlight, box.stats().waiting], [20, 20, 6]);
  ack();
  await Promise.resolve().then(() => Promise.resolve());
  t.is(sent[20], 'p');
  for (let i = 0; i < 20; i++) ack();
  t.deepEqual(await last, ok('sent'));
});

test('outbox() drops a feed block while more than 1 MiB waits in the socket', async (t) => {
  const { connection, sent } = slowConnection(1_048_577);
  const box = outbox(connection);
  t.deepEqual(await box.send(item('feed', 'f')), ok('dropped'));
  void box.send(item('state', 's'));
  t.deepEqual(sent, ['s']);
  t.is(box.stats().dropped.feed, 1);
});

test('outbox() tells who waits that the connection has ended', async (t) => {
  const { connection, end } = slowConnection();
  const box = outbox(connection);
  const outcomes = Array.from({ length: 21 }, (_, i) => box.send(item('reply', `r${i}`)));
  end();
  t.like(await outcomes[20], { ok: false, fault: { code: 'BUS_DOWN' } });
});
