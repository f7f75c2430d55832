import test from 'ava';
import { holderStep } from '../../protocol/holder.ts';
import {
  claim,
  presence,
  UP,
  LOST,
  SUBACK,
  TIMER,
  END,
  ME,
  T,
  lead,
  goes,
  down,
  claiming,
  announcing,
  online,
} from './holder-world.ts';

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
test('away, the bus comes up: subscribes before it says a word', goes, [...online, [T, LOST]], [T, UP], 'announcing', [
  'subscribe all',
]);
test('refused, nothing moves it', goes, [...claiming, [100, claim(11)]], [200, UP], 'refused', []);
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
