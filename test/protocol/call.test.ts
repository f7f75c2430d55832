import test from 'ava';
import {
  type Call,
  type CallDecision,
  type CallEvent,
  type ReplySeen,
  type Silence,
  callStep,
  newCall,
  nextSendMs,
  silenceCode,
} from '../../protocol/call.ts';

const middle = () => 0.5;
const call = (ttlMs = 10_000): Call => newCall({ id: 'a', ttlMs, startedMs: 0, random: middle });
const done: ReplySeen = { final: true };
const receipt: ReplySeen = { final: false };
const refusal = (code: string, retry_ms?: number): ReplySeen => ({ final: true, fault: { code, retry_ms } });

/** Ticks whenever asked to, with the other events in between: what is sent when, and how it ended. */
function play(given: Call, events: [atMs: number, event: CallEvent<ReplySeen>][] = [], untilMs = 200_000) {
  const sends: number[] = [];
  const ends: { atMs: number; done: unknown }[] = [];
  const waiting = [...events];
  let state = given;
  let wakeAtMs: number | undefined = 0;
  while (wakeAtMs !== undefined || waiting.length > 0) {
    const [next] = waiting;
    const first: [number, CallEvent<ReplySeen>] =
      next && (wakeAtMs === undefined || next[0] <= wakeAtMs) ? next : [wakeAtMs ?? 0, { type: 'tick' }];
    const [nowMs, event] = first;
    if (nowMs > untilMs) break;
    if (first === next) waiting.shift();
    const step: CallDecision<ReplySeen> = callStep(state, event, nowMs);
    if (step.act.send) sends.push(Math.round(nowMs));
    if (step.act.done) ends.push({ atMs: Math.round(nowMs), done: step.act.done });
    state = step.call;
    wakeAtMs = step.wakeAtMs;
  }
  return { sends, ends };
}

test('callStep() sends at 0, 0.3, 0.81, 1.7, 3.2, 5.2, 7.2, 9.2 s and ends with no-reply by ttl', (t) => {
  const { sends, ends } = play(call());
  t.deepEqual(sends, [0, 300, 810, 1_677, 3_151, 5_151, 7_151, 9_151]);
  t.deepEqual(ends, [{ atMs: 10_000, done: { fault: 'no-reply' } }]);
});

test('nextSendMs() spreads by 20 % to either side', (t) => {
  t.is(
    nextSendMs(0, () => 0),
    240,
  );
  t.is(Math.round(nextSendMs(0, () => 1)), 360);
  t.is(
    nextSendMs(50, () => 0),
    1_600,
  );
});

test('callStep() ends with the first final reply and then neither sends nor ends again', (t) => {
  const { sends, ends } = play(call(), [
    [400, { type: 'reply', reply: done }],
    [500, { type: 'reply', reply: { final: true, fault: { code: 'X' } } }],
    [600, { type: 'bus', up: true }],
  ]);
  t.deepEqual(sends, [0, 300]);
  t.deepEqual(ends, [{ atMs: 400, done: { reply: done } }]);
});

test('callStep() takes a refusal as the answer', (t) => {
  const reply = refusal('DENIED');
  t.deepEqual(play(call(), [[100, { type: 'reply', reply }]]).ends, [{ atMs: 100, done: { reply } }]);
});

test('callStep() repeats every 2 s after a receipt', (t) => {
  const { sends, ends } = play(call(), [[100, { type: 'reply', reply: receipt }]]);
  t.deepEqual(sends, [0, 2_100, 4_100, 6_100, 8_100]);
  t.deepEqual(ends, [{ atMs: 10_000, done: { fault: 'no-reply' } }]);
});

const retried = test.macro((t, code: string) => {
  const { sends } = play(call(), [[100, { type: 'reply', reply: refusal(code, 1_000) }]]);
  t.deepEqual(sends.slice(0, 2), [0, 1_200], 'not before 1 s, a fifth later at most');
});
test('callStep() comes back after retry_ms of BUSY', retried, 'BUSY');
test('callStep() comes back after retry_ms of RATE_LIMITED', retried, 'RATE_LIMITED');

test('callStep() ends with BUSY when there is no time to come back', (t) => {
  const reply = refusal('BUSY', 5_000);
  t.deepEqual(play(call(3_000), [[100, { type: 'reply', reply }]]).ends, [{ atMs: 100, done: { reply } }]);
});

test('callStep() obeys no retry_ms of another refusal', (t) => {
  const reply = refusal('EXPIRED', 100);
  t.deepEqual(play(call(), [[100, { type: 'reply', reply }]]).ends, [{ atMs: 100, done: { reply } }]);
});

test('callStep() sends nothing while the bus is down and at once when it is back', (t) => {
  const { sends, ends } = play(call(), [
    [100, { type: 'bus', up: false }],
    [6_000, { type: 'bus', up: true }],
    [6_100, { type: 'reply', reply: done }],
  ]);
  t.deepEqual(sends, [0, 6_000]);
  t.is(ends[0]?.atMs, 6_100);
});

test('callStep() ends by ttl also while the bus is down, and sends nothing after', (t) => {
  const { sends, ends } = play(call(), [
    [0, { type: 'bus', up: false }],
    [11_000, { type: 'bus', up: true }],
  ]);
  t.deepEqual(sends, []);
  t.deepEqual(ends, [{ atMs: 10_000, done: { fault: 'no-reply' } }]);
});

const silent = test.macro((t, given: Silence, want: ReturnType<typeof silenceCode>) => t.is(silenceCode(given), want));
test(
  'silenceCode() is BUS_DOWN without a connection, whatever else',
  silent,
  { presenceKnown: true, silent: true, connectionUp: false },
  'BUS_DOWN',
);
test(
  'silenceCode() is UNKNOWN_AGENT for one never seen',
  silent,
  { presenceKnown: false, silent: true, connectionUp: true },
  'UNKNOWN_AGENT',
);
test(
  'silenceCode() is AGENT_ABSENT for one that is silent',
  silent,
  { presenceKnown: true, silent: true, connectionUp: true },
  'AGENT_ABSENT',
);
test(
  'silenceCode() is NO_REPLY for one that beats',
  silent,
  { presenceKnown: true, silent: false, connectionUp: true },
  'NO_REPLY',
);
