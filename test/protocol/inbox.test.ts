import test from 'ava';
import { fault } from '../../base/fault.ts';
import { newCopies } from '../../protocol/copies.ts';
import { admit, newTable, settle } from '../../protocol/duplicates.ts';
import { newBeatLog, noteBeat } from '../../protocol/freshness.ts';
import { type Arrival, type InboxView, type Verdict, judge } from '../../protocol/inbox.ts';
import { newRates } from '../../protocol/rates.ts';
import type { RequestClass } from '../../protocol/topics.ts';

const WALL_S = 1_800_000_000;
/** Beat 10 was sent 1 s ago. */
const NOW = { monotonicMs: 100_000, wallS: WALL_S };
const G = 7;

function thermo1(changes: Partial<InboxView> = {}): InboxView {
  const beats = newBeatLog();
  for (let k = 1; k <= 10; k++) noteBeat(beats, k, 99_000 - (10 - k) * 2_000);
  return {
    agent: 'thermo1',
    g: G,
    operations: (op) =>
      op === 'acquire'
        ? { class: 'operate', type: 'process' }
        : op === 'ramp'
          ? { class: 'operate', type: 'task' }
          : op === 'die'
            ? { class: 'admin', type: 'task' }
            : op === 'look'
              ? { class: 'read', type: 'task' }
              : undefined,
    operationNames: ['acquire', 'ramp', 'die', 'look'],
    duplicates: newTable(),
    anonymousBytes: newCopies(),
    beats,
    rates: newRates(),
    ...changes,
  };
}

const start = { id: 'a', client: 'c1', method: 'start', op: 'acquire', session: 'S1', g: G, beat: 10, sent: WALL_S };
const ping = { id: 'a', client: 'c1', method: 'ping' };

interface Where {
  agent?: string;
  class?: RequestClass;
  user?: string;
  retained?: boolean;
}
const arrival = (
  message: object | string,
  { agent = 'thermo1', class: asked = 'operate', user = 'bob', retained = false }: Where = {},
): Arrival => ({
  bytes: new TextEncoder().encode(typeof message === 'string' ? message : JSON.stringify(message)),
  topic: { agent, class: asked, user },
  retained,
});
/** What was decided, in a word: silence and why, the code of the refusal, or the act. */
function word(verdict: Verdict): string {
  switch (verdict.do) {
    case 'silence':
      return `silence: ${verdict.why}`;
    case 'act':
      return `act: ${verdict.method}${verdict.answer ? '' : ', unanswered'}`;
    case 'reply':
      return `reply: ${verdict.fault?.code ?? (JSON.parse(verdict.bytes).final ? 'again' : 'receipt')}`;
  }
}

const judges = test.macro(
  (t, message: object | string, where: Where, want: string, changes: Partial<InboxView> = {}) => {
    t.is(word(judge(arrival(message, where), thermo1(changes), NOW)), want);
  },
);

// parse
test('judge() acts on a request that is in order', judges, start, {}, 'act: start');
test('judge() is silent about bytes that are no JSON', judges, 'start!', {}, 'silence: malformed');
test('judge() is silent about JSON that is no object', judges, '[]', {}, 'silence: malformed');
test('judge() is silent about a retained request', judges, start, { retained: true }, 'silence: retained');
test(
  'judge() is silent about a request to another agent',
  judges,
  start,
  { agent: 'thermo2' },
  'silence: for another agent',
);
test('judge() refuses an unknown field', judges, { ...start, parms: {} }, {}, 'reply: REQUEST_INVALID');
test('judge() refuses an unknown method', judges, { ...start, method: 'begin' }, {}, 'reply: METHOD_UNKNOWN');
test('judge() refuses a field of the wrong kind', judges, { ...start, op: 5 }, {}, 'reply: REQUEST_INVALID');
test(
  'judge() refuses a start without operation',
  judges,
  { id: 'a', client: 'c1', method: 'start' },
  {},
  'reply: REQUEST_INVALID',
);
test(
  'judge() refuses feed.get without feed',
  judges,
  { id: 'a', client: 'c1', method: 'feed.get' },
  { class: 'read' },
  'reply: REQUEST_INVALID',
);
test('judge() cannot refuse what has no client', judges, { id: 'a', method: 'begin' }, {}, 'silence: METHOD_UNKNOWN');
test(
  'judge() cannot refuse to a client that is no name',
  judges,
  { id: 'a', client: '+/#', method: 'ping' },
  {},
  'silence: REQUEST_INVALID',
);
test('judge() answers a ping to all', judges, ping, { agent: '_all', class: 'read' }, 'act: ping');
test(
  'judge() is silent about anything else to all',
  judges,
  { ...ping, method: 'info' },
  { agent: '_all', class: 'read' },
  'silence: not a read ping',
);
test(
  'judge() is silent about a ping to all in another class',
  judges,
  ping,
  { agent: '_all' },
  'silence: not a read ping',
);
for (const method of ['ping', 'info', 'describe', 'challenge']) {
  test(`judge() acts on ${method} in class read`, judges, { ...ping, method }, { class: 'read' }, `act: ${method}`);
}
for (const method of ['status', 'history', 'messages', 'wait']) {
  test(
    `judge() acts on ${method} of an operation in class read`,
    judges,
    { ...ping, method, op: 'acquire' },
    { class: 'read' },
    `act: ${method}`,
  );
}
test(
  'judge() acts on feed.get in class read',
  judges,
  { ...ping, method: 'feed.get', feed: 'temperatures' },
  { class: 'read' },
  'act: feed.get',
);
test('judge() acts on a stop of a process', judges, { ...start, method: 'stop' }, {}, 'act: stop');
test('judge() acts on an abort of a task', judges, { ...start, method: 'abort', op: 'ramp' }, {}, 'act: abort');

// class and user
test('judge() denies class operate to class read', judges, start, { class: 'read' }, 'reply: DENIED');
test('judge() denies class admin to class operate', judges, { ...start, op: 'die' }, {}, 'reply: DENIED');
test('judge() lets a higher class do what needs a lower one', judges, start, { class: 'admin' }, 'act: start');
test(
  'judge() lets class read start an operation of class read',
  judges,
  { ...start, op: 'look' },
  { class: 'read' },
  'act: start',
);
test('judge() refuses an unknown operation', judges, { ...start, op: 'aquire' }, {}, 'reply: OPERATION_UNKNOWN');
test(
  'judge() refuses an operation called like a word of Object.prototype',
  judges,
  { ...start, op: 'constructor' },
  {},
  'reply: OPERATION_UNKNOWN',
);

// fresh
test('judge() refuses what is older than its ttl by the beat', judges, { ...start, ttl_ms: 500 }, {}, 'reply: EXPIRED');
test(
  'judge() refuses what is older than its ttl by the clock',
  judges,
  { ...start, beat: undefined, sent: WALL_S - 11 },
  {},
  'reply: EXPIRED',
);
test(
  'judge() goes by the beat where the clock of the caller is wrong',
  judges,
  { ...start, sent: WALL_S - 9_999 },
  {},
  'act: start',
);
test(
  'judge() does not go by a beat of another generation',
  judges,
  { ...start, g: G - 1, sent: WALL_S - 9_999 },
  {},
  'reply: EXPIRED',
);
test(
  'judge() does not go by a beat without generation',
  judges,
  { ...start, g: undefined, sent: WALL_S - 9_999 },
  {},
  'reply: EXPIRED',
);
test(
  'judge() does not do what says nothing of its age but a beat of another generation',
  judges,
  { ...start, g: G - 1, sent: undefined },
  {},
  'reply: EXPIRED',
);
test('judge() reads for a caller however late', judges, { ...ping, sent: 1 }, { class: 'read' }, 'act: ping');

// generation
test(
  'judge() refuses a start meant for the generation before',
  judges,
  { ...start, g: G - 1 },
  {},
  'reply: STALE_GENERATION',
);
test('judge() acts on it if the store knows its session', judges, { ...start, g: G - 1 }, {}, 'act: start', {
  knowsSession: (id: string) => id === 'S1',
});
test('judge() acts on a start without generation', judges, { ...start, g: undefined }, {}, 'act: start');
test(
  'judge() answers a status asked of another generation',
  judges,
  { ...ping, method: 'status', op: 'acquire', g: 1 },
  { class: 'read' },
  'act: status',
);

// schema and proof
test('judge() refuses to stop a task', judges, { ...start, method: 'stop', op: 'ramp' }, {}, 'reply: OPERATION_KIND');
test('judge() refuses to abort a process', judges, { ...start, method: 'abort' }, {}, 'reply: OPERATION_KIND');
const unproved = () => fault('NOT_AUTHORIZED', { problem: 'no proof' });
test(
  'judge() refuses class admin with a bad proof',
  judges,
  { ...start, op: 'die' },
  { class: 'admin' },
  'reply: NOT_AUTHORIZED',
  { proof: unproved },
);
test(
  'judge() acts on class admin with a good proof',
  judges,
  { ...start, op: 'die' },
  { class: 'admin' },
  'act: start',
  { proof: () => undefined },
);
test('judge() asks no proof where users are known', judges, { ...start, op: 'die' }, { class: 'admin' }, 'act: start');
test('judge() asks no proof of what needs less than admin', judges, start, { class: 'admin' }, 'act: start', {
  proof: unproved,
});

// order of refusals: each message has the fault of its title and of every later rule
const stale = { ...start, op: 'die', method: 'stop', beat: 1, ttl_ms: 100, g: G, sent: 0 };
test(
  'an unknown field is told before a class too low',
  judges,
  { ...stale, x: 1 },
  { class: 'read' },
  'reply: REQUEST_INVALID',
);
test('a class too low is told before age', judges, stale, { class: 'read' }, 'reply: DENIED');
test('age is told before generation', judges, { ...stale, g: G - 1 }, { class: 'admin' }, 'reply: EXPIRED');
test(
  'generation is told before the kind',
  judges,
  { ...stale, g: G - 1, sent: WALL_S },
  { class: 'admin' },
  'reply: STALE_GENERATION',
  { rates: newRates({ inAll: 0 }) },
);
test(
  'rate is told before the kind',
  judges,
  { ...stale, sent: WALL_S, beat: 10, ttl_ms: 5_000 },
  { class: 'admin' },
  'reply: BUSY',
  { rates: newRates({ inAll: 0 }) },
);

test('judge() names the unknown field and the one that was meant', (t) => {
  const verdict = judge(arrival({ ...start, parms: {} }), thermo1(), NOW);
  t.regex(
    verdict.do === 'reply' ? (verdict.fault?.message ?? '') : '',
    /field "parms" not known; did you mean "params"\?/,
  );
});

test('judge() replies to the user of the topic at the client of the request', (t) => {
  const verdict = judge(arrival({ ...start, method: 'x' }, { user: 'eve' }), thermo1(), NOW);
  t.deepEqual(verdict.do === 'reply' && verdict.to, { user: 'eve', client: 'c1' });
});

test('judge() gives the act its key, its class and its user', (t) => {
  const verdict = judge(arrival(start, { class: 'admin' }), thermo1(), NOW);
  t.like(verdict, {
    do: 'act',
    class: 'operate',
    user: 'bob',
    key: { user: 'bob', client: 'c1', id: 'a' },
    answer: true,
  });
});

test('judge() answers a repeat of a running request with a receipt, of a settled one with the same reply, however late', (t) => {
  const view = thermo1();
  t.is(word(judge(arrival(start), view, NOW)), 'act: start');
  t.is(word(judge(arrival(start), view, NOW)), 'reply: receipt');
  settle(view.duplicates, { user: 'bob', client: 'c1', id: 'a' }, '{"id":"a","code":0,"final":true}', NOW.monotonicMs);
  const late = judge(arrival(start), view, { monotonicMs: NOW.monotonicMs + 50_000, wallS: WALL_S + 50 });
  t.is(late.do === 'reply' && late.bytes, '{"id":"a","code":0,"final":true,"replayed":true}');
});

test('judge() refuses a repeat alike, with the mark', (t) => {
  const view = thermo1();
  const old = { ...start, ttl_ms: 500 };
  t.is(word(judge(arrival(old), view, NOW)), 'reply: EXPIRED');
  const again = judge(arrival(old), view, NOW);
  t.like(again.do === 'reply' && JSON.parse(again.bytes), { code: -1, replayed: true, fault: { code: 'EXPIRED' } });
});

test('judge() asks for a proof once, also when the request is repeated', (t) => {
  let asked = 0;
  const view = thermo1({
    proof: () => {
      asked++;
      return unproved();
    },
  });
  const die = arrival({ ...start, op: 'die' }, { class: 'admin' });
  judge(die, view, NOW);
  judge(die, view, NOW);
  t.is(asked, 1);
});

test('judge() takes the same id again after it was too busy', (t) => {
  const view = thermo1({ rates: newRates({ startsPerS: 1 }) });
  judge(arrival(start), view, NOW);
  const second = arrival({ ...start, id: 'b' });
  const refused = judge(second, view, NOW);
  t.is(word(refused), 'reply: RATE_LIMITED');
  t.true(refused.do === 'reply' && (refused.fault?.retry_ms ?? 0) > 0);
  t.is(word(judge(second, view, { ...NOW, monotonicMs: NOW.monotonicMs + 1_000 })), 'act: start');
});

test('judge() is BUSY, with retry_ms, when it cannot remember one more', (t) => {
  const view = thermo1({ duplicates: newTable({ perUser: 1 }) });
  admit(view.duplicates, { user: 'bob', client: 'c', id: 'x' }, { nowMs: 0, ttlMs: 1, effect: true });
  const verdict = judge(arrival(start), view, NOW);
  t.is(word(verdict), 'reply: BUSY');
  t.is(verdict.do === 'reply' && JSON.parse(verdict.bytes).fault.retry_ms, 1_000);
});

test('judge() acts once on a request typed by hand, though copies of it come', (t) => {
  const view = thermo1();
  const typed = arrival({ method: 'start', op: 'acquire' });
  t.is(word(judge(typed, view, NOW)), 'act: start, unanswered');
  t.is(word(judge(typed, view, NOW)), 'silence: copy');
  t.is(word(judge(typed, view, { ...NOW, monotonicMs: NOW.monotonicMs + 2_000 })), 'act: start, unanswered');
});

test('judge() keeps an act with an effect whose session is unnamed for its whole time, others give way', (t) => {
  const view = thermo1({ duplicates: newTable({ perUser: 2 }) });
  for (const message of [
    { ...start, session: undefined },
    { ...start, id: 'b' },
  ]) {
    judge(arrival(message), view, NOW);
    settle(view.duplicates, { user: 'bob', client: 'c1', id: message.id }, '{"final":true}', NOW.monotonicMs);
  }
  t.is(word(judge(arrival({ ...start, id: 'c' }), view, NOW)), 'act: start');
  t.is(word(judge(arrival({ ...start, session: undefined }), view, NOW)), 'reply: again');
});

test('judge() logs malformed bytes once a minute for one topic, a retained request once', (t) => {
  const view = thermo1();
  const log = (message: string, where: Where, passedMs: number) => {
    const verdict = judge(arrival(message, where), view, { ...NOW, monotonicMs: NOW.monotonicMs + passedMs });
    return verdict.do === 'silence' && verdict.log;
  };
  t.deepEqual(
    [log('?', {}, 0), log('?', {}, 1), log('?', { user: 'eve' }, 1), log('?', {}, 60_000)],
    [true, false, true, true],
  );
  t.deepEqual([log('{}', { retained: true }, 0), log('{}', { retained: true }, 1e9)], [true, false]);
});
