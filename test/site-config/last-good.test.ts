import test from 'ava';
import * as fc from 'fast-check';
import { inForce, parseStatus } from '../../site-config/last-good.ts';
import { readSiteConfig } from '../../site-config/read.ts';

const read = (text: string, host = 'lab') => readSiteConfig({ text, file: 'site.yaml', host });
const GOOD = `hub: {mqtt: {}}
hosts:
  lab:
    agent-instances:
      - {agent-class: HostManager, instance-id: hm1}
      - {agent-class: FakeDataAgent, instance-id: a, settings: {x: 1}}
      - {agent-class: FakeDataAgent, instance-id: b}
  far: {agent-instances: [{agent-class: Broker, instance-id: c}]}
`;
const good = read(GOOD).config;

/** Managed ids of the host lab after `text` has taken the place of GOOD. */
const ids = (text: string): string[] =>
  (inForce(read(text), good)?.hosts.get('lab')?.entries ?? [])
    .filter(({ ignored }) => !ignored)
    .map(({ instanceId }) => instanceId)
    .toSorted();

const keeps = test.macro((t, text: string, want: string[]) => t.deepEqual(ids(text), want));
test('inForce() keeps all of it when the file is no YAML', keeps, 'hosts: [', ['a', 'b']);
test('inForce() keeps all of it when the file is empty', keeps, '', ['a', 'b']);
test(
  'inForce() keeps the block when the block is refused',
  keeps,
  GOOD.replace('agent-instances:\n', 'agent-instances: 5\n    x-rest:\n'),
  ['a', 'b'],
);
test('inForce() keeps the block when this host is gone from the file', keeps, GOOD.replace('  lab:', '  lob:'), [
  'a',
  'b',
]);
test('inForce() keeps an entry that is refused', keeps, GOOD.replace('settings: {x: 1}', 'settings: 5'), ['a', 'b']);
test('inForce() keeps an entry whose id was spoilt', keeps, GOOD.replace('instance-id: a', 'instance-id: a b'), [
  'a',
  'b',
]);
test(
  'inForce() keeps an absent entry while another is refused',
  keeps,
  GOOD.replace(/.*instance-id: b.*\n/, '').replace('settings: {x: 1}', 'settings: 5'),
  ['a', 'b'],
);
test(
  'inForce() keeps an ignored entry while another is refused',
  keeps,
  GOOD.replace('instance-id: b', 'instance-id: b, manage: ignore').replace('settings: {x: 1}', 'settings: 5'),
  ['a', 'b'],
);
test('inForce() lets go of an absent entry when the file is good', keeps, GOOD.replace(/.*instance-id: b.*\n/, ''), [
  'a',
]);
test(
  'inForce() lets go of an ignored entry when the file is good',
  keeps,
  GOOD.replace('instance-id: b', 'instance-id: b, manage: ignore'),
  ['a'],
);
test(
  'inForce() leaves out a new entry that is refused',
  keeps,
  GOOD.replace('instance-id: b}', 'instance-id: b}\n      - {agent-class: Broker, instance-id: d, spare: 5}'),
  ['a', 'b'],
);
test(
  'inForce() takes a new entry beside one that is refused',
  keeps,
  GOOD.replace('instance-id: b}', 'instance-id: d}').replace('settings: {x: 1}', 'settings: 5'),
  ['a', 'b', 'd'],
);

test('inForce() keeps the last good form, not the new one, of a refused entry', (t) => {
  const entry = inForce(read(GOOD.replace('settings: {x: 1}', 'settings: {x: 2}, spare: 5')), good)
    ?.hosts.get('lab')
    ?.entries.find(({ instanceId }) => instanceId === 'a');
  t.deepEqual(entry?.settings, { x: 1 });
});
test('inForce() keeps the HostManager itself while its entry is refused', (t) => {
  t.is(
    inForce(read(GOOD.replace('instance-id: hm1', 'instance-id: h m')), good)?.hosts.get('lab')?.hostManager.instanceId,
    'hm1',
  );
});
test('inForce() takes the rest of the site from the new file', (t) => {
  const config = inForce(
    read(GOOD.replace('hub: {', 'hub: {address_root: new, ').replace('settings: {x: 1}', 'settings: 5')),
    good,
  );
  t.is(config?.root, 'new');
});
test('inForce() has nothing where there never was a good file', (t) => t.is(inForce(read('['), undefined), undefined));
test('inForce() changes no agent, whatever breaks the file', (t) => {
  const junk = fc.constantFrom('{', '[', '"', ': :', '\t', '*x', '!!y', '\n  - ', 'manage: x', '5');
  let broken = 0;
  fc.assert(
    fc.property(fc.nat(GOOD.length), fc.nat(20), junk, (at, cut, put) => {
      const reading = read(GOOD.slice(0, at) + put + GOOD.slice(at + cut));
      if (reading.config && !reading.complaints.some(({ severity }) => 'FBE'.includes(severity))) return true;
      const before = good?.hosts.get('lab')?.entries.map(({ instanceId }) => instanceId) ?? [];
      const after =
        inForce(reading, good)
          ?.hosts.get('lab')
          ?.entries.filter(({ ignored }) => !ignored)
          .map(({ instanceId }) => instanceId) ?? [];
      broken++;
      return before.length === 2 && before.every((id) => after.includes(id));
    }),
    { numRuns: 600 },
  );
  t.true(broken > 100);
});

const status = test.macro((t, text: string, ok: boolean, shows: RegExp) => {
  const [isOk, atS, said] = parseStatus(read(text).complaints, 'lab', 1_800_000_000_500);
  t.deepEqual([isOk, atS], [ok, 1_800_000_000.5]);
  t.regex(said, shows);
});
test('parseStatus() is ok and says nothing of a good file', status, GOOD.replace('hm1', 'hm-lab'), true, /^$/);
test('parseStatus() is not ok when the file is refused', status, '[', false, /CONFIG_SYNTAX/);
test(
  'parseStatus() is not ok when the block is refused',
  status,
  'hub: {mqtt: {}}\nhosts: {lab: 5}',
  false,
  /site\.yaml:2:\d+: error/,
);
test(
  'parseStatus() is ok when an entry is refused, and says so',
  status,
  GOOD.replace('settings: {x: 1}', 'settings: 5'),
  true,
  /error CONFIG_VALUE/,
);
test(
  'parseStatus() says nothing of other hosts',
  status,
  GOOD.replace('hm1', 'hm-lab').replace('far: {agent-instances:', 'far: {agent-insances:'),
  true,
  /^$/,
);
