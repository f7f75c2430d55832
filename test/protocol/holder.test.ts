import test from 'ava';
import { holderStep, serves } from '../../protocol/holder.ts';
import {
  claim,
  presence,
  own,
  UP,
  LOST,
  SUBACK,
  TIMER,
  DRAIN,
  END,
  NEXT,
  ME,
  OTHER,
  T,
  lead,
  word,
  goes,
  down,
  claiming,
  announcing,
  online,
  type At,
} from './holder-world.ts';

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
  'online, a beat of the same generation that is not its own: says who it is',
  goes,
  online,
  [T, { type: 'beat', g: 10, own: false }],
  'online',
  ['online'],
);
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
test('ended, nothing moves it', goes, [...online, [T, END]], [T, presence('lost', 1)], 'ended', []);

test('a holder refuses by a claim that names its nonce, host, pid and since', (t) => {
  const { acts } = holderStep(lead(online).state, claim(99), T);
  t.deepEqual(acts, [{ act: 'publish-held', claim: { ...ME, held: 'o' } }]);
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
