import test from 'ava';
import { decide } from '../../host-manager/decide.ts';
import type { Event } from '../../host-manager/event.ts';
import type { Phase } from '../../host-manager/instance.ts';
import { EVENTS, type EventKey, keysOf, PHASES, type PhaseKey, summed } from './cells.ts';
import { quiet, T } from './makers.ts';

/** By outcome, `next phase: what the driver and the ledger are asked to do`; `defect`: it cannot come; `same`: it stays and nothing is asked. */
const TABLE: Record<PhaseKey, Record<string, string>> = {
  inoperable: {
    'inoperable: forget': 'removed',
    'launching: launch': 'operable',
    same: `target up | target down | restart | retry | kill |
      changed | replaced | inoperable | rest-gone | rest-gone of an earlier life`,
    defect: 'listed | spawned | spawn-failed | exited | exited, rest left | found | ready | health | freed | limit',
  },
  down: {
    'launching: launch': 'target up',
    'down: forget': 'removed',
    inoperable: 'inoperable',
    'stopping: signal': 'found',
    same: 'target down | restart | retry | kill | changed | replaced | rest-gone | rest-gone of an earlier life',
    defect: 'listed | operable | spawned | spawn-failed | exited | exited, rest left | ready | health | freed | limit',
  },
  'down, ended by its policy': {
    'launching: launch': 'target up | restart | retry',
    'down: forget': 'removed',
    inoperable: 'inoperable',
    up: 'found',
    same: 'target down | kill | changed | replaced | rest-gone | rest-gone of an earlier life',
    defect: 'listed | operable | spawned | spawn-failed | exited | exited, rest left | ready | health | freed | limit',
  },
  blocked: {
    down: 'target down',
    'launching: launch': 'retry | freed | limit',
    'blocked: forget': 'removed',
    inoperable: 'inoperable',
    up: 'found',
    same: 'target up | restart | kill | changed | replaced | rest-gone | rest-gone of an earlier life',
    defect: 'listed | operable | spawned | spawn-failed | exited | exited, rest left | ready | health',
  },
  launching: {
    up: 'spawned',
    'waiting: report': 'spawn-failed | limit',
    same: `target up | target down | restart | retry | kill |
      changed | replaced | removed | inoperable | operable | rest-gone of an earlier life`,
    defect: 'listed | exited | exited, rest left | rest-gone | found | ready | health | freed',
  },
  up: {
    'stopping: signal': 'target down | restart | replaced | removed',
    'stopping: kill': 'kill',
    'waiting: report': 'exited',
    'stopping: terminate-rest report': 'exited, rest left',
    same: `target up | retry | changed | inoperable |
      operable | rest-gone of an earlier life | ready | health | limit`,
    defect: 'listed | spawned | spawn-failed | rest-gone | found | freed',
  },
  'up, not ready yet': {
    'stopping: signal': 'target down | restart | replaced | removed',
    'stopping: kill': 'kill',
    'waiting: report': 'exited',
    'stopping: terminate-rest report': 'exited, rest left',
    same: `target up | retry | changed | inoperable |
      operable | rest-gone of an earlier life | ready | health | limit`,
    defect: 'listed | spawned | spawn-failed | rest-gone | found | freed',
  },
  stopping: {
    'stopping: kill': 'kill | limit',
    down: 'exited',
    'stopping: terminate-rest': 'exited, rest left',
    same: `target up | target down | restart | retry | changed | replaced |
      removed | inoperable | operable | rest-gone of an earlier life | ready | health`,
    defect: 'listed | spawned | spawn-failed | rest-gone | found | freed',
  },
  'stopping, to be relaunched': {
    'stopping: kill': 'kill',
    'launching: launch': 'rest-gone | limit',
    same: `target up | target down | restart | retry | changed | replaced |
      removed | inoperable | operable | rest-gone of an earlier life | ready | health`,
    defect: 'listed | spawned | spawn-failed | exited | exited, rest left | found | freed',
  },
  'stopping, retired': {
    'stopping: kill': 'kill | limit',
    'down: forget': 'exited',
    'stopping: terminate-rest': 'exited, rest left',
    same: `target up | target down | restart | retry | changed | replaced |
      removed | listed | inoperable | operable | rest-gone of an earlier life | ready | health`,
    defect: 'spawned | spawn-failed | rest-gone | found | freed',
  },
  waiting: {
    'launching: launch': 'target up | restart | retry | changed | replaced | limit',
    down: 'target down',
    'waiting: forget': 'removed',
    inoperable: 'inoperable',
    up: 'found',
    same: 'kill | rest-gone | rest-gone of an earlier life',
    defect: 'listed | operable | spawned | spawn-failed | exited | exited, rest left | ready | health | freed',
  },
  'gave-up': {
    'launching: launch': 'target up | restart | retry | changed | replaced',
    down: 'target down',
    'gave-up: forget': 'removed',
    inoperable: 'inoperable',
    up: 'found',
    same: 'kill | rest-gone | rest-gone of an earlier life',
    defect: 'listed | operable | spawned | spawn-failed | exited | exited, rest left | ready | health | freed | limit',
  },
};

/** The outcomes that the table gives for a cell: exactly one, unless it has a hole or contradicts itself. */
const outcomesOf = (phase: PhaseKey, event: EventKey): string[] =>
  keysOf(TABLE[phase]).filter((outcome) => TABLE[phase][outcome]?.split(/\s*\|\s*/).includes(event));

test('the table of phases and events has no hole', (t) => {
  const named = new Set(keysOf(PHASES).map((key) => PHASES[key].phase.name));
  const all: Record<Phase['name'], true> = {
    inoperable: true,
    down: true,
    blocked: true,
    launching: true,
    up: true,
    stopping: true,
    waiting: true,
    'gave-up': true,
  };
  t.deepEqual(
    keysOf(all).filter((name) => !named.has(name)),
    [],
  );
  const types: Record<Event['type'], true> = {
    target: true,
    restart: true,
    retry: true,
    kill: true,
    changed: true,
    replaced: true,
    removed: true,
    listed: true,
    inoperable: true,
    operable: true,
    spawned: true,
    'spawn-failed': true,
    exited: true,
    'rest-gone': true,
    found: true,
    ready: true,
    health: true,
    freed: true,
    limit: true,
  };
  t.deepEqual([...new Set(keysOf(EVENTS).map((key) => EVENTS[key].type))].toSorted(), keysOf(types).toSorted());
  for (const phase of keysOf(PHASES)) {
    for (const event of keysOf(EVENTS)) t.is(outcomesOf(phase, event).length, 1, `${phase} × ${event}`);
  }
});

const cell = test.macro((t, phase: PhaseKey, event: EventKey) => {
  const before = PHASES[phase];
  const { instance, actions } = decide(before, EVENTS[event], quiet, T);
  const want = outcomesOf(phase, event).join(', ');
  t.is(summed(before, instance, actions), want);
  if (want === 'defect') t.is(instance, before, 'a defect changes nothing');
  if (instance.phase.name !== before.phase.name) {
    const change = instance.changes.at(-1);
    t.like(change, { atMs: T, to: instance.phase.name });
    t.true((change?.cause ?? '') !== '' && (change?.actor ?? '') !== '', 'every change has cause and actor');
  }
});
for (const phase of keysOf(PHASES)) {
  for (const event of keysOf(EVENTS))
    test(`decide() in ${phase} on ${event}: ${outcomesOf(phase, event).join(', ')}`, cell, phase, event);
}
