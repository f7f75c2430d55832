import { once } from 'node:events';
import { createServer } from 'node:net';
import test from 'ava';
import { systemClock } from '../../base/clock.ts';
import { must } from '../../base/fault.ts';
import { mqttDialer } from '../../bus/mqtt-connection.ts';
import { freePort, mosquitto } from '../brokers/mosquitto.ts';
import { contract, endOf } from './contract.ts';
import { cutProxy } from './cut-proxy.ts';

const clock = systemClock();
const dialerTo = (...urls: string[]) => mqttDialer({ urls, user: 'local', protocol: 4, clock });

const started = mosquitto();
const proxied = started.then((broker) => broker && cutProxy(broker.port));
test.after.always(async () => {
  await (await proxied)?.close();
  await (await started)?.stop();
});

contract({
  test,
  name: 'mosquitto',
  bench: async () => {
    const proxy = await proxied;
    return proxy && { dialer: dialerTo(proxy.url), lose: proxy.lose, tellsDenied: false, real: true };
  },
});

test('dial() tells where nothing listens', async (t) => {
  const url = `mqtt://127.0.0.1:${await freePort()}`;
  const outcome = await dialerTo(url).dial({ clientId: 'a-1' });
  t.like(outcome, { ok: false, fault: { code: 'BUS_DOWN', facts: { url, cause: 'nothing listens there' } } });
});

test('dial() refuses name and password in the address, and does not repeat them', async (t) => {
  const outcome = await dialerTo('mqtt://bob:secret@127.0.0.1:1').dial({ clientId: 'a-1' });
  t.like(outcome, { ok: false, fault: { code: 'BROKER_URL' } });
  t.false(JSON.stringify([outcome, dialerTo('mqtt://bob:secret@127.0.0.1:1').url]).includes('secret'));
});

test('dial() takes the addresses in turn, one per attempt', async (t) => {
  const urls = [`mqtt://127.0.0.1:${await freePort()}`, `mqtt://127.0.0.1:${await freePort()}`];
  const dialer = dialerTo(...urls);
  const tried = [];
  for (let i = 0; i < 3; i++) {
    const outcome = await dialer.dial({ clientId: 'a-1' });
    tried.push(outcome.ok ? '' : outcome.fault.facts['url']);
  }
  t.deepEqual(tried, [urls[0], urls[1], urls[0]]);
});

/** A broker that answers CONNECT with `connack`, then does `then` at each further packet. */
async function stub(
  connack: number[],
  then: (data: Buffer, answer: (bytes: number[]) => void, close: () => void) => void = () => {},
) {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      socket.write(Buffer.from(connack));
      socket.on('data', (data) =>
        then(
          data,
          (bytes) => socket.write(Buffer.from(bytes)),
          () => socket.destroy(),
        ),
      );
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return { url: `mqtt://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`, stop: () => server.close() };
}

const WELCOME = [0x20, 2, 0, 0];

for (const [code, fault] of [
  [1, 'BUS_VERSION'],
  [2, 'BUS_REFUSED'],
  [3, 'BUS_DOWN'],
  [4, 'BUS_REFUSED'],
  [5, 'BUS_REFUSED'],
] as const) {
  test(`dial() turns CONNACK ${code} into ${fault}`, async (t) => {
    const broker = await stub([0x20, 2, 0, code]);
    t.like(await dialerTo(broker.url).dial({ clientId: 'a-1' }), { ok: false, fault: { code: fault } });
    broker.stop();
  });
}

test('dial() with "auto" falls back to 3.1.1 after CONNACK 1, and remembers it', async (t) => {
  const versions: number[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (data) => {
      versions.push(data[8] ?? 0);
      socket.write(Buffer.from(data[8] === 5 ? [0x20, 3, 0, 0x84, 0] : WELCOME));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const url = `mqtt://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  const dialer = mqttDialer({ urls: [url], user: 'local', protocol: 'auto', clock });
  for (let i = 0; i < 2; i++) await must(await dialer.dial({ clientId: 'a-1' })).close();
  t.deepEqual(versions, [5, 4, 4]);
  server.close();
});

test('subscribe() gives FILTER_DENIED with the name for a granted 128', async (t) => {
  const broker = await stub(WELCOME, (data, answer) => answer([0x90, 4, data[2] ?? 0, data[3] ?? 0, 1, 0x80]));
  const connection = must(await dialerTo(broker.url).dial({ clientId: 'a-1' }));
  const outcome = await connection.subscribe(['mine', 'theirs'], 1);
  t.like(outcome, { ok: false, fault: { code: 'FILTER_DENIED', facts: { filter: 'theirs' } } });
  await connection.close();
  broker.stop();
});

test('a broker that closes at once on a publish is understood: at the second time the topic is laid aside', async (t) => {
  const broker = await stub(WELCOME, (_data, _answer, close) => close());
  const dialer = dialerTo(broker.url);
  for (let i = 0; i < 2; i++) {
    const connection = must(await dialer.dial({ clientId: 'a-1' }));
    const end = endOf(connection);
    t.like(await connection.publish('not/mine', '', { qos: 1 }), { ok: false, fault: { code: 'BUS_DOWN' } });
    t.is((await end).cause, 'closed-after-send');
  }
  const connection = must(await dialer.dial({ clientId: 'a-1' }));
  const outcome = await connection.publish('not/mine', '', { qos: 1 });
  t.like(outcome, { ok: false, fault: { code: 'NO_REPLY', facts: { closed_after_publish: true } } });
  await connection.close();
  broker.stop();
});

test('a publish that is open when the socket is lost fails with the cause of the loss', async (t) => {
  const broker = await stub(WELCOME, (_data, _answer, close) => close());
  const connection = must(await dialerTo(broker.url).dial({ clientId: 'a-1' }));
  const outcome = await connection.publish('x', '', { qos: 1 });
  t.like(outcome, { ok: false, fault: { code: 'BUS_DOWN', facts: { closedAfter: 'x' } } });
  broker.stop();
});

test('close() ends a publish that is never acknowledged, after 1 s', async (t) => {
  const broker = await stub(WELCOME);
  const connection = must(await dialerTo(broker.url).dial({ clientId: 'a-1' }));
  const publishing = connection.publish('x', '', { qos: 1 });
  await connection.close();
  t.like(await publishing, { ok: false, fault: { code: 'BUS_DOWN' } });
  broker.stop();
});
