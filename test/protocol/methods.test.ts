import test from 'ava';
import { METHOD_NAMES, actsOnOperation, covers, methodOf, neededField } from '../../protocol/methods.ts';

test('covers() orders read < operate < admin', (t) => {
  const classes = ['read', 'operate', 'admin'] as const;
  t.deepEqual(
    classes.map((held) => classes.filter((needed) => covers(held, needed)).length),
    [1, 2, 3],
  );
});

test('methodOf() knows the methods of the protocol and no word of Object.prototype', (t) => {
  for (const name of METHOD_NAMES) t.is(methodOf(name), name);
  t.is(methodOf('toString'), undefined);
  t.is(methodOf('Start'), undefined);
});

test('start, stop and abort act on the operation they name; everything else reads', (t) => {
  t.deepEqual(METHOD_NAMES.filter(actsOnOperation), ['start', 'stop', 'abort']);
  t.is(neededField('start'), 'op');
  t.is(neededField('feed.get'), 'feed');
  t.is(neededField('challenge'), undefined);
});
