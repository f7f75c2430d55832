import test from 'ava';
import * as fc from 'fast-check';
import type { Plant } from './sim-agent.ts';
import { type Plan, episode, plan } from './sim-episode.ts';

const EPISODES = 10_000;
/** A busy machine does fewer; it never takes longer. */
const LIMIT_MS = 40_000;

test('whatever the network does, requests, states and holders keep their word', (t) => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  t.log(`seed ${seed}`);
  let [episodes, answered, effects] = [0, 0, 0];
  fc.assert(
    fc.property(plan, (given) => {
      const result = episode(given);
      episodes++;
      answered += result.answered;
      effects += result.effects;
      if (result.findings.length > 0) throw new Error(JSON.stringify(result.findings));
    }),
    { numRuns: EPISODES, seed, interruptAfterTimeLimit: LIMIT_MS, includeErrorInReport: true },
  );
  t.log(`${episodes} episodes, ${effects} effects, ${answered} calls answered`);
  t.true(answered > episodes, 'the network is bad, not dead');
});

const found = test.macro((t, plant: Plant, property: string) => {
  const outcome = fc.check(
    fc.property(plan, (given: Plan) => !episode(given, plant).findings.some((it) => it.property === property)),
    { numRuns: 3_000, seed: 1, endOnFailure: true },
  );
  t.true(outcome.failed, `${plant} goes unseen in ${outcome.numRuns} episodes`);
});
test('an agent without memory is found by "no effect twice"', found, 'no-memory', 'no effect twice');
test(
  'an agent that answers before it stores is found by the journal',
  found,
  'answer-before-store',
  'an answered effect is in the journal',
);
test(
  'an agent that does not look at age is found by "nothing done after its ttl"',
  found,
  'no-freshness',
  'nothing done after its ttl',
);
test('a reader that takes anything is found by "(g, n) never falls"', found, 'takes-anything', '(g, n) never falls');
test(
  'a reader that does not look at marks is found by "readers equal agents"',
  found,
  'no-marks',
  'readers equal agents',
);
test('a holder that hears nobody is found by "one holder"', found, 'deaf-holder', 'one holder');
test(
  'a holder that hears presence and claims but no beats is found by "one holder"',
  found,
  'no-beats-heard',
  'one holder',
);
test('a table without bounds is found by "tables bounded"', found, 'no-bounds', 'tables bounded');
test(
  'a reply to whom the payload names is found by "replies only to their caller"',
  found,
  'replies-by-payload',
  'replies only to their caller',
);
