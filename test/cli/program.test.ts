import test from 'ava';
import { faultHelp } from '../../cli/help-text.ts';
import { downRow, row, waitingRow, world } from './world.ts';

const exits = test.macro(async (t, line: string, want: number, says: RegExp) => {
  const w = world();
  t.is(await w.run(...line.split(' ')), want);
  t.regex([...w.notes, ...w.out].join(''), says);
  t.notRegex(w.notes.join(''), /\n +at /);
});
test(
  'an unknown command exits 2 with the nearest one',
  exits,
  'statsu',
  2,
  /Unknown command "statsu"\n  next: Did you mean "status"\?/,
);
test(
  'an unknown option exits 2 with the nearest one',
  exits,
  'up --al',
  2,
  /Unknown option "--al"\n  next: Did you mean --all\?/,
);
test('a missing argument exits 2', exits, 'why', 2, /Missing required argument "target"/);
test('a choice that is none exits 2', exits, 'status --color blue', 2, /"blue" is invalid/);
test('a duration that is none exits 2', exits, 'up thermo1 --timeout soon', 2, /"soon" is no duration/);
test('an unknown verb of a noun exits 2', exits, 'feed tial', 2, /Unknown command "feed tial"/);
test('up without a target exits 2', exits, 'up', 2, /"up" needs a target/);
test('an unknown instance exits 5', exits, 'up termo1', 5, /"termo1" not known; did you mean "thermo1"\?/);
test(
  'stop of an agent exits 2 with the lines that were meant',
  exits,
  'stop thermo1',
  2,
  /"cupola down thermo1" ends it, "cupola stop thermo1.acquire" stops its process/,
);
test(
  'down of an operation exits 2 with the lines that were meant',
  exits,
  'down thermo1.acquire',
  2,
  /"cupola stop thermo1.acquire" stops it/,
);
test(
  'stop of a task exits 2 and names abort',
  exits,
  'stop thermo1.set_range',
  2,
  /it takes "cupola abort thermo1.set_range"/,
);
test('an unknown operation exits 5 with the nearest one', exits, 'start thermo1.aquire', 5, /did you mean "acquire"\?/);
test(
  'a wrong parameter exits 2 with how to write it',
  exits,
  'run thermo1.set_range',
  2,
  /range: required.*\n  next: Run "cupola run thermo1.set_range channel=… range=…"/,
);
test('an unknown feed exits 5', exits, 'feed tail thermo1.temperature', 5, /did you mean "temperatures"\?/);
test('help of a fault code exits 0', exits, 'help AGENT_ABSENT', 0, /AGENT_ABSENT\n +says: /);
test('help of a topic exits 0', exits, 'help exit-codes', 0, /130 {2}interrupted/);
test('help of a command shows examples', exits, 'help up', 0, /Examples:\n {2}cupola up thermo1/);
test('help of nothing known exits 2', exits, 'help statsu', 2, /did you mean "status"\?/);
test('version exits 0', exits, 'version', 0, /^1\.2\.3\n$/);
test('no command shows the commands', exits, '--help', 0, /Commands:/);

test('faultHelp() takes a code in any case, and nothing else', (t) => {
  t.regex(faultHelp('bus_down') ?? '', /exit: {2}4/);
  t.is(faultHelp('toString'), undefined);
});

test('status exits 0 where everything is as wanted', async (t) => {
  const w = world({ rows: [row('thermo1'), downRow('spare')] });
  t.is(await w.run('status'), 0);
  t.regex(w.out.join(''), /lab-a ● up/);
  t.deepEqual(w.notes, []);
});
test('status exits 3 where something is not as wanted, and the table alone says so', async (t) => {
  const w = world({ rows: [waitingRow('cam1')] });
  t.is(await w.run('status'), 3);
  t.regex(w.out.join(''), /▲ waiting/);
  t.deepEqual(w.notes, []);
});
test('status shows one instance in detail', async (t) => {
  const w = world();
  t.is(await w.run('status', 'thermo1'), 0);
  t.regex(w.out.join(''), /wants +up \(site.yaml:31 starts it up\)/);
});
test('status --json is one document with the rows as they came', async (t) => {
  const w = world({ rows: [waitingRow('cam1')] });
  t.is(await w.run('status', '--json'), 3);
  const document = w.document();
  t.like(document, {
    schema: 1,
    command: 'status',
    ok: false,
    source: 'socket',
    site: 'site.yaml',
    fault: { code: 'NOT_WANTED' },
  });
  t.like(document, {
    hosts: [
      { host: 'lab-a', instance_id: 'hm-lab-a', is: 'up', manager: { child_states: [{ ...waitingRow('cam1') }] } },
    ],
  });
});
test('status -q prints ids alone', async (t) => {
  const w = world({ rows: [row('a1'), row('b1')] });
  await w.run('status', '-q');
  t.deepEqual(w.out, ['a1\n', 'b1\n']);
});
test('status reads the disk and exits 3 where the HostManager is dead', async (t) => {
  const records = [{ instance_id: 'thermo1', pid: 7, generation: 1, target: 'up', alive: true }];
  const base = world();
  const w = world({ hostManager: false, parts: { disk: { ...base.parts.disk, records: async () => records } } });
  t.is(await w.run('status'), 3);
  t.regex(
    w.out.join(''),
    /HostManager of host "lab-a" not running\n.*\n.*pid 7, unsupervised\n {2}next: Start it: "cupola start"/,
  );
});
test('status --json is one document also where the command line is wrong', async (t) => {
  const w = world();
  t.is(await w.run('status', '--json', '--nonsense'), 2);
  t.like(w.document(), { schema: 1, command: 'status', ok: false, fault: { code: 'USAGE' } });
  t.deepEqual(w.notes, []);
});
test('CUPOLA_OUTPUT=json asks for a document', async (t) => {
  const w = world({ env: { CUPOLA_OUTPUT: 'json' } });
  await w.run('version');
  t.like(w.document(), { command: 'version', ok: true, version: '1.2.3' });
});
test('a bug of ours exits 1 without a stack', async (t) => {
  const w = world({ parts: { locate: async () => Promise.reject(new Error('broken\n    at somewhere')) } });
  t.is(await w.run('status'), 1);
  t.regex(w.notes.join(''), /^error INTERNAL: Bug in Cupola: broken\n/);
});
