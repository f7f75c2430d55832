import test from 'ava';
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import type { FaultCode } from '../../base/fault.ts';
import { plainOf } from '../../site-config/node.ts';
import { readYaml } from '../../site-config/yaml.ts';
import { type Shown, pyyaml, shown } from './pyyaml.ts';

/** Every row of the spec's table, and what surrounds it. */
const TEXTS = [
  [
    'y',
    'n',
    'Y',
    'N',
    '-.5',
    '+.5',
    '.5',
    '.',
    '=',
    '2001-01-01',
    '2001-1-1',
    '2001-13-01',
    '2001-12-14t21:59:43.10-05:00',
    '2001-12-14 21:59:43 Z',
  ],
  [
    '2001-12-14 21:59:43',
    '9007199254740993',
    '-9007199254740993',
    '123456789012345678901234567890',
    '010',
    '08',
    '0o10',
    '1:30',
    '1:30:00',
    '1:30.5',
    '190:20:30.15',
    '1:90',
  ],
  [
    '1_000',
    '0b101',
    '0b',
    '0x1F',
    '0x_',
    '1e3',
    '1.5e+3',
    '1.5e3',
    '1.e+3',
    '1.0',
    '-0.0',
    '-0',
    '+5',
    '0.0001',
    '0.00001',
    '1.0e+16',
    '123456789.123456789',
    '1.0e+22',
    '1e+400',
    '1.0e+400',
  ],
  [
    'yes',
    'no',
    'on',
    'off',
    'Yes',
    'yEs',
    'true',
    'TRUE',
    'False',
    '~',
    'null',
    'Null',
    'nUll',
    '.inf',
    '-.Inf',
    '+.INF',
    '.nan',
    '.NaN',
    '-.nan',
    '<<',
    '0_7',
    '0__',
    '_1',
    '1_',
    '1._5',
  ],
  [
    '"010"',
    "'yes'",
    '"<<"',
    '!!str 010',
    '!!int "5"',
    '!!float 5',
    '!!bool "yes"',
    '!!null x',
    '! 5',
    '! "5"',
    '!!timestamp 2001-01-01',
    '!foo x',
    '!!python/object:os.system {}',
    '!!map []',
  ],
]
  .flat()
  .map((scalar) => `[${scalar}]`);

const DOCUMENTS = [
  'y: 1\nn: 2\nno: 3\n1: x\n1.5: y\n~: z',
  '=: 1',
  'a: =',
  'a: 1\na: 2',
  '',
  '# nothing\n',
  '---\n...\n',
  'a: 1\n---\nb: 2',
  'a: &x {b: 1, c: 2}\nd: {<<: *x, c: 3}',
  '- &a {x: 1, y: 1}\n- &b {x: 2, z: 2}\n- {<<: [*a, *b], z: 3}',
  '- &a {x: 1}\n- {y: 1, <<: *a, x: 2}',
  'a: {<<: 5}',
  'a: {<<: [5]}',
  '"<<": {a: 1}',
  'a: &a [1]\nb: &a [2]',
  'a: *nowhere',
  '\uFEFFa: 1',
  'a: |\n  x\n  y\nb: >-\n  x\n  y\n',
  'a: "x\n  y"',
  'a: "x\ny"',
  "a: 'it''s'",
  'a: {\n  b: 1\n}',
  'h:\n  l: {\n  x: [\n  1,\n  2\n  ],\n  }\nm: 1',
  'h:\n  l: [a\nb, c]\n',
  'a:\n- 1\n- 2',
  'a: {b:1, c: 2}',
  '{"a":1}',
  'a: [1, 2,]',
  'a: {b, c: }',
  'a:\n\tb: 1',
  'a: 1\nb:2\nc: 3',
  'a: "x\nb: 2\n',
  'a: @x',
  'a: `x`',
  'a: %x',
  'a: b: c',
  '? a\n: b',
  '? [a]\n: b',
  'a: !!set {x, y}\n'.replace('!!set ', ''),
  'a: # c\n  b',
  'a: x#y',
  '__proto__: {polluted: 1}\nconstructor: 2',
];

/** PyYAML, or undefined where the machine has none, which only a CI must not. */
function oracle(
  t: { log: (text: string) => void; pass: () => unknown; fail: (text: string) => unknown },
  texts: readonly string[],
): Shown[] | undefined {
  const told = pyyaml(texts);
  if (told) return told;
  if (process.env.CUPOLA_CI !== undefined) t.fail('no PyYAML on this machine');
  else {
    t.log('skipped: no PyYAML on this machine');
    t.pass();
  }
  return undefined;
}

const agrees = test.macro((t, texts: readonly string[]) => {
  const told = oracle(t, texts);
  if (!told) return;
  for (const [i, text] of texts.entries())
    t.deepEqual(shown(readYaml(text.replace(/^\uFEFF/, '')).node), asOurs(text, told[i]), JSON.stringify(text));
});

/** An empty text is refused here, where PyYAML makes it None. */
const asOurs = (text: string, told: Shown | undefined): Shown | undefined =>
  /^(?:#.*\n)?$/.test(text) ? ['error', ''] : told;

test('readYaml() reads each scalar as PyYAML does', agrees, TEXTS);
test('readYaml() reads each document as PyYAML does', agrees, DOCUMENTS);
test('readYaml() reads a file of OCS as PyYAML does', agrees, [
  readFileSync(new URL('../../../test/site-config/miniobs-site.txt', import.meta.url), 'utf8'),
]);

test('readYaml() reads generated numbers, words and dates as PyYAML does', (t) => {
  const piece = fc.constantFrom(
    '0',
    '1',
    '7',
    '8',
    '9',
    '.',
    '-',
    '+',
    '_',
    ':',
    'e',
    'E',
    'x',
    'b',
    'o',
    'y',
    'n',
    'f',
    'i',
  );
  const texts = fc
    .sample(fc.array(piece, { minLength: 1, maxLength: 7 }), { numRuns: 3000, seed: 7 })
    .map((pieces) => pieces.join(''));
  const plain = texts.filter((text) => !/^[-?:](?:$)|:$|^:|-:/.test(text)).map((text) => `- ${text}`);
  const told = oracle(t, plain);
  if (!told) return;
  for (const [i, text] of plain.entries()) t.deepEqual(shown(readYaml(text).node), told[i], JSON.stringify(text));
});

const complains = test.macro((t, text: string, code: FaultCode, facts: Record<string, unknown>, at: string) => {
  const { node, findings } = readYaml(text);
  t.is(node, undefined);
  const [finding] = findings;
  t.is(finding?.code, code);
  t.is(finding?.severity, 'F');
  for (const [name, fact] of Object.entries(facts)) t.is(finding?.facts[name], fact);
  t.is(text.slice(finding?.span.start, finding?.span.end), at);
});

test(
  'readYaml() has words for a line indented with a tab',
  complains,
  'hub: {}\nhosts:\n\tlab: {}\n',
  'CONFIG_TAB',
  {},
  '\t',
);
test(
  'readYaml() has words for a missing space after ":"',
  complains,
  'hub:\n  address_root:lab\n  mqtt: {}\n',
  'CONFIG_COLON_SPACE',
  { word: 'address_root', rest: 'lab' },
  'address_root:',
);
test(
  'readYaml() has words for a missing space in a list entry',
  complains,
  'a:\n  - instance-id:x\n    b: 1\n',
  'CONFIG_COLON_SPACE',
  { word: 'instance-id', rest: 'x' },
  'instance-id:',
);
test(
  'readYaml() has words for an open double quote',
  complains,
  'a: "x\nb: 2\nc: 3\n',
  'CONFIG_QUOTE_OPEN',
  { quote: 'double' },
  '"',
);
test(
  'readYaml() has words for an open single quote in brackets',
  complains,
  "a: ['--mode, 'acq', 'x']\n",
  'CONFIG_QUOTE_OPEN',
  { quote: 'single' },
  "'",
);
test(
  'readYaml() refuses a second document',
  complains,
  'a: 1\n---\nb: 2\n',
  'CONFIG_SYNTAX',
  { problem: 'a second document begins here, and a site config is one' },
  'b',
);
test(
  'readYaml() refuses a tag',
  complains,
  'a: !!python/name:os.system x',
  'CONFIG_TAG',
  { tag: '!!python/name:os.system' },
  'x',
);
test('readYaml() refuses a plain "="', complains, 'a: =', 'CONFIG_SYNTAX', {}, '=');
test('readYaml() refuses an alias inside its own value', complains, 'a: &x [*x]', 'CONFIG_SYNTAX', {}, '*x');
test(
  'readYaml() refuses more than 4 MiB',
  complains,
  `# ${'x'.repeat(4 * 1024 * 1024)}`,
  'CONFIG_LIMIT',
  { problem: 'more than 4 MiB of text' },
  '',
);
test(
  'readYaml() refuses values nested deeper than 64',
  complains,
  `${'['.repeat(65)}${']'.repeat(65)}`,
  'CONFIG_LIMIT',
  { problem: 'nested deeper than 64' },
  '[',
);
test(
  'readYaml() refuses more than 1 000 aliases',
  complains,
  `- &a 1\n${'- *a\n'.repeat(1001)}`,
  'CONFIG_LIMIT',
  { problem: 'more than 1000 aliases' },
  '*a',
);

test('readYaml() takes values nested 64 deep', (t) => t.truthy(readYaml(`${'['.repeat(64)}${']'.repeat(64)}`).node));
test('readYaml() refuses aliases that grow without bound', (t) => {
  const levels = Array.from({ length: 12 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(9)}]`);
  t.is(readYaml(`a0: &a0 [x]\n${levels.join('\n')}`).findings[0]?.code, 'CONFIG_LIMIT');
});
test('readYaml() warns at both places of a key that stands twice', (t) => {
  const { node, findings } = readYaml('a: 1\nb: 2\na: 3\n');
  t.deepEqual({ ...Object(node && plainOf(node)) }, { a: 3, b: 2 });
  t.deepEqual(
    findings.map(({ severity, code, span }) => [severity, code, span.start]),
    [
      ['W', 'CONFIG_KEY_TWICE', 0],
      ['W', 'CONFIG_KEY_TWICE', 10],
    ],
  );
});
test('readYaml() gives each node its place, also behind padded lines', (t) => {
  const text = 'h:\n  l: {\n  x: [\n  one,\n"two"\n  ],\n  }\nm: three\n';
  const places: string[] = [];
  const walk = (node: ReturnType<typeof readYaml>['node']): void => {
    if (node?.kind === 'scalar') places.push(text.slice(node.span.start, node.span.end));
    else if (node?.kind === 'list') node.items.forEach(walk);
    else node?.pairs.forEach(({ value }) => walk(value));
  };
  walk(readYaml(text).node);
  t.deepEqual(places, ['one', '"two"', 'three']);
});
test('readYaml() never throws, whatever the text', (t) => {
  const token = fc.constantFrom(
    'a',
    ': ',
    ':',
    '\n',
    '  ',
    '- ',
    '{',
    '}',
    '[',
    ']',
    ',',
    '"',
    "'",
    '&a ',
    '*a',
    '<<: ',
    '!!int ',
    '|',
    '>',
    '#',
    '\t',
    '---\n',
    '1',
    '%',
    '\\',
    '\0',
    '\r',
    '? ',
    '__proto__',
    '\u2028',
    '\ud800',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(token, { maxLength: 40 }).map((tokens) => tokens.join('')),
      ),
      (text) => void readYaml(text),
    ),
    { numRuns: 1500 },
  );
  t.pass();
});
