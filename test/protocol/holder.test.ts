import test from 'ava';
import type { Claim, Presence } from '../../protocol/envelope.ts';
import {
  type HolderAct,
  type HolderEvent,
  type HolderState,
  type Me,
  type OnFence,
  type Phase,
  holderStep,
  initial,
  serves,
} from '../../protocol/holder.ts';

const ME: Me = { g: 10, nonce: 'm', host: 'lab-a', pid: 1, since: 1_800_000_000 };
const OTHER = { host: 'lab-b', pid: 2 };

const claim = (g: number, nonce = 'o', held?: string): HolderEvent => {
  const said: Claim = { g, nonce, ...OTHER, ...(held === undefined ? {} : { held }) };
  return { type: 'claim', claim: said };
};
const presence = (state: Presence['state'], g: number, { host, pid } = OTHER): HolderEvent => ({
  type: 'presence',
  presence: {
    state,
    g,
    generation: g,
    start: 1,
    since: 0,
    class: 'X',
    host,
    pid,
    version: '1',
    protocol: 1,
    api_hash: '',
  },
});
const own = (state: Presence['state']): HolderEvent => presence(state, ME.g, ME);
const UP: HolderEvent = { type: 'bus-up', rttMs: 2 };
const LOST: HolderEvent = { type: 'bus-lost' };
const SUBACK: HolderEvent = { type: 'suback' };
const TIMER: HolderEvent = { type: 'timer' };
const DRAIN: HolderEvent = { type: 'drain', reason: 'stop' };
const END: HolderEvent = { type: 'end', reason: 'stop' };
const NEXT: HolderEvent = { type: 'next-committed' };

type At = [atMs: number, event: HolderEvent];
/** To each phase, the events that lead there. */
const TO: Record<string, At[]> = {
  down: [[0, { type: 'begin' }]],
  claiming: [
    [0, { type: 'begin' }],
    [0, UP],
    [0, SUBACK],
  ],
  announcing: [
    [0, { type: 'begin' }],
    [0, UP],
    [0, SUBACK],
    [1_500, TIMER],
    [1_500, UP],
    [1_500, SUBACK],
  ],
  online: [
    [0, { type: 'begin' }],
    [0, UP],
    [0, SUBACK],
    [1_500, TIMER],
    [1_500, UP],
    [1_500, SUBACK],
    [1_800, TIMER],
  ],
};
const T = 10_000;

function lead(
  events: At[],
  given: { fast?: boolean; onFence?: OnFence } = {},
): { state: HolderState; acts: HolderAct[] } {
  let state = initial({ agent: 'thermo1', me: ME, ...given });
  let acts: HolderAct[] = [];
  for (const [atMs, event] of events) ({ state, acts } = holderStep(state, event, atMs));
  return { state, acts };
}
/** An act in one or two words. */
function word(act: HolderAct): string {
  switch (act.act) {
    case 'connect':
      return act.will ? 'connect with will' : 'connect';
    case 'subscribe':
      return `subscribe ${act.filters}`;
    case 'publish-claim':
      return `claim ${act.claim.g}`;
    case 'publish-held':
      return `held ${act.claim.held}`;
    case 'publish-presence':
      return act.state;
    case 'publish-everything':
      return `everything ${act.presence}`;
    case 'store-g':
      return `store ${act.g}`;
    case 'fence':
      return `fence ${act.policy}`;
    case 'timer':
      return `timer ${act.atMs}`;
    case 'exit':
      return `exit ${act.fault?.code ?? 'well'}`;
    default:
      return act.act;
  }
}

const goes = test.macro(
  (
    t,
    before: At[],
    [atMs, event]: At,
    want: Phase['name'],
    acts: string[],
    given: { fast?: boolean; onFence?: OnFence } = {},
  ) => {
    const step = holderStep(lead(before, given).state, event, atMs);
    t.is(step.state.phase.name, want);
    t.deepEqual(step.acts.map(word), acts);
  },
);

const { down = [], claiming = [], announcing = [], online = [] } = TO;

test('begin connects without a will', goes, [], [0, { type: 'begin' }], 'down', ['connect']);
test(
  'begin connects with the will when the HostManager vouches',
  goes,
  [],
  [0, { type: 'begin' }],
  'down',
  ['connect with will'],
  { fast: true },
);
test('down, the bus comes up: subscribes the own topics', goes, down, [0, UP], 'claiming', ['subscribe own']);
test('down, vouched for: announces without a claim', goes, down, [0, UP], 'announcing', ['subscribe all'], {
  fast: true,
});
test('claiming, SUBACK: claims and waits 1.5 s', goes, [...down, [0, UP]], [5, SUBACK], 'claiming', [
  'claim 10',
  'timer 1505',
]);
test(
  'claiming over a slow link waits three round trips',
  goes,
  [...down, [0, { type: 'bus-up', rttMs: 800 }]],
  [5, SUBACK],
  'claiming',
  ['claim 10', 'timer 2405'],
);
test('claiming, held by a live one: refused', goes, claiming, [100, claim(3, 'm', 'm')], 'refused', [
  'disconnect',
  'exit AGENT_DUPLICATE',
  'timer null',
]);
test('claiming, another is told that it is held: goes on', goes, claiming, [100, claim(3, 'x', 'x')], 'claiming', []);
test('claiming, a higher claim: refused', goes, claiming, [100, claim(11)], 'refused', [
  'disconnect',
  'exit AGENT_DUPLICATE',
  'timer null',
]);
test('claiming, an equal claim of higher nonce: refused', goes, claiming, [100, claim(10, 'z')], 'refused', [
  'disconnect',
  'exit AGENT_DUPLICATE',
  'timer null',
]);
test('claiming, a lower claim: claims again', goes, claiming, [300, claim(9)], 'claiming', ['claim 10']);
test(
  'claiming, a lower claim within 0.2 s: claims again when 5 a second allow',
  goes,
  claiming,
  [100, claim(9)],
  'claiming',
  ['timer 200'],
);
test(
  'claiming, the pause is over: claims again and keeps the end of its wait',
  goes,
  [...claiming, [100, claim(9)]],
  [200, TIMER],
  'claiming',
  ['claim 10', 'timer 1500'],
);
test('claiming, its own claim comes back: nothing', goes, claiming, [300, claim(10, 'm')], 'claiming', []);
test(
  'claiming, an online of higher generation: stores a higher one',
  goes,
  claiming,
  [100, presence('online', 15)],
  'claiming',
  ['store 16', 'timer null'],
);
test(
  'claiming, an online of the same generation: stores a higher one',
  goes,
  claiming,
  [100, presence('online', 10)],
  'claiming',
  ['store 11', 'timer null'],
);
test(
  'claiming, an online of lower generation: waits for its holder to object',
  goes,
  claiming,
  [100, presence('online', 9)],
  'claiming',
  [],
);
test(
  'claiming, an offline of higher generation: goes on',
  goes,
  claiming,
  [100, presence('offline', 15)],
  'claiming',
  [],
);
test(
  'claiming, the higher generation is stored: claims anew, waits anew',
  goes,
  [...claiming, [100, presence('online', 15)]],
  [150, { type: 'g-stored', g: 16 }],
  'claiming',
  ['claim 16', 'timer 1650'],
);
test('claiming, nobody objects: leaves and comes back with the will', goes, claiming, [1_500, TIMER], 'announcing', [
  'disconnect',
  'connect with will',
  'timer null',
]);
test('claiming, the timer comes early: goes on', goes, claiming, [1_499, TIMER], 'claiming', []);
test('claiming, the bus is lost: down again', goes, claiming, [100, LOST], 'down', ['connect', 'timer null']);
test('claiming, end: leaves without a word', goes, claiming, [100, END], 'ended', [
  'disconnect',
  'exit well',
  'timer null',
]);
test(
  'announcing, the bus comes up: subscribes everything first',
  goes,
  [...claiming, [1_500, TIMER]],
  [1_510, UP],
  'announcing',
  ['subscribe all'],
);
test('announcing, SUBACK: listens for 0.3 s', goes, announcing.slice(0, -1), [1_600, SUBACK], 'announcing', [
  'timer 1900',
]);
test('announcing, nothing heard: publishes everything', goes, announcing, [1_800, TIMER], 'online', [
  'everything online',
  'timer null',
]);
test(
  'announcing, what is retained is lower: does not wait longer',
  goes,
  announcing,
  [1_600, presence('lost', 9)],
  'online',
  ['everything online', 'timer null'],
);
test(
  'announcing, a higher one is there: fenced before it said a word',
  goes,
  announcing,
  [1_600, presence('online', 11)],
  'fenced',
  ['disconnect', 'fence stop', 'timer null'],
);
test('announcing, a foreign claim: answers it', goes, announcing, [1_600, claim(11)], 'announcing', ['held o']);
test('online, a foreign claim: answers it, whatever its generation', goes, online, [T, claim(99)], 'online', [
  'held o',
]);
test('online, an answer to somebody: nothing', goes, online, [T, claim(99, 'x', 'y')], 'online', []);
test('online, its own presence comes back: nothing', goes, online, [T, own('online')], 'online', []);
test('online, its own will: says that it is here', goes, online, [T, own('lost')], 'online', ['online']);
test(
  'online, an online of lower generation: says that it is here',
  goes,
  online,
  [T, presence('online', 9)],
  'online',
  ['online'],
);
test('online, a foreign lost: says that it is here', goes, online, [T, presence('lost', 12)], 'online', ['online']);
test(
  'online, the topic is emptied: says that it is here',
  goes,
  online,
  [T, { type: 'presence', presence: null }],
  'online',
  ['online'],
);
test(
  'online, contradicted within 0.2 s of its word: says it when 5 a second allow',
  goes,
  online,
  [1_900, presence('lost', 9)],
  'online',
  ['timer 2000'],
);
test(
  'online, the pause is over: says that it is here',
  goes,
  [...online, [1_900, presence('lost', 9)]],
  [2_000, TIMER],
  'online',
  ['online', 'timer null'],
);
test('online, an online of higher generation: fenced', goes, online, [T, presence('online', 11)], 'fenced', [
  'disconnect',
  'fence stop',
]);
test('online, a draining of higher generation: fenced', goes, online, [T, presence('draining', 11)], 'fenced', [
  'disconnect',
  'fence stop',
]);
test(
  'online, an online of the same generation, greater host: fenced',
  goes,
  online,
  [T, presence('online', 10)],
  'fenced',
  ['disconnect', 'fence stop'],
);
test(
  'online, an online of the same generation, lesser host: says that it is here',
  goes,
  online,
  [T, presence('online', 10, { host: 'lab-a', pid: 0 })],
  'online',
  ['online'],
);
test('online, a beat of higher generation: fenced', goes, online, [T, { type: 'beat', g: 11 }], 'fenced', [
  'disconnect',
  'fence stop',
]);
test('online, a beat of lower generation: says that it is here', goes, online, [T, { type: 'beat', g: 9 }], 'online', [
  'online',
]);
test('online, its own beat: nothing', goes, online, [T, { type: 'beat', g: 10 }], 'online', []);
test(
  'fenced, with the policy of the agent',
  goes,
  online,
  [T, presence('online', 11)],
  'fenced',
  ['disconnect', 'fence hold'],
  { onFence: 'hold' },
);
test('fenced, nothing moves it', goes, [...online, [T, presence('online', 11)]], [T, claim(3)], 'fenced', []);
test('fenced, its work has ended: exits', goes, [...online, [T, presence('online', 11)]], [T, END], 'ended', [
  'exit AGENT_FENCED',
]);
test('online, the next generation has committed: relieved', goes, online, [T, NEXT], 'relieved', []);
test(
  'relieved, a higher presence is no fence',
  goes,
  [...online, [T, NEXT]],
  [T, presence('online', 11)],
  'relieved',
  [],
);
test('relieved, a claim is not its business', goes, [...online, [T, NEXT]], [T, claim(12)], 'relieved', []);
test('relieved, end: leaves without a presence', goes, [...online, [T, NEXT]], [T, END], 'ended', [
  'disconnect',
  'exit well',
]);
test('relieved, the bus is lost: away', goes, [...online, [T, NEXT]], [T, LOST], 'away', ['connect with will']);
test(
  'away and relieved, the bus comes up: still says nothing',
  goes,
  [...online, [T, NEXT], [T, LOST]],
  [T, UP],
  'relieved',
  [],
);
test('online, the bus is lost: away, with the will again', goes, online, [T, LOST], 'away', ['connect with will']);
test('away, the bus comes up: subscribes before it says a word', goes, [...online, [T, LOST]], [T, UP], 'announcing', [
  'subscribe all',
]);
test('away, end: exits', goes, [...online, [T, LOST]], [T, END], 'ended', ['disconnect', 'exit well']);
test('online, drain: says draining', goes, online, [T, DRAIN], 'draining', ['draining']);
test(
  'draining, contradicted: says draining again',
  goes,
  [...online, [T, DRAIN]],
  [T, presence('lost', 9)],
  'draining',
  ['draining'],
);
test('draining, a foreign claim: answers it', goes, [...online, [T, DRAIN]], [T, claim(12)], 'draining', ['held o']);
test('draining, a higher one: fenced', goes, [...online, [T, DRAIN]], [T, presence('online', 12)], 'fenced', [
  'disconnect',
  'fence stop',
]);
test('draining, end: says offline and leaves', goes, [...online, [T, DRAIN]], [T, END], 'ended', [
  'offline',
  'disconnect',
  'exit well',
]);
test('online, end: says offline and leaves', goes, online, [T, END], 'ended', ['offline', 'disconnect', 'exit well']);
test(
  'draining, the bus is lost and comes back: still draining',
  goes,
  [...online, [T, DRAIN], [T, LOST], [T, UP], [T, SUBACK]],
  [T + 300, TIMER],
  'draining',
  ['everything draining', 'timer null'],
);
test('refused, nothing moves it', goes, [...claiming, [100, claim(11)]], [200, UP], 'refused', []);
test('ended, nothing moves it', goes, [...online, [T, END]], [T, presence('lost', 1)], 'ended', []);

test('a holder refuses by a claim that names its nonce, host, pid and since', (t) => {
  const { acts } = holderStep(lead(online).state, claim(99), T);
  t.deepEqual(acts, [{ act: 'publish-held', claim: { ...ME, held: 'o' } }]);
});

test('AGENT_DUPLICATE names host, pid and since of the holder', (t) => {
  const { state } = holderStep(
    lead(claiming).state,
    { type: 'claim', claim: { ...ME, host: 'lab-b', pid: 5, held: 'm' } },
    100,
  );
  t.regex(
    state.phase.name === 'refused' ? state.phase.fault.message : '',
    /"lab-b", pid 5, since 2027-01-15T08:00:00.000Z/,
  );
});

test('online, denied more than 10 times in 10 s: tells people once, with both hosts', (t) => {
  let { state } = lead(online);
  const words: string[] = [];
  for (let i = 0; i < 15; i++) {
    const step = holderStep(state, presence('online', 9), T + i * 250);
    state = step.state;
    words.push(...step.acts.map(word));
    for (const act of step.acts) if (act.act === 'contested') t.deepEqual(act.rival, { g: 9, ...OTHER });
  }
  t.is(words.filter((it) => it === 'online').length, 15);
  t.is(words.filter((it) => it === 'contested').length, 1);
});

test('online, contradicted all the time: speaks 5 times a second at most', (t) => {
  let { state } = lead(online);
  let said = 0;
  for (let ms = 0; ms < 2_000; ms += 10) {
    const step = holderStep(state, ms % 20 ? presence('lost', 9) : TIMER, T + ms);
    state = step.state;
    said += step.acts.filter(({ act }) => act === 'publish-presence').length;
  }
  t.true(said >= 9 && said <= 10);
});

test('serves() only online and draining', (t) => {
  t.true(serves(lead(online).state));
  t.true(serves(lead([...online, [T, DRAIN]]).state));
  for (const events of [down, claiming, announcing, [...online, [T, LOST] satisfies At]])
    t.false(serves(lead(events).state));
});
