/** One episode: two hosts that start the same agent, callers, a reader and a bad network; then what must hold. */
import * as fc from 'fast-check';
import { serves } from '../../protocol/holder.ts';
import {
  BEAT_MS,
  type HostStore,
  type Journal,
  type Plant,
  type SimAgent,
  TABLE_LIMITS,
  simAgent,
} from './sim-agent.ts';
import { type CallPlan, type SimReader, simCaller, simReader } from './sim-client.ts';
import { type Network, type Weather, network } from './sim-network.ts';

export interface Plan {
  weather: Weather;
  /** The second one is a duplicate started by mistake, or a replacement, on the other node. */
  launches: readonly {
    atMs: number;
    crashAtMs: number | undefined;
    crashAtAct: number | undefined;
    relaunchAfterMs: number;
  }[];
  callers: readonly (readonly CallPlan[])[];
  syncMs: number;
  clockOffS: readonly number[];
}

/** What went wrong: the property, and a word on it. */
export interface Finding {
  property: string;
  said: string;
}
export interface Result {
  findings: Finding[];
  answered: number;
  effects: number;
}

const QUIET_MS = 9_000;
const CALM_MS = 11_000;
const CLAIM_WAIT_MS = 1_500;
/** Dialling again, subscribing, listening: what comes before an agent can be heard at all. */
const RETURN_MS = 1_000;

const ms = (max: number, min = 0) => fc.integer({ min, max });
const weather: fc.Arbitrary<Weather> = fc.record({
  seed: fc.nat(),
  lose: fc.constantFrom(0, 0.1, 0.3),
  copies: fc.constantFrom(0, 0.2),
  delayMs: fc.constantFrom<[number, number]>([1, 5], [1, 150]),
  swap: fc.constantFrom(0, 0.1, 0.3),
  cuts: fc.array(fc.record({ who: ms(4), atMs: ms(QUIET_MS), forMs: ms(1_500) }), { maxLength: 3 }),
  partitions: fc.array(fc.record({ atMs: ms(QUIET_MS), forMs: ms(4_000) }), { maxLength: 1 }),
  forgetRetainedAtMs: fc.array(ms(QUIET_MS), { maxLength: 1 }),
  lateWillMs: fc.constantFrom(0, 2_000),
  quietAtMs: fc.constant(QUIET_MS),
});
const launch = fc.record({
  atMs: ms(5_000),
  crashAtMs: fc.option(ms(8_000, 2_000), { nil: undefined, freq: 3 }),
  crashAtAct: fc.option(ms(3, 1), { nil: undefined, freq: 2 }),
  relaunchAfterMs: ms(500, 10),
});
const call: fc.Arbitrary<CallPlan> = fc.record({
  atMs: ms(QUIET_MS, 1_900),
  ttlMs: fc.constantFrom(500, 2_000, 5_000),
  session: fc.boolean(),
});
export const plan: fc.Arbitrary<Plan> = fc.record({
  weather,
  launches: fc.array(launch, { minLength: 1, maxLength: 2 }),
  callers: fc.array(fc.array(call, { maxLength: 8 }), { minLength: 1, maxLength: 2 }),
  syncMs: fc.constantFrom(0, 30),
  clockOffS: fc.array(fc.constantFrom(0, 2, -3_600, 3_600), { minLength: 5, maxLength: 5 }),
});

export function episode(given: Plan, plant?: Plant): Result {
  const net = network(given.weather);
  const journal: Journal = { effects: [], replies: [], tablesMax: 0, lastChangeMs: 0 };
  const agents: SimAgent[] = [];
  for (const [i, it] of given.launches.entries()) {
    const store: HostStore = { g: 0, sessions: new Map(), clockOffS: given.clockOffS[i] ?? 0 };
    const start = (crashAtAct: number | undefined): SimAgent => {
      const onCrash = () => net.after(it.relaunchAfterMs, () => start(undefined));
      const agent = simAgent({
        net,
        who: i,
        host: `host-${i}`,
        store,
        journal,
        syncMs: given.syncMs,
        crashUntilMs: QUIET_MS - 1_000,
        crashAtAct,
        plant,
        onCrash,
      });
      agents.push(agent);
      return agent;
    };
    net.after(i === 0 ? 0 : it.atMs, () => {
      const first = start(it.crashAtAct);
      if (it.crashAtMs !== undefined && it.crashAtMs > it.atMs) net.after(it.crashAtMs - it.atMs, first.crash);
    });
  }
  const callers = given.callers.map((plans, i) =>
    simCaller({ net, who: 2 + i, user: `user${i}`, clockOffS: given.clockOffS[2 + i] ?? 0, plant }, plans),
  );
  const reader = simReader({ net, who: 4, user: 'reader', clockOffS: 0, plant });
  const findings = watchHolders(net, agents);
  net.runUntil(QUIET_MS + CALM_MS);
  const records = callers.flatMap(({ records }) => records);
  for (const found of readerFindings(reader, agents, journal)) findings.push(found);

  for (const { id, key, ttlMs, firstSentMs, code, ends } of records) {
    const effects = journal.effects.filter((effect) => effect.key === key);
    if (effects.length > 1) findings.push({ property: 'no effect twice', said: key });
    if (code === 0 && effects.length !== 1)
      findings.push({ property: 'an answered effect is in the journal', said: `${key}: ${effects.length}` });
    for (const { atMs } of effects) {
      const ageMs = atMs - (firstSentMs ?? atMs) - given.syncMs;
      if (firstSentMs === undefined || ageMs > ttlMs)
        findings.push({ property: 'nothing done after its ttl', said: `${key}: ${ageMs} of ${ttlMs}` });
    }
    if (ends !== 1) findings.push({ property: 'one result per call', said: `${id}: ${ends}` });
  }
  if (journal.tablesMax > TABLE_LIMITS.inAll)
    findings.push({ property: 'tables bounded', said: `${journal.tablesMax}` });
  for (const { id, user, client } of journal.replies) {
    const record = records.find((it) => it.id === id);
    if (record && (record.user !== user || record.client !== client))
      findings.push({ property: 'replies only to their caller', said: `${id} to ${user}` });
  }
  return { findings, answered: records.filter(({ code }) => code === 0).length, effects: journal.effects.length };
}

/** One holder, once the network is whole for two claim waits. */
function watchHolders(net: Network, agents: readonly SimAgent[]): Finding[] {
  const findings: Finding[] = [];
  const look = (): void => {
    const holders = agents.filter((agent) => agent.alive() && serves(agent.state())).length;
    const wanted = agents.some((agent) => agent.alive()) ? 1 : 0;
    if (holders !== wanted) findings.push({ property: 'one holder', said: `${holders} at ${net.nowMs()}` });
  };
  for (let atMs = QUIET_MS + RETURN_MS + 2 * CLAIM_WAIT_MS; atMs < QUIET_MS + CALM_MS; atMs += 500)
    net.after(atMs, look);
  return findings;
}

/** The reader equals the holder two beats after the last change or loss. */
function readerFindings(reader: SimReader, agents: readonly SimAgent[], { lastChangeMs }: Journal): Finding[] {
  const findings: Finding[] = reader.fallen().map((said) => ({ property: '(g, n) never falls', said }));
  const holder = agents.find((agent) => agent.alive() && serves(agent.state()));
  if (!holder) return findings;
  const [held, op] = [reader.held(), holder.op()];
  const property = 'readers equal agents';
  // A higher generation that served only on the other side of a partition, and died there, hides the one that stays:
  // readers rightly show the holder as another until it is started anew.
  if (held && held.g > op.g) return findings;
  if (held?.g !== op.g || held.n !== op.n || held.value !== op.value) {
    findings.push({ property, said: `${JSON.stringify(held)} for ${JSON.stringify(op)}` });
  }
  const settledMs = Math.max(QUIET_MS, lastChangeMs, reader.upSinceMs());
  // Messages sent before the loss ended may still be on their way for 3 s.
  if (reader.changedMs() > settledMs + 2 * BEAT_MS + 600)
    findings.push({ property, said: `only at ${reader.changedMs()}, settled at ${settledMs}` });
  return findings;
}
