import test from 'ava';
import { type Verdict, isPlainClientId, nameIn, publishVerdict } from '../../../agents/broker/publish-rules.ts';

const table: [topic: string, retain: boolean, root: string | undefined, want: Verdict][] = [
  ['o/agents/a/presence', true, undefined, 'pass'],
  ['lab/east/o/agents/a/op/t', true, undefined, 'pass'],
  ['o/agents/a/presence', true, 'o', 'pass'],
  ['p/agents/a/presence', true, 'o', 'pass-unretained'],
  ['o/requests/agents/operate/local', true, undefined, 'pass-unretained'],
  ['o/replies/local/c/agents', true, undefined, 'pass-unretained'],
  ['o/requests/a/operate/local', false, undefined, 'pass'],
  ['else/where', false, undefined, 'pass'],
  ['else/where', true, undefined, 'pass-unretained'],
  ['$SYS/x', false, undefined, 'deny'],
  ['o/a b', false, undefined, 'deny'],
  ['o/a\u0000', false, undefined, 'deny'],
  ['/o', false, undefined, 'deny'],
  [`${'a/'.repeat(100)}a`, false, undefined, 'deny'],
];
for (const [topic, retain, root, want] of table) {
  test(`publishVerdict() says "${want}" of ${retain ? 'retained ' : ''}${JSON.stringify(topic.slice(0, 40))} below root ${root ?? 'any'}`, (t) => {
    t.is(publishVerdict({ topic, retain }, 200, root), want);
  });
}

test('nameIn() is what stands before the last "-"', (t) => {
  t.deepEqual(['thermo-1-lq3x', 'plain', 'a-'].map(nameIn), ['thermo-1', 'plain', 'a']);
});

for (const [id, want] of [
  ['thermo1-lq3x', true],
  ['mosq-AbC', true],
  ['', true],
  ['a/b', false],
  ['a\u0000', false],
  ['é', false],
] as const) {
  test(`isPlainClientId() says ${want} of ${JSON.stringify(id)}`, (t) => t.is(isPlainClientId(id), want));
}
