import test from 'ava';
import { generate } from 'mqtt-packet';
import { must } from '../../../base/fault.ts';
import { inbox } from '../../bus/contract.ts';
import { CONNECT, rawClient } from './raw-client.ts';
import { dialerTo, started, until } from './started.ts';

const PACKETS_PER_CONNECTION = 12;
const CONNECTIONS = 250;

/** Numbers from a seed, the same on every machine (xorshift32). */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const GOOD: readonly Buffer[] = [
  generate({
    ...CONNECT,
    clientId: 'fuzz-1',
    will: { topic: 'o/agents/fuzz/presence', payload: Buffer.from('x'), qos: 1, retain: true },
  }),
  generate({
    cmd: 'subscribe',
    messageId: 1,
    subscriptions: [
      { topic: 'o/agents/#', qos: 1 },
      { topic: '+/+', qos: 2 },
    ],
  }),
  generate({
    cmd: 'publish',
    topic: 'o/agents/fuzz/op/x',
    payload: 'hello',
    qos: 1,
    messageId: 2,
    retain: true,
    dup: false,
  }),
  generate({
    cmd: 'publish',
    topic: 'o/agents/fuzz/op/x',
    payload: 'hello',
    qos: 2,
    messageId: 3,
    retain: false,
    dup: false,
  }),
  generate({ cmd: 'pubrel', messageId: 3 }),
  generate({ cmd: 'puback', messageId: 9 }),
  generate({ cmd: 'pubrec', messageId: 9 }),
  generate({ cmd: 'unsubscribe', messageId: 4, unsubscriptions: ['o/agents/#'] }),
  generate({ cmd: 'pingreq' }),
  generate({ cmd: 'disconnect' }),
];

function mutated(random: (below: number) => number, packet: Buffer): Buffer {
  const bytes = Buffer.from(packet);
  for (let i = random(4); i > 0; i--) bytes[random(bytes.length)] = random(256);
  switch (random(5)) {
    case 0:
      return bytes.subarray(0, random(bytes.length) + 1);
    case 1:
      return Buffer.concat([bytes, Buffer.from(Array.from({ length: random(30) }, () => random(256)))]);
    default:
      return bytes;
  }
}

for (const seed of [1, 20_261_121]) {
  test(`the broker lives through ${CONNECTIONS * PACKETS_PER_CONNECTION} mutated packets of seed ${seed}, and a good client notices nothing`, async (t) => {
    const { broker, url, port } = await started(t);
    const random = numbers(seed);
    const good = must(await dialerTo(url).dial({ clientId: 'good-1' }));
    const messages = inbox(good);
    must(await good.subscribe(['o/agents/good/event'], 1));
    for (let i = 0; i < CONNECTIONS; i++) {
      const client = await rawClient(port);
      if (random(3) > 0) client.say(GOOD[0] ?? Buffer.alloc(0));
      for (let k = 0; k < PACKETS_PER_CONNECTION; k++)
        client.say(mutated(random, GOOD[random(GOOD.length)] ?? Buffer.alloc(0)));
      if (random(2) === 0) client.socket.end();
      else client.socket.destroy();
      if (i % 10 === 0) must(await good.publish('o/agents/good/event', String(i), { qos: 1 }));
    }
    await messages.until(CONNECTIONS / 10);
    t.is(messages.all.length, CONNECTIONS / 10);
    t.true(await until(() => broker.stats().connections === 1), JSON.stringify(broker.stats()));
    await good.close();
  });
}
