import test from 'ava';
import { Requests, resolveRequests } from '../../host-manager/requests.ts';

const refuses = test.macro((t, value: unknown, path: RegExp) => {
  const { error } = Requests.safeParse(value);
  t.regex(
    error?.issues.map((issue) => [['requests', ...issue.path].join('.'), issue.message].join(': ')).join('; ') ?? '',
    path,
  );
});
test('Requests refuses what is no list, naming it', refuses, 'a', /^requests: /);
test('Requests refuses a request without a state, with its path', refuses, [['a', 'up'], ['b']], /^requests\.1/);
test('Requests refuses a number for an id, with its path', refuses, [[7, 'up']], /^requests\.0\.0: /);
test('Requests refuses a third word', refuses, [['a', 'up', 'now']], /^requests\.0: /);
test(
  'Requests refuses 1 001 requests',
  refuses,
  Array.from({ length: 1_001 }, () => ['a', 'up']),
  /^requests: .*1000/,
);

test('Requests leaves a wrong state to be ignored one by one', (t) => {
  t.deepEqual(Requests.parse([['a', 'sideways']]), [['a', 'sideways']]);
});

const resolves = test.macro((t, requests: [string, string][], want: [string, string][]) => {
  t.deepEqual([...resolveRequests(requests, ['a', 'b', 'data1']).targets], want as never);
});
test(
  'resolveRequests() lets a later request win over all',
  resolves,
  [
    ['all', 'up'],
    ['data1', 'down'],
  ],
  [
    ['a', 'up'],
    ['b', 'up'],
    ['data1', 'down'],
  ],
);
test(
  'resolveRequests() lets a later all win',
  resolves,
  [
    ['b', 'up'],
    ['all', 'down'],
  ],
  [
    ['b', 'down'],
    ['a', 'down'],
    ['data1', 'down'],
  ],
);
test(
  'resolveRequests() takes the rest when one is ignored',
  resolves,
  [
    ['nosuch', 'up'],
    ['a', 'sideways'],
    ['b', 'up'],
  ],
  [['b', 'up']],
);

const ignores = test.macro((t, request: [string, string], text: string) => {
  const { targets, ignored } = resolveRequests([request], ['a', 'b', 'data1']);
  t.is(targets.size, 0);
  t.deepEqual(ignored, [{ request, text }]);
});
test('resolveRequests() names an unknown id', ignores, ['nosuch', 'up'], 'request ignored: invalid target "nosuch"');
test(
  'resolveRequests() suggests the near one',
  ignores,
  ['dota1', 'up'],
  'request ignored: invalid target "dota1"; did you mean "data1"?',
);
test(
  'resolveRequests() names an invalid state and the valid ones',
  ignores,
  ['a', 'sideways'],
  'request ignored: invalid state "sideways" for "a": use "up" or "down"',
);
