import test from 'ava';
import * as fc from 'fast-check';
import { type RequestKey, admit, expire, forget, newTable, runningOf, settle } from '../../protocol/duplicates.ts';

const key = (id: string, user = 'bob', client = 'c1'): RequestKey => ({ user, client, id });
const at = (nowMs: number, effect = true, ttlMs = 10_000) => ({ nowMs, ttlMs, effect });

test('admit() calls the first of a key new and its repeats running', (t) => {
  const table = newTable();
  t.deepEqual(admit(table, key('a'), at(0)), { verdict: 'new' });
  t.deepEqual(admit(table, key('a'), at(1)), { verdict: 'running' });
});

test('admit() gives the settled reply to every repeat', (t) => {
  const table = newTable();
  admit(table, key('a'), at(0));
  settle(table, key('a'), '{"code":0}', 5);
  t.deepEqual(admit(table, key('a'), at(6)), { verdict: 'answered', reply: '{"code":0}' });
});

test('admit() keeps users, clients and ids apart', (t) => {
  const table = newTable();
  admit(table, key('a', 'bob', 'c1'), at(0));
  t.is(admit(table, key('a', 'eve', 'c1'), at(0)).verdict, 'new');
  t.is(admit(table, key('a', 'bob', 'c2'), at(0)).verdict, 'new');
  t.is(admit(table, key('b', 'bob', 'c1'), at(0)).verdict, 'new');
  t.is(admit(table, key('__proto__', 'constructor', 'x'), at(0)).verdict, 'new');
});

test('settle() keeps the first answer and ignores an unknown key', (t) => {
  const table = newTable();
  admit(table, key('a'), at(0));
  settle(table, key('a'), '{"n":1}', 1);
  settle(table, key('a'), '{"n":2}', 2);
  settle(table, key('z'), '{"n":3}', 2);
  t.is(admit(table, key('a'), at(3)).reply, '{"n":1}');
  t.is(table.entries.size, 1);
});

const kept = test.macro((t, ttlMs: number, keptMs: number) => {
  const table = newTable();
  admit(table, key('a'), at(0, true, ttlMs));
  settle(table, key('a'), '{}', 1_000);
  t.is(admit(table, key('a'), at(1_000 + keptMs - 1, true, ttlMs)).verdict, 'answered');
  t.is(admit(table, key('a'), at(1_000 + keptMs, true, ttlMs)).verdict, 'new');
});
test('expire() forgets an answer after 60 s', kept, 10_000, 60_000);
test('expire() forgets an answer after twice a long ttl', kept, 120_000, 240_000);

test('expire() never forgets a running request', (t) => {
  const table = newTable();
  admit(table, key('a'), at(0));
  expire(table, 1e12);
  t.is(admit(table, key('a'), at(1e12)).verdict, 'running');
});

test('admit() of a full user drops its oldest answer without effect first', (t) => {
  const table = newTable({ perUser: 3 });
  for (const [id, effect] of [
    ['e', true],
    ['r1', false],
    ['r2', false],
  ] as const) {
    admit(table, key(id), at(0, effect));
    settle(table, key(id), '{}', 0);
  }
  t.is(admit(table, key('n'), at(1)).verdict, 'new');
  t.is(admit(table, key('e'), at(1)).verdict, 'answered');
  t.is(admit(table, key('r2'), at(1, false)).verdict, 'answered');
  t.false(table.entries.has('bob/c1/r1'));
});

test('admit() is full when only effects and running ones are held', (t) => {
  const table = newTable({ perUser: 2 });
  admit(table, key('run'), at(0, false));
  admit(table, key('e'), at(0));
  settle(table, key('e'), '{}', 0);
  t.is(admit(table, key('n'), at(1)).verdict, 'full');
  t.is(admit(table, key('n', 'eve'), at(1)).verdict, 'new', 'another user has room');
  t.is(admit(table, key('n'), at(60_000)).verdict, 'new', 'in time there is room again');
});

test('admit() of a full table drops the oldest harmless answer of anyone', (t) => {
  const table = newTable({ inAll: 2 });
  admit(table, key('r', 'eve'), at(0, false));
  settle(table, key('r', 'eve'), '{}', 0);
  admit(table, key('a'), at(0));
  t.is(admit(table, key('b'), at(1)).verdict, 'new');
  t.is(admit(table, key('c'), at(1)).verdict, 'full');
});

test('newTable() holds 1 000 of a user and 20 000 in all', (t) => {
  const table = newTable();
  for (let i = 0; i < 1_000; i++) t.is(admit(table, key(`${i}`), at(0)).verdict, 'new');
  t.is(admit(table, key('more'), at(0)).verdict, 'full');
  for (let user = 1; user < 20; user++) for (let i = 0; i < 1_000; i++) admit(table, key(`${i}`, `u${user}`), at(0));
  t.is(table.entries.size, 20_000);
  t.is(admit(table, key('more', 'eve'), at(0)).verdict, 'full');
});

test('forget() makes room for the same request again, but keeps an answer', (t) => {
  const table = newTable();
  admit(table, key('a'), at(0));
  forget(table, key('a'));
  t.is(table.users.size, 0);
  t.is(admit(table, key('a'), at(1)).verdict, 'new');
  settle(table, key('a'), '{}', 1);
  forget(table, key('a'));
  t.is(admit(table, key('a'), at(2)).verdict, 'answered');
});

test('settle() does not keep a long reply: a read is done again, an effect is kept as a mark', (t) => {
  const table = newTable({ replyBytesMax: 100 });
  const long = JSON.stringify({
    id: 'a',
    code: 0,
    final: true,
    message: 'started',
    session: { data: 'x'.repeat(200) },
    value: [1],
  });
  admit(table, key('r'), at(0, false));
  settle(table, key('r'), long, 0);
  t.is(admit(table, key('r'), at(1, false)).verdict, 'new');
  admit(table, key('e'), at(0));
  settle(table, key('e'), long, 0);
  const { verdict, reply } = admit(table, key('e'), at(1));
  t.is(verdict, 'answered');
  t.deepEqual(JSON.parse(reply ?? ''), {
    id: 'a',
    code: 0,
    final: true,
    message: 'started',
    session: {},
    cut: ['session', 'value'],
  });
});

test('runningOf() counts what runs and not what waits', (t) => {
  const table = newTable();
  admit(table, key('a'), at(0));
  admit(table, key('r'), at(0, false));
  admit(table, key('w'), { ...at(0, false), lane: 'wait' });
  t.is(runningOf(table, 'bob'), 2);
  t.deepEqual(table.running, { wait: 1, read: 1, act: 1 });
  settle(table, key('a'), '{}', 0);
  settle(table, key('w'), '{}', 0);
  t.is(runningOf(table, 'bob'), 1);
  t.deepEqual(table.running, { wait: 0, read: 1, act: 0 });
});

test('whatever is asked of a table: bounded, counted right, a running request never forgotten, an effect never new within its time', (t) => {
  const limits = { perUser: 4, inAll: 7 };
  const step = fc.record({
    act: fc.constantFrom('admit', 'settle', 'forget', 'expire'),
    id: fc.integer({ min: 0, max: 6 }),
    user: fc.constantFrom('u', 'v'),
    passMs: fc.integer({ min: 0, max: 20_000 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const table = newTable(limits);
      const running = new Set<string>();
      const settledMs = new Map<string, number>();
      let nowMs = 0;
      for (const { act, id, user, passMs } of steps) {
        nowMs += passMs;
        const it = key(`${id}`, user);
        const name = `${user}${id}`;
        const effect = id % 2 === 0;
        if (act === 'admit') {
          const { verdict } = admit(table, it, at(nowMs, effect));
          if (running.has(name)) t.is(verdict, 'running');
          else if (effect && nowMs < (settledMs.get(name) ?? -1e9) + 60_000) t.is(verdict, 'answered');
          if (verdict === 'new') {
            running.add(name);
            settledMs.delete(name);
          }
        } else if (act === 'settle') {
          settle(table, it, '{}', nowMs);
          if (running.delete(name)) settledMs.set(name, nowMs);
        } else if (act === 'forget') {
          forget(table, it);
          running.delete(name);
        } else expire(table, nowMs);
        t.true(table.entries.size <= limits.inAll);
        t.is(table.running.act + table.running.read, running.size);
        t.is(
          [...table.users.values()].reduce((sum, { entries }) => sum + entries, 0),
          table.entries.size,
        );
        t.true(runningOf(table, 'u') <= limits.perUser);
      }
    }),
    { numRuns: 500 },
  );
});
