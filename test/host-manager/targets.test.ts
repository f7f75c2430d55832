import test from 'ava';
import type { TargetState } from '../../protocol/rows.ts';
import { initialStateApplies, startTarget } from '../../host-manager/targets.ts';
import { T, wanted } from './makers.ts';

const kept = { target: 'down', actor: 'ana', atMs: T, fileStart: 'up' } as const;

test('startTarget() is the file where nothing is kept', (t) => {
  t.deepEqual(startTarget(wanted('a', { start: 'down' }), null, null), {
    target: 'down',
    actor: 'site config',
    edited: false,
  });
});
test('startTarget() is the kept one, with who asked for it', (t) => {
  t.deepEqual(startTarget(wanted('a'), kept, null), { target: 'down', actor: 'ana', edited: false });
});
test('startTarget() is the file again when its start state was edited since', (t) => {
  t.deepEqual(startTarget(wanted('a', { start: 'down' }), { ...kept, target: 'up' }, null), {
    target: 'down',
    actor: 'site config',
    edited: true,
  });
});
test('startTarget() is --initial-state over all', (t) => {
  t.deepEqual(startTarget(wanted('a'), kept, 'up'), { target: 'up', actor: '--initial-state', edited: false });
});

const applies = test.macro((t, flag: TargetState | null, appliedInBoot: string | null, want: TargetState | null) => {
  t.is(initialStateApplies(flag, appliedInBoot, 'boot-2'), want);
});
test('initialStateApplies() at the first start', applies, 'down', null, 'down');
test('initialStateApplies() after a boot of the machine', applies, 'down', 'boot-1', 'down');
test('initialStateApplies() not again in the same boot', applies, 'down', 'boot-2', null);
test('initialStateApplies() not without the flag', applies, null, null, null);
