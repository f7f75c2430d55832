import test from 'ava';
import { type Lane, admit, newTable } from '../../protocol/duplicates.ts';
import { mayLog, newRates, rateProblem } from '../../protocol/rates.ts';

const world = () => ({ rates: newRates(), table: newTable() });

/** Admit `count` running requests of `user`, then ask for one more (admitted already, as the inbox does it). */
function crowd(count: number, lane: Lane, { user = 'bob', asker = 'bob' } = {}) {
  const { rates, table } = world();
  const enter = (name: string, id: string) =>
    admit(table, { user: name, client: 'c', id }, { nowMs: 0, ttlMs: 1_000, effect: lane === 'act', lane });
  for (let i = 0; i < count; i++) enter(user === '*' ? `u${i}` : user, `${i}`);
  enter(asker, 'last');
  return rateProblem(rates, table, { user: asker, lane, start: false }, 0);
}

const limited = test.macro((t, lane: Lane, room: number, who: { user: string; asker?: string }) => {
  t.is(crowd(room - 1, lane, who), undefined, 'the last that fits');
  const problem = crowd(room, lane, who);
  t.is(problem?.code, 'BUSY');
  t.true((problem?.retry_ms ?? 0) > 0);
});
test('rateProblem() lets 32 short requests of one user be at work', limited, 'act', 32, { user: 'bob' });
test('rateProblem() lets 256 acts in all be at work', limited, 'act', 256, { user: '*', asker: 'eve' });
test('rateProblem() lets 64 reads in all be at work', limited, 'read', 64, { user: '*', asker: 'eve' });
test('rateProblem() lets 64 waits be at work, of one user too', limited, 'wait', 64, { user: 'bob' });

test('rateProblem() lets a user start 100 a second, and says when the next may come', (t) => {
  const { rates, table } = world();
  const start = (user: string, nowMs: number) => rateProblem(rates, table, { user, lane: 'act', start: true }, nowMs);
  for (let i = 0; i < 100; i++) t.is(start('bob', 0), undefined);
  const problem = start('bob', 0);
  t.is(problem?.code, 'RATE_LIMITED');
  t.is(problem?.retry_ms, 50);
  t.is(start('eve', 0), undefined, 'another user is not held up');
  t.is(start('bob', 10), undefined, 'a hundredth of a second later one more');
  t.is(start('bob', 10)?.code, 'RATE_LIMITED');
});

test('mayLog() lets a line pass once a minute for one reason, or once for ever', (t) => {
  const { rates } = world();
  t.true(mayLog(rates, 'malformed a', 0));
  t.false(mayLog(rates, 'malformed a', 59_999));
  t.true(mayLog(rates, 'malformed b', 0));
  t.true(mayLog(rates, 'malformed a', 60_000));
  t.true(mayLog(rates, 'retained a', 0, true));
  t.false(mayLog(rates, 'retained a', 1e9, true));
});

test('newRates() keeps 1 000 names at most', (t) => {
  const { rates, table } = world();
  for (let i = 0; i < 1_500; i++) {
    mayLog(rates, `r${i}`, 0);
    rateProblem(rates, table, { user: `u${i}`, lane: 'act', start: true }, 0);
  }
  t.is(rates.logged.size, 1_000);
  t.is(rates.starts.size, 1_000);
});
