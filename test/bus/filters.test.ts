import test from 'ava';
import { filterProblem, matches } from '../../bus/filters.ts';

const table: [filter: string, topic: string, want: boolean][] = [
  ['a/b', 'a/b', true],
  ['a/b', 'a/b/c', false],
  ['a/b/c', 'a/b', false],
  ['a/+', 'a/b', true],
  ['a/+', 'a', false],
  ['a/+', 'a/b/c', false],
  ['+/b', 'a/b', true],
  ['a/#', 'a', true],
  ['a/#', 'a/b/c', true],
  ['#', 'a/b', true],
  ['#', '$SYS/x', false],
  ['+/x', '$SYS/x', false],
  ['$SYS/#', '$SYS/x', true],
];
for (const [filter, topic, want] of table) {
  test(`matches() says ${want} of "${filter}" and "${topic}"`, (t) => t.is(matches(filter, topic), want));
}

for (const [filter, good] of [
  ['a/+/b', true],
  ['#', true],
  ['a/#', true],
  ['', false],
  ['a/#/b', false],
  ['a+/b', false],
  ['a/b#', false],
] as const) {
  test(`filterProblem() ${good ? 'takes' : 'refuses'} "${filter}"`, (t) =>
    t.is(filterProblem(filter) === undefined, good));
}
