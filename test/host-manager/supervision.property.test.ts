import test from 'ava';
import * as fc from 'fast-check';
import type { Driver } from '../../host-manager/driver.ts';
import { limitOf, resting } from '../../host-manager/instance.ts';
import type { WantedInstance } from '../../host-manager/wanted.ts';
import { DEFAULT_RESTART } from '../../host-manager/wanted.ts';
import type { Lab } from './lab.ts';
import { lab } from './lab.ts';
import { wanted } from './makers.ts';
import type { Behaviour } from './simulated-driver.ts';
import { WELL } from './simulated-driver.ts';

const EPISODES = 10_000;
const IDS = ['a', 'b', 'c'];

type Step =
  | { do: 'end'; id: string; code: number; leaves: number }
  | { do: 'behave'; id: string; over: Partial<Behaviour> }
  | { do: 'request'; requests: [string, string][] }
  | { do: 'restart' | 'retry' | 'kill'; id: string }
  | { do: 'reload'; file: WantedInstance[]; restartChanged: boolean }
  | { do: 'crash' }
  | { do: 'outsider'; id: string; lives: boolean }
  | { do: 'pass'; ms: number };

const id = fc.constantFrom(...IDS);
const entry = (instanceId: string): fc.Arbitrary<WantedInstance> =>
  fc
    .record({
      start: fc.constantFrom('up' as const, 'up' as const, 'down' as const),
      agentClass: fc.constantFrom('DummyAgent', 'DummyAgent', 'OtherAgent', ...(instanceId === 'a' ? ['Broker'] : [])),
      definitionHash: fc.constantFrom('one', 'one', 'two'),
      operable: fc.constantFrom(true, true, true, true, false),
      policy: fc.constantFrom(
        'always' as const,
        'always' as const,
        'always' as const,
        'on-failure' as const,
        'never' as const,
      ),
      giveUp: fc.constantFrom(null, null, { failures: 3, withinMs: 60_000 }),
      by: fc.constantFrom('presence' as const, 'spawn' as const),
      after:
        instanceId === 'c'
          ? fc.constantFrom([], [{ instance: 'b', until: 'ready' as const, atMostMs: 30_000 }])
          : fc.constant([]),
    })
    .map(({ policy, giveUp, by, ...rest }) =>
      wanted(instanceId, {
        ...rest,
        restart: { ...DEFAULT_RESTART, policy, giveUp },
        readiness: { by, withinMs: 15_000 },
      }),
    );
const file = fc
  .tuple(entry('a'), entry('b'), entry('c'), fc.subarray(IDS, { minLength: 1 }))
  .map(([a, b, c, listed]) => [a, b, c].filter(({ instanceId }) => listed.includes(instanceId)));
const behaviour: fc.Arbitrary<Partial<Behaviour>> = fc.oneof(
  fc.record({ spawnFails: fc.boolean() }),
  fc.record({ spawnDelayMs: fc.constantFrom(0, 2, 900, 4_000) }),
  fc.record({ readyAfterMs: fc.constantFrom(null, 0, 20, 20_000) }),
  fc.record({
    endsAfterMs: fc.constantFrom(null, 0, 400, 2_500, 12_000),
    exitCode: fc.constantFrom(0, 1, 3, 6),
    leaves: fc.nat(2),
  }),
  fc.record({ slowMs: fc.constantFrom(0, 2_000, 11_000) }),
  fc.record({ ignoresPolite: fc.boolean(), unkillable: fc.boolean() }),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      id,
      code: fc.constantFrom(0, 1, 6),
      leaves: fc.constantFrom(0, 0, 0, 2),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('behave' as const), id, over: behaviour }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('request' as const),
      requests: fc.array(fc.tuple(fc.constantFrom(...IDS, 'all', 'nosuch'), fc.constantFrom('up', 'down', 'up')), {
        minLength: 1,
        maxLength: 3,
      }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom('restart' as const, 'retry' as const, 'kill' as const), id }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('reload' as const), file, restartChanged: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('crash' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('outsider' as const), id, lives: fc.boolean() }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('pass' as const),
      ms: fc.constantFrom(0, 1, 3, 30, 300, 1_000, 2_500, 12_000, 40_000),
    }),
  },
);
const episode = fc.record({
  file,
  steps: fc.array(step, { minLength: 1, maxLength: 50, size: 'max' }),
  seed: fc.nat(),
});

/** Live one episode: random events, then all faults end and time passes. Throws at the first broken promise. */
function live(
  { file, steps, seed }: { file: WantedInstance[]; steps: Step[]; seed: number },
  wrap?: (driver: Driver) => Driver,
): void {
  let state = seed;
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const host = lab(file, { random, launchesAtOnce: 2, ...(wrap === undefined ? {} : { wrap }) });
  let listed = file;
  for (const one of steps) {
    if (one.do === 'reload') listed = one.file;
    act(host, one, listed);
    keepsPromises(host);
    if (one.do === 'pass') missesNoLimit(host);
  }
  host.world.outsiders.clear();
  for (const one of IDS) host.world.behave(one, WELL);
  for (let passed = 0; passed < 6; passed++) {
    host.step(20_000);
    keepsPromises(host);
    missesNoLimit(host);
  }
  reachesTargets(host, listed);
}

function act({ world, supervisor, ...host }: Lab, one: Step, listed: readonly WantedInstance[]): void {
  switch (one.do) {
    case 'end':
      return world.end(one.id, { code: one.code, signal: null }, one.leaves);
    case 'behave':
      return world.behave(one.id, one.over);
    case 'request':
      return void supervisor.request(one.requests, 'ana');
    case 'restart':
    case 'retry':
    case 'kill':
      return void supervisor[one.do]([one.id], 'ana');
    case 'reload':
      return void supervisor.reload(one.file, { restartChanged: one.restartChanged });
    case 'crash':
      return host.crashAndReturn(listed);
    case 'outsider':
      if (!one.lives) world.outsiders.delete(one.id);
      else if (world.living(one.id).length === 0) world.outsiders.set(one.id, 77);
      return;
    case 'pass':
      return host.step(one.ms);
  }
}

function missesNoLimit({ clock, supervisor }: Lab): void {
  for (const instance of supervisor.instances()) {
    const limitMs = limitOf(instance);
    if (limitMs !== null && limitMs < clock.nowMs()) {
      throw new Error(`"${instance.id}" ${instance.phase.name}: its limit has passed unseen`);
    }
  }
}

function keepsPromises({ world, supervisor, messages, exits, crashes }: Lab): void {
  if (world.doubles.length > 0) throw new Error(`two processes of one instance: ${world.doubles.join('; ')}`);
  for (const one of IDS) {
    if (world.living(one).filter(({ leader }) => leader).length > 1) throw new Error(`"${one}" lives twice`);
  }
  const bug = messages.find(({ facts }) => facts['defect'] === true);
  if (bug !== undefined) throw new Error(bug.text);
  let underWay = 0;
  for (const { phase } of supervisor.instances()) {
    if (phase.name === 'launching' || (phase.name === 'up' && phase.ready === 'waiting')) underWay++;
  }
  let failures = 0;
  for (const instance of supervisor.instances()) {
    const { counts, phase } = instance;
    const counted = counts.crashes + counts.asked + counts.ended + counts.outside;
    const told = exits.get(instance.id) ?? 0;
    if (counted !== told) throw new Error(`"${instance.id}": ${told} exits told, ${counted} counted`);
    failures += counts.crashes + counts.spawnFailures;
    const limitMs = limitOf(instance);
    if (limitMs === null && phase.name === 'blocked' && underWay === 0)
      throw new Error(`"${instance.id}" waits for nothing`);
    if (limitMs === null && !resting(instance) && phase.name !== 'up' && phase.name !== 'blocked') {
      throw new Error(`"${instance.id}" is ${phase.name} without a limit`);
    }
  }
  if (failures > crashes.length) throw new Error(`${failures} failures, ${crashes.length} reports`);
}

function reachesTargets({ supervisor, world }: Lab, listed: readonly WantedInstance[]): void {
  const ids = new Set(listed.map(({ instanceId }) => instanceId));
  for (const one of IDS) {
    const instance = supervisor.instance(one);
    if ((instance !== undefined) !== ids.has(one))
      throw new Error(`"${one}" listed ${ids.has(one)}, row ${instance?.phase.name}`);
    const lives = world.living(one).length;
    if (instance === undefined || instance.target === 'down' || instance.ended) {
      if (lives > 0 && (instance?.operable ?? true))
        throw new Error(`"${one}" wanted down lives: ${instance?.phase.name}`);
    } else if (!instance.operable) {
      if (!['inoperable', 'up'].includes(instance.phase.name))
        throw new Error(`"${one}" not operable is ${instance.phase.name}`);
    } else if (instance.phase.name !== 'gave-up' && (instance.phase.name !== 'up' || lives !== 1)) {
      throw new Error(`"${one}" wanted up is ${instance.phase.name}, ${lives} live`);
    }
  }
}

test(`supervisor keeps its promises in ${EPISODES} random episodes`, (t) => {
  const run = fc.check(
    fc.property(episode, (one) => live(one)),
    { numRuns: EPISODES },
  );
  t.log(`seed ${run.seed}`);
  t.false(run.failed, reportOf(run));
});

test('the episodes find a HostManager that launches without looking whether something lives, and name the seed', (t) => {
  const run = fc.check(
    fc.property(episode, (one) => live(one, blind)),
    { numRuns: 2_000 },
  );
  t.log(`found with seed ${run.seed} after ${run.numRuns} episodes`);
  t.true(run.failed);
  t.regex(reportOf(run), /seed: -?\d+[\s\S]*two processes of one instance/);
});

const blind = (driver: Driver): Driver => ({ ...driver, alive: () => false, adopt: () => [] });

/** Seed, path, the smallest episode that fails, and the promise that it breaks. */
const reportOf = <A>(run: fc.RunDetails<A>): string =>
  `${fc.defaultReportMessage(run) ?? ''}\n${String(run.errorInstance)}`;
