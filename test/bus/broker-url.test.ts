import test from 'ava';
import { parseBrokerUrl, withoutSecrets } from '../../bus/broker-url.ts';

const good: [string, object][] = [
  ['mqtt://127.0.0.1', { kind: 'tcp', host: '127.0.0.1', port: 1883 }],
  ['mqtt://[::1]:1884', { kind: 'tcp', host: '::1', port: 1884 }],
  ['mqtts://lab.example', { kind: 'tls', host: 'lab.example', port: 8883 }],
  ['ws://localhost:9001/mqtt', { kind: 'websocket', host: 'localhost', secure: false }],
  ['unix:///run/broker.mqtt', { kind: 'unix', path: '/run/broker.mqtt' }],
];
for (const [text, value] of good)
  test(`parseBrokerUrl() reads ${text}`, (t) => t.like(parseBrokerUrl(text), { ok: true, value }));

for (const text of [
  'mqtt://bob:pw@host',
  'mqtt://bob@host',
  'mqtt://host?clientId=x',
  'http://host',
  'host:1883',
  '',
  'unix://host/x',
]) {
  test(`parseBrokerUrl() refuses "${text}"`, (t) =>
    t.like(parseBrokerUrl(text), { ok: false, fault: { code: 'BROKER_URL' } }));
}

test('withoutSecrets() leaves out name, password and options', (t) => {
  t.is(withoutSecrets('mqtt://bob:pw@host:1?x=y'), 'mqtt://host:1');
});
