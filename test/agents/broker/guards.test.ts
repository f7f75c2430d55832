import { once } from 'node:events';
import test from 'ava';
import { generate } from 'mqtt-packet';
import { must } from '../../../base/fault.ts';
import { inbox } from '../../bus/contract.ts';
import { CONNECT, accepted, rawClient } from './raw-client.ts';
import { dialerTo, started, until } from './started.ts';

const publish = (
  topic: string,
  payload: string | Buffer,
  options: { qos?: 0 | 1; retain?: boolean; messageId?: number } = {},
) => generate({ cmd: 'publish', topic, payload, qos: 0, retain: false, dup: false, ...options });

test('guard 1: QoS 0 retained beside QoS 0 not retained in one chunk both reach a live reader', async (t) => {
  const { url, port } = await started(t);
  const reader = must(await dialerTo(url).dial({ clientId: 'r-1' }));
  const messages = inbox(reader);
  must(await reader.subscribe(['o/agents/#'], 0));
  const writer = await accepted(port, 'w-1');
  for (let i = 0; i < 100; i++) {
    writer.say(
      Buffer.concat([
        publish('o/agents/a/last/f', String(i), { retain: true }),
        publish('o/agents/a/feed/f', String(i)),
      ]),
    );
  }
  await messages.until(200);
  t.is(messages.all.length, 200);
  writer.socket.destroy();
});

test('guard 2: one reader that stands still holds up nobody', async (t) => {
  const { url, port } = await started(t, { limits: { backlogCutBytes: 67_108_864, backlogCutMs: 60_000 } });
  const stalled = await accepted(port, 'stalled-1');
  stalled.say({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'o/agents/#', qos: 1 }] });
  await stalled.hear('suback');
  stalled.socket.pause();
  const reader = must(await dialerTo(url).dial({ clientId: 'r-1' }));
  const messages = inbox(reader);
  must(await reader.subscribe(['o/agents/a/feed/f'], 1));
  const writer = must(await dialerTo(url).dial({ clientId: 'w-1' }));
  // More than the kernel's buffers and the 100 deliveries of the library hold, less than the write mark.
  const block = 'x'.repeat(65_536);
  const sending = (async () => {
    for (let i = 0; i < 400; i += 20) {
      await Promise.all(Array.from({ length: 20 }, () => writer.publish('o/agents/a/feed/f', block, { qos: 1 })));
    }
  })();
  t.true(await until(() => messages.all.length === 400, 4_000), `${messages.all.length} of 400 within 4 s`);
  await sending;
  stalled.socket.destroy();
  await Promise.all([reader.close(), writer.close()]);
});

test('guard 3: a reader that stays behind is cut, and the event names it', async (t) => {
  const { broker, url, port, events } = await started(t);
  const stalled = await accepted(port, 'stalled-1');
  stalled.say({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'o/agents/#', qos: 1 }] });
  await stalled.hear('suback');
  stalled.socket.pause();
  const writer = must(await dialerTo(url).dial({ clientId: 'w-1' }));
  const block = 'x'.repeat(65_536);
  for (let i = 0; i < 300 && broker.stats().cut === 0; i++)
    await writer.publish('o/agents/a/feed/f', block, { qos: 1 });
  t.is(broker.stats().cut, 1);
  t.like(events, [{ event: 'CLIENT_CUT', client: 'stalled-1', why: 'slow reader' }]);
  stalled.socket.destroy();
  await writer.close();
});

for (const [when, name, bytes] of [
  ['before CONNECT', 'the announcement of 17 KiB', 17_408],
  ['after CONNACK', 'the announcement of 300 KiB', 307_200],
] as const) {
  test(`guard 4: ${name} ${when} ends the connection before the bytes come`, async (t) => {
    const { port } = await started(t);
    const client = when === 'before CONNECT' ? await rawClient(port) : await accepted(port);
    const announced = Buffer.from([
      when === 'before CONNECT' ? 0x10 : 0x30,
      0x80 | (bytes & 0x7f),
      0x80 | ((bytes >> 7) & 0x7f),
      bytes >> 14,
      0,
      1,
    ]);
    client.say(announced);
    t.true(await Promise.race([client.ended.then(() => true), until(() => false, 2_000)]));
  });
}

test('guard 5: a replay larger than what cuts a reader comes whole, at the pace of its reader', async (t) => {
  const { broker, url, port } = await started(t, { limits: { backlogDropBytes: 524_288, backlogCutBytes: 1_048_576 } });
  const writer = must(await dialerTo(url).dial({ clientId: 'w-1' }));
  const value = 'x'.repeat(32_768);
  for (let i = 0; i < 300; i++) await writer.publish(`o/agents/a/op/${i}`, value, { qos: 1, retain: true });
  const reader = await accepted(port, 'slow-1');
  reader.say({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'o/agents/#', qos: 0 }] });
  await reader.hear('suback');
  reader.socket.pause();
  await until(() => false, 200);
  reader.socket.resume();
  const stored = () => reader.heard.filter(({ cmd }) => cmd === 'publish').length;
  t.true(await until(() => stored() === 300 || reader.socket.destroyed));
  t.is(stored(), 300);
  t.is(broker.stats().cut, 0);
  reader.socket.destroy();
  await writer.close();
});

test('guard 6: a session that would outlive its connection is refused with 5', async (t) => {
  const { port } = await started(t);
  const client = await rawClient(port);
  client.say({ ...CONNECT, clean: false });
  t.like(await client.hear('connack'), { returnCode: 5 });
  await client.ended;
});

test('guard 7: nothing is kept for a client that is away', async (t) => {
  const { url, port } = await started(t);
  const writer = must(await dialerTo(url).dial({ clientId: 'w-1' }));
  for (let round = 0; round < 2; round++) {
    const reader = await accepted(port, 'r-1');
    reader.say({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'o/agents/#', qos: 1 }] });
    await reader.hear('suback');
    reader.socket.destroy();
    await reader.ended;
    await writer.publish('o/agents/a/event', 'missed', { qos: 1 });
    t.false(reader.heard.some(({ cmd }) => cmd === 'publish'));
  }
  await writer.close();
});

test('guard 8: a stored message beyond the quota goes out, and is not stored', async (t) => {
  const { broker, url, events } = await started(t, { limits: { retainedPerOwner: 3 } });
  const writer = must(await dialerTo(url).dial({ clientId: 'w-1' }));
  const messages = inbox(writer);
  must(await writer.subscribe(['o/agents/#'], 1));
  for (let i = 0; i < 5; i++) await writer.publish(`o/agents/w/op/${i}`, '1', { qos: 1, retain: true });
  await messages.until(5);
  t.is(broker.stats().retained, 3);
  t.like(events[0], { event: 'RETAINED_FULL', topic: 'o/agents/w/op/3' });
  await writer.close();
});

for (const topic of ['o/requests/a/operate/local', 'o/replies/local/c/a', 'other/thing']) {
  test(`guard 8: nothing is stored at ${topic}`, async (t) => {
    const { broker, url } = await started(t);
    const writer = must(await dialerTo(url).dial({ clientId: 'w-1' }));
    const messages = inbox(writer);
    must(await writer.subscribe([topic], 1));
    await writer.publish(topic, '{}', { qos: 1, retain: true });
    await messages.until(1);
    t.is(broker.stats().retained, 0);
    await writer.close();
  });
}

test('guard 9: names beginning with "$" can be neither read nor written', async (t) => {
  const { broker, url, port } = await started(t);
  const victim = must(await dialerTo(url).dial({ clientId: 'victim-1' }));
  t.like(await victim.subscribe(['$SYS/#'], 0), { ok: false, fault: { code: 'FILTER_DENIED' } });
  t.like(await victim.subscribe(['$share/g/o/agents/#'], 0), { ok: false, fault: { code: 'FILTER_DENIED' } });
  const forger = await accepted(port, 'forger-1');
  forger.say(publish('$SYS/x/new/clients', 'victim-1', { qos: 1, messageId: 1 }));
  await forger.hear('puback');
  t.true((await victim.publish('o/agents/victim/event', '', { qos: 1 })).ok);
  t.is(broker.stats().denied, 1);
  forger.socket.destroy();
  await victim.close();
});

for (const keepalive of [0, 121]) {
  test(`guard 10: keep alive ${keepalive} s is refused with 6`, async (t) => {
    const { port } = await started(t);
    const client = await rawClient(port);
    client.say({ ...CONNECT, keepalive });
    t.like(await client.hear('connack'), { returnCode: 6 });
    client.socket.destroy();
  });
}

test('guard 10: a topic of nine levels ends the connection, and the broker lives', async (t) => {
  const { url, port } = await started(t);
  const client = await accepted(port);
  client.say(publish('a/b/c/d/e/f/g/h/i', ''));
  await client.ended;
  t.true((await dialerTo(url).dial({ clientId: 'a-1' })).ok);
});

for (const clientId of ['a/b-1', '+', '#', 'a b-1', 'x'.repeat(129)]) {
  test(`guard 11: client id "${clientId.slice(0, 9)}" of ${clientId.length} characters is refused with 2`, async (t) => {
    const { port } = await started(t);
    const client = await rawClient(port);
    client.say({ ...CONNECT, clientId });
    t.like(await client.hear('connack'), { returnCode: 2 });
    client.socket.destroy();
  });
}

for (const [what, topic, payload] of [
  ['a topic outside the alphabet', 'o/agents/a b/presence', ''],
  ['a payload of 5 KB', 'o/agents/a/presence', 'x'.repeat(5_000)],
  ['a topic with "$"', '$SYS/x/new/clients', 'x'],
] as const) {
  test(`guard 12: a will with ${what} is refused with 5`, async (t) => {
    const { port } = await started(t);
    const client = await rawClient(port);
    client.say({ ...CONNECT, will: { topic, payload: Buffer.from(payload), qos: 1, retain: false } });
    t.like(await client.hear('connack'), { returnCode: 5 });
    client.socket.destroy();
  });
}

for (const topic of ['o/agents/a b/event', 'o/agents/a.b/event', 'o//event', `o/agents/${'a'.repeat(65)}`]) {
  test(`guard 12: a publish to "${topic.slice(0, 20)}" is acknowledged, seen by nobody, and the connection stays`, async (t) => {
    const { broker, url } = await started(t);
    const connection = must(await dialerTo(url).dial({ clientId: 'w-1' }));
    const messages = inbox(connection);
    must(await connection.subscribe(['#'], 1));
    t.true((await connection.publish(topic, 'x', { qos: 1, retain: true })).ok);
    await connection.publish('o/agents/w/event', '', { qos: 1 });
    await messages.until(1);
    t.deepEqual(messages.all, ['o/agents/w/event=']);
    t.like(broker.stats(), { denied: 1, retained: 0 });
    await connection.close();
  });
}

test('guard 12: the 21st denied publish in a minute ends the connection', async (t) => {
  const { port, broker } = await started(t);
  const client = await accepted(port);
  for (let i = 0; i < 20; i++) client.say(publish('bad topic', ''));
  client.say(generate({ cmd: 'pingreq' }));
  await client.hear('pingresp');
  t.is(broker.stats().cut, 0);
  client.say(publish('bad topic', ''));
  await client.ended;
  t.is(broker.stats().cut, 1);
});

test('guard 13: silent sockets give way, so that a good client gets in', async (t) => {
  const { broker, url, port } = await started(t, {
    limits: { waitingMax: 20, waitingPerAddress: 20, waitingGraceMs: 0 },
  });
  const silent = await Promise.all(Array.from({ length: 40 }, () => rawClient(port)));
  t.true(await until(() => broker.stats().waiting <= 20 && broker.stats().refused >= 20));
  const dialled = await dialerTo(url).dial({ clientId: 'good-1' });
  t.true(dialled.ok);
  for (const { socket } of silent) socket.destroy();
});

test('guard 13: a socket that says nothing is closed', async (t) => {
  const { port } = await started(t, { limits: { connectTimeoutMs: 100 } });
  const silent = await rawClient(port);
  await silent.ended;
  t.deepEqual(silent.heard, []);
});

test('guard 14: who is faster than the rate waits, in order, and loses nothing', async (t) => {
  const { url } = await started(t, { limits: { messagesPerS: 500, messagesBurst: 50 } });
  const connection = must(await dialerTo(url).dial({ clientId: 'w-1' }));
  const messages = inbox(connection);
  must(await connection.subscribe(['o/agents/w/feed/f'], 0));
  const startMs = performance.now();
  await Promise.all(Array.from({ length: 150 }, (_, i) => connection.publish('o/agents/w/feed/f', String(i))));
  await messages.until(150);
  t.true(performance.now() - startMs >= 190);
  t.deepEqual(
    messages.all,
    Array.from({ length: 150 }, (_, i) => `o/agents/w/feed/f=${i}`),
  );
  await connection.close();
});

test('guard 15: a QoS 1 message comes back through the guards with a median below 5 ms', async (t) => {
  const { url } = await started(t);
  const connection = must(await dialerTo(url).dial({ clientId: 'w-1' }));
  const messages = inbox(connection);
  must(await connection.subscribe(['o/agents/w/event'], 1));
  const tookMs: number[] = [];
  for (let i = 0; i < 100; i++) {
    const startMs = performance.now();
    const sent = connection.publish('o/agents/w/event', 'x', { qos: 1 });
    await messages.until(i + 1);
    tookMs.push(performance.now() - startMs);
    must(await sent);
  }
  t.true((tookMs.toSorted((a, b) => a - b)[50] ?? Number.POSITIVE_INFINITY) < 5, `${tookMs}`);
  await connection.close();
});

test('the broker lives through a client that vanishes in the middle of a packet', async (t) => {
  const { url, port } = await started(t);
  const client = await accepted(port);
  client.say(Buffer.from([0x32, 100, 0, 1]));
  client.socket.resetAndDestroy();
  await once(client.socket, 'close');
  t.true((await dialerTo(url).dial({ clientId: 'a-1' })).ok);
});
