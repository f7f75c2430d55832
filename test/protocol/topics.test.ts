import test from 'ava';
import * as fc from 'fast-check';
import {
  type Topic,
  caseProblem,
  contains,
  nameProblem,
  parseTopic,
  rootProblem,
  topicOf,
} from '../../protocol/topics.ts';

const ROOT = 'site/north';
const name = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);
const topic: fc.Arbitrary<Topic> = fc.oneof(
  fc.record({ kind: fc.constantFrom('presence', 'api', 'heartbeat', 'event', 'claim'), agent: name }),
  fc.record({ kind: fc.constantFrom('op', 'state', 'mod', 'feed', 'last'), agent: name, name }),
  fc.record({
    kind: fc.constant('request' as const),
    agent: name,
    class: fc.constantFrom('read', 'operate', 'admin'),
    user: name,
  }),
  fc.record({ kind: fc.constant('reply' as const), user: name, client: name, agent: name }),
);

test('parseTopic() reads back whatever topicOf() makes', (t) => {
  fc.assert(
    fc.property(topic, (given) => t.deepEqual(parseTopic(ROOT, topicOf(ROOT, given)), given)),
    { numRuns: 500 },
  );
});

test('topicOf() gives two things one topic only if they are the same thing', (t) => {
  fc.assert(
    fc.property(topic, topic, (a, b) => {
      t.is(topicOf(ROOT, a) === topicOf(ROOT, b), JSON.stringify(sorted(a)) === JSON.stringify(sorted(b)));
    }),
    { numRuns: 500 },
  );
});

const foreign = test.macro((t, text: string) => t.is(parseTopic(ROOT, text), undefined));
test('parseTopic() knows nothing of another root', foreign, 'site/south/agents/a/presence');
test('parseTopic() knows nothing of a root that only begins alike', foreign, 'site/northwest/agents/a/presence');
test('parseTopic() knows nothing of a level too many', foreign, 'site/north/agents/a/presence/x');
test('parseTopic() knows nothing of a level too few', foreign, 'site/north/agents/a');
test('parseTopic() knows nothing of an operation without name', foreign, 'site/north/agents/a/op');
test('parseTopic() knows nothing of an empty level', foreign, 'site/north/agents//presence');
test('parseTopic() knows nothing of a class that is none', foreign, 'site/north/requests/a/root/bob');
test('parseTopic() knows nothing of a word of Object.prototype', foreign, 'site/north/agents/a/constructor');
test('parseTopic() knows nothing of characters outside the alphabet', foreign, 'site/north/agents/a b/presence');

const named = test.macro((t, text: string, problem: RegExp | undefined) => {
  const found = nameProblem(text);
  if (problem) t.regex(found ?? '', problem);
  else t.is(found, undefined);
});
test('nameProblem() accepts letters, digits, "_" and "-"', named, 'hm-Lab_1', undefined);
test('nameProblem() accepts 64 characters', named, 'x'.repeat(64), undefined);
test('nameProblem() refuses 65 characters', named, 'x'.repeat(65), /65 characters/);
test('nameProblem() refuses nothing at all', named, '', /empty/);
test('nameProblem() refuses a slash', named, 'a/b', /only letters/);
test('nameProblem() refuses a line break at the end', named, 'thermo1\n', /only letters/);
test('nameProblem() refuses a leading "_"', named, '_all', /reserved/);
test('nameProblem() refuses "local"', named, 'local', /reserved/);

test('caseProblem() names the one that differs in case only', (t) => {
  t.is(caseProblem('Thermo1', ['laser', 'thermo1']), 'it differs from "thermo1" in case only');
  t.is(caseProblem('thermo1', ['thermo1', 'thermo2']), undefined);
});

test('rootProblem() accepts one to three names', (t) => {
  t.is(rootProblem('observatory'), undefined);
  t.is(rootProblem('a/b/c'), undefined);
  t.regex(rootProblem('a/b/c/d') ?? '', /4 levels/);
  t.regex(rootProblem('a//b') ?? '', /only letters/);
  t.regex(rootProblem('') ?? '', /only letters/);
});

const granted = test.macro((t, grant: string, filter: string, want: boolean) => t.is(contains(grant, filter), want));
test('contains() grants a topic to itself', granted, 'r/agents/a', 'r/agents/a', true);
test('contains() grants "+" for one level', granted, 'r/requests/+/read/u', 'r/requests/thermo1/read/u', true);
test('contains() grants "+" for "+"', granted, 'r/requests/+/read/u', 'r/requests/+/read/u', true);
test('contains() does not grant "#" for "+"', granted, 'r/requests/+', 'r/requests/#', false);
test('contains() does not grant "+" for a literal level', granted, 'r/replies/u/x', 'r/replies/+/x', false);
test('contains() grants "#" for all below', granted, 'r/agents/#', 'r/agents/+/op/+', true);
test('contains() grants "#" for the level itself', granted, 'r/agents/#', 'r/agents', true);
test('contains() does not grant a neighbour', granted, 'r/agents/#', 'r/replies/#', false);
test('contains() does not grant the whole tree for a part', granted, 'r/agents/#', '#', false);
test('contains() does not grant what the broker keeps below "$" by a wildcard', granted, '#', '$SYS/#', false);
test('contains() grants what is below "$" by its name', granted, '$SYS/#', '$SYS/broker/load', true);

const sorted = (given: Topic): [string, unknown][] => Object.entries(given).toSorted(([a], [b]) => (a < b ? -1 : 1));
