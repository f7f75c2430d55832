import test from 'ava';
import * as fc from 'fast-check';
import { type Mark, behind, isNewer } from '../../protocol/newest.ts';

const newer = test.macro((t, given: Mark, held: Mark | undefined, want: boolean) => t.is(isNewer(given, held), want));
test('isNewer() when nothing is held', newer, { g: 1, n: 0 }, undefined, true);
test('isNewer() by sequence in one generation', newer, { g: 1, n: 2 }, { g: 1, n: 1 }, true);
test('isNewer() not for a copy', newer, { g: 1, n: 1 }, { g: 1, n: 1 }, false);
test('isNewer() not for an earlier sequence', newer, { g: 1, n: 1 }, { g: 1, n: 2 }, false);
test('isNewer() by generation, though its sequence begins anew', newer, { g: 2, n: 0 }, { g: 1, n: 99 }, true);
test('isNewer() not for an earlier generation, however far it counted', newer, { g: 1, n: 99 }, { g: 2, n: 0 }, false);

test('any order and any copies of the same messages end alike', (t) => {
  const mark = fc.record({ g: fc.integer({ min: 1, max: 3 }), n: fc.integer({ min: 0, max: 5 }) });
  const shuffled = fc
    .array(mark, { minLength: 1 })
    .chain((marks) =>
      fc.tuple(fc.constant(marks), fc.shuffledSubarray([...marks, ...marks], { minLength: 2 * marks.length })),
    );
  fc.assert(fc.property(shuffled, ([marks, again]) => t.deepEqual(hold(marks), hold(again))));
});

test('behind() names the topics that are missing or older than their mark', (t) => {
  const held = new Map([
    ['op/a', { g: 2, n: 3 }],
    ['op/b', { g: 2, n: 1 }],
    ['op/c', { g: 1, n: 9 }],
  ]);
  t.deepEqual(behind(held, { g: 2, marks: { 'op/a': 3, 'op/b': 2, 'op/c': 1, 'op/d': 1 } }), ['op/b', 'op/c', 'op/d']);
});

test('behind() hears nothing in a beat of an older generation', (t) => {
  t.deepEqual(behind(new Map([['op/a', { g: 2, n: 1 }]]), { g: 1, marks: { 'op/a': 50 } }), []);
});

const hold = (marks: Mark[]) =>
  marks.reduce<Mark | undefined>((held, mark) => (isNewer(mark, held) ? mark : held), undefined);
