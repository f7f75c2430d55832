import test from 'ava';
import { admit } from '../../host-manager/admit.ts';
import type { Surroundings } from '../../host-manager/event.ts';
import type { Instance, Phase } from '../../host-manager/instance.ts';
import { inPhase, quiet, T } from './makers.ts';

const why = { cause: 'asked up', actor: 'ana' };
const rests = inPhase({ name: 'down' });
const unmet = { ids: ['mux1'], atMostMs: 30_000 };

interface Case {
  around?: Partial<Surroundings>;
  instance?: Partial<Instance>;
  waived?: boolean;
  want: Partial<Phase>;
  does?: string[];
}

const admits = test.macro((t, { around = {}, instance = {}, waived = false, want, does = [] }: Case) => {
  const scene = { surroundings: { ...quiet, ...around }, nowMs: T };
  const decision = admit({ ...rests, ...instance }, why, scene, waived);
  t.like(decision.instance.phase, want);
  t.deepEqual(
    decision.actions.filter(({ type }) => type !== 'tell').map(({ type }) => type),
    does,
  );
});

test('admit() launches when nothing is in the way', admits, {
  want: { name: 'launching', generation: T, limitAtMs: T + 5_000 },
  does: ['launch'],
});
test('admit() launches a generation above the last, though the clock was set back', admits, {
  instance: { generation: T + 99 },
  want: { name: 'launching', generation: T + 100 },
  does: ['launch'],
});
test('admit() ends what lives of it first', admits, {
  around: { alive: true, outside: { pid: 7 }, unmet, queueFull: true },
  want: { name: 'stopping', next: 'admit', limitAtMs: T + 2_000 },
  does: ['terminate-rest'],
});
test('admit() never launches beside one outside', admits, {
  around: { outside: { pid: 7 }, unmet, queueFull: true },
  want: { name: 'blocked', by: 'outside', waitsFor: ['a process outside, pid 7'], limitAtMs: T + 1_000 },
});
test('admit() looks for one outside less and less often', admits, {
  around: { outside: { pid: 7 } },
  instance: { outsideInRow: 9 },
  want: { name: 'blocked', limitAtMs: T + 30_000 },
});
test('admit() waits for those of `after`', admits, {
  around: { unmet, queueFull: true },
  want: { name: 'blocked', by: 'after', waitsFor: ['mux1'], limitAtMs: T + 30_000 },
});
test('admit() launches without those that were waited for long enough', admits, {
  around: { unmet },
  waived: true,
  want: { name: 'launching' },
  does: ['launch'],
});
test('admit() waits while enough launches are under way', admits, {
  around: { queueFull: true },
  want: { name: 'blocked', by: 'queue', limitAtMs: null },
});
test('admit() leaves one that is not operable where it is', admits, {
  instance: { operable: false, inoperableWhy: 'class not installed' },
  want: { name: 'inoperable', why: 'class not installed' },
});
