import { link, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { must } from '../../../base/fault.ts';
import { startGuardedBroker } from '../../../agents/broker/guarded-broker.ts';
import { contract, inbox } from '../../bus/contract.ts';
import { cutProxy } from '../../bus/cut-proxy.ts';
import { clock, dialerTo, started } from './started.ts';

const shared = startGuardedBroker({ listen: { tcp: [{ host: '127.0.0.1', port: 0 }] }, clock }).then(must);
const proxied = shared.then((broker) => cutProxy(Number(new URL(broker.addresses[0] ?? '').port)));
test.after.always(async () => {
  await (await proxied).close();
  await (await shared).stop();
});

contract({
  test,
  name: 'the embedded broker',
  bench: async () => {
    const proxy = await proxied;
    return { dialer: dialerTo(proxy.url), lose: proxy.lose, tellsDenied: true, real: true };
  },
});

async function folder(t: ExecutionContext): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'cupola-broker-'));
  t.teardown(() => rm(made, { recursive: true, force: true }));
  return made;
}

test('startGuardedBroker() serves a Unix socket that only its user can open', async (t) => {
  const path = join(await folder(t), 'run', 'broker.mqtt');
  await started(t, { listen: { unix: path } });
  t.is((await stat(path)).mode & 0o777, 0o600);
  t.is((await stat(join(path, '..'))).mode & 0o777, 0o700);
  await talks(t, `unix://${path}`);
});

test('startGuardedBroker() serves a Unix socket whose path is longer than the kernel takes', async (t) => {
  const path = join(await folder(t), 'a'.repeat(60), 'b'.repeat(60), 'broker.mqtt');
  await started(t, { listen: { unix: path } });
  await talks(t, `unix://${path}`);
});

test('startGuardedBroker() takes the place of a dead socket, and not of one that answers', async (t) => {
  const path = join(await folder(t), 'broker.mqtt');
  const other = createServer().listen(`${path}.other`);
  await once(other, 'listening');
  await link(`${path}.other`, path);
  const held = await startGuardedBroker({ listen: { unix: path }, clock });
  t.like(held, { ok: false, fault: { code: 'BROKER_PORT', facts: { address: path } } });
  other.close();
  await once(other, 'close');
  await started(t, { listen: { unix: path } });
  await talks(t, `unix://${path}`);
});

test('startGuardedBroker() leaves a file alone that is no socket', async (t) => {
  const path = join(await folder(t), 'broker.mqtt');
  await writeFile(path, 'notes');
  const outcome = await startGuardedBroker({ listen: { unix: path }, clock });
  t.like(outcome, { ok: false, fault: { code: 'BROKER_LISTEN' } });
  t.is(await readFile(path, 'utf8'), 'notes');
});

test('startGuardedBroker() serves WebSocket with the sub-protocol mqtt', async (t) => {
  const { url } = await started(t, { listen: { ws: [{ host: '127.0.0.1', port: 0 }] } });
  await talks(t, url);
});

test('startGuardedBroker() turns away pages of another origin', async (t) => {
  const { url } = await started(t, {
    listen: { ws: [{ host: '127.0.0.1', port: 0, origins: ['http://lab.example'] }] },
  });
  const { WebSocket } = await import('ws');
  const statusFor = (origin: string) =>
    new Promise<number>((resolve) => {
      const socket = new WebSocket(url, ['mqtt'], { origin });
      socket.on('open', () => resolve(101));
      socket.on('open', () => socket.terminate());
      socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
      socket.on('error', () => {});
    });
  t.deepEqual([await statusFor('http://evil.example'), await statusFor('http://lab.example')], [403, 101]);
});

test('startGuardedBroker() names the pid that has the port', async (t) => {
  const { port } = await started(t);
  const outcome = await startGuardedBroker({ listen: { tcp: [{ host: '127.0.0.1', port }] }, clock });
  t.like(outcome, {
    ok: false,
    fault: { code: 'BROKER_PORT', facts: { address: `127.0.0.1:${port}`, pid: process.pid } },
  });
});

for (const host of ['0.0.0.0', '::', '192.0.2.1']) {
  test(`startGuardedBroker() refuses to listen on ${host} while there are no users`, async (t) => {
    const outcome = await startGuardedBroker({ listen: { tcp: [{ host, port: 0 }] }, clock });
    t.like(outcome, { ok: false, fault: { code: 'BROKER_OPEN', facts: { address: `${host}:0` } } });
  });
}

test('startGuardedBroker() skips [::1] where the machine has no such address', async (t) => {
  const { broker } = await started(t, {
    listen: {
      tcp: [
        { host: '127.0.0.1', port: 0 },
        { host: '::1', port: 0 },
      ],
    },
  });
  t.is(broker.addresses.length + broker.skipped.length, 2);
});

test('stop() ends the connections and tells no will', async (t) => {
  const { broker, url } = await started(t);
  const reader = must(await dialerTo(url).dial({ clientId: 'reader-1' }));
  const { all } = inbox(reader);
  must(await reader.subscribe(['o/agents/#'], 1));
  const will = { topic: 'o/agents/a/presence', payload: 'lost', retain: true };
  must(await dialerTo(url).dial({ clientId: 'a-1', will }));
  const end = new Promise((resolve) => reader.onEnd(resolve));
  await broker.stop();
  t.is(await end, 'lost');
  t.deepEqual(all, []);
  t.like(await dialerTo(url).dial({ clientId: 'b-1' }), { ok: false, fault: { code: 'BUS_DOWN' } });
});

test('stats() counts clients, subscriptions and stored messages', async (t) => {
  const { broker, url } = await started(t);
  const agent = must(await dialerTo(url).dial({ clientId: 'a-1' }));
  must(await agent.subscribe(['o/requests/a/+/+', 'o/agents/a/presence'], 1));
  await agent.publish('o/agents/a/op/t', 'xyz', { qos: 1, retain: true });
  await agent.publish('o/agents/a/feed/f', '1', { qos: 1 });
  t.like(broker.stats(), {
    clients: 1,
    waiting: 0,
    connections: 1,
    subscriptions: 2,
    retained: 1,
    retainedBytes: 3,
    messagesIn: 2,
  });
  await agent.close();
});

async function talks(t: ExecutionContext, url: string): Promise<void> {
  const connection = must(await dialerTo(url).dial({ clientId: 'talker-1' }));
  const messages = inbox(connection);
  must(await connection.subscribe(['o/agents/a/event'], 1));
  must(await connection.publish('o/agents/a/event', 'heard', { qos: 1 }));
  await messages.until(1);
  t.deepEqual(messages.all, ['o/agents/a/event=heard']);
  await connection.close();
}
