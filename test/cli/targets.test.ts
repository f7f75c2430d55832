import test from 'ava';
import { type Candidate, type Filter, choose, globPattern, readTarget, wrongForm } from '../../cli/targets.ts';

const known: Candidate[] = [
  { id: 'thermo1', host: 'lab-a', agentClass: 'Thermometer', is: 'up', changed: false },
  { id: 'thermo2', host: 'lab-b', agentClass: 'Thermometer', is: 'down', changed: true },
  { id: 'cam1', host: 'lab-a', agentClass: 'Camera[d]', is: 'waiting', changed: false },
  { id: 'cam', host: 'lab-a', agentClass: 'Camera', is: 'up', changed: false },
];

const chooses = test.macro((t, words: string[], filter: Filter, prefixes: boolean, want: string[]) => {
  const chosen = choose(words, filter, known, prefixes);
  t.deepEqual(chosen.ok && chosen.value.ids, want);
});
test('choose() takes an id that matches exactly, also where it begins another', chooses, ['cam'], {}, true, ['cam']);
test('choose() takes a glob', chooses, ['thermo*'], {}, false, ['thermo1', 'thermo2']);
test('choose() takes alternatives in braces', chooses, ['{cam1,thermo2}'], {}, false, ['thermo2', 'cam1']);
test('choose() takes a class of signs', chooses, ['thermo[2-9]'], {}, false, ['thermo2']);
test('choose() takes the only id that a prefix begins, on a terminal', chooses, ['cam?'], {}, true, ['cam1']);
test('choose() takes all instances of a host', chooses, ['@lab-b'], {}, false, ['thermo2']);
test('choose() joins filters with "and"', chooses, [], { host: 'lab-a', is: 'up' }, false, ['thermo1', 'cam']);
test('choose() filters by class with and without the mark of containers', chooses, [], { class: 'Camera' }, false, [
  'cam1',
  'cam',
]);
test('choose() filters by what needs a restart', chooses, [], { changed: true }, false, ['thermo2']);
test('choose() takes every instance where no word and no filter is given', chooses, [], { all: true }, false, [
  'thermo1',
  'thermo2',
  'cam1',
  'cam',
]);
test('choose() narrows words by filters', chooses, ['thermo*'], { is: 'down' }, false, ['thermo2']);

const refuses = test.macro((t, word: string, prefixes: boolean, code: string, says: RegExp) => {
  const chosen = choose([word], {}, known, prefixes);
  t.false(chosen.ok);
  if (chosen.ok) return;
  t.is(chosen.fault.code, code);
  t.regex(chosen.fault.message, says);
});
test('choose() refuses a prefix off a terminal', refuses, 'therm', false, 'TARGET_UNKNOWN', /"therm" not known/);
test('choose() refuses a prefix of several with the candidates', refuses, 'th', true, 'USAGE', /"thermo1", "thermo2"/);
test('choose() refuses a prefix of one character', refuses, 't', true, 'TARGET_UNKNOWN', /"t" not known/);
test('choose() suggests the nearest name', refuses, 'termo1', false, 'TARGET_UNKNOWN', /did you mean "thermo1"\?/);
test('choose() refuses a host that is not there', refuses, '@lab-c', false, 'HOST_UNKNOWN', /did you mean "lab-a"\?/);

test('choose() says what it took for a prefix', (t) => {
  const chosen = choose(['thermo2', 'cam1'], {}, known, true);
  t.deepEqual(chosen.ok && chosen.value.notes, []);
  const some = choose(['thermo'], {}, known.slice(0, 1), true);
  t.deepEqual(some.ok && some.value.notes, ['thermo1 (from "thermo")']);
});

test('readTarget() tells host, instance, operation and field apart', (t) => {
  t.deepEqual(readTarget('@lab-a'), { kind: 'host', host: 'lab-a' });
  t.deepEqual(readTarget('thermo1'), { kind: 'instance', word: 'thermo1' });
  t.deepEqual(readTarget('thermo1.acquire'), { kind: 'part', agent: 'thermo1', name: 'acquire' });
  t.deepEqual(readTarget('thermo1.temps.ch1'), { kind: 'part', agent: 'thermo1', name: 'temps', field: 'ch1' });
});

test('globPattern() takes signs that are none for themselves', (t) => {
  t.true(globPattern('a[').test('a['));
  t.true(globPattern('a.b').test('a.b'));
  t.false(globPattern('a.b').test('axb'));
  t.true(globPattern('a[z-a]*').test('a[z-a]*'));
});

test('wrongForm tells the line that was meant', (t) => {
  const stop = wrongForm.agentGiven('thermo1', 'stop', 'acquire');
  t.is(
    !stop.ok && stop.fault.message,
    '"thermo1" is an agent: "cupola down thermo1" ends it, "cupola stop thermo1.acquire" stops its process',
  );
  const down = wrongForm.operationGiven('thermo1.acquire', 'down');
  t.is(
    !down.ok && down.fault.message,
    '"thermo1.acquire" is an operation: "cupola stop thermo1.acquire" stops it, "cupola down thermo1" ends its agent',
  );
});
