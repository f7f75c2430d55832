/** The audit compares what is believed with what lives. */
import test from 'ava';
import { type Difference, audit } from '../../host-manager/audit.ts';
import type { Phase } from '../../host-manager/instance.ts';
import { inPhase } from './makers.ts';

const UP: Phase = {
  name: 'up',
  generation: 7,
  definitionHash: '',
  pid: 4711,
  startedAtMs: 0,
  adopted: false,
  watch: 'exit',
  ready: 'yes',
  lateAtMs: 0,
  healthy: true,
  health: 'ok',
  degraded: false,
};

const finds = test.macro((t, phase: Phase, alive: boolean, want: Difference[]) => {
  t.deepEqual(
    audit([inPhase(phase)], () => alive),
    want,
  );
});

test('audit() finds nothing where one that is up lives', finds, UP, true, []);
test('audit() finds the end that nobody told of', finds, UP, false, [{ id: 'a', generation: 7, kind: 'end missed' }]);
test('audit() finds nothing where one that is down is gone', finds, { name: 'down' }, false, []);
test('audit() finds one that lives though it is down', finds, { name: 'down' }, true, [
  { id: 'a', kind: 'lives unknown' },
]);
test(
  'audit() finds one that lives though it waits for its relaunch',
  finds,
  { name: 'waiting', relaunchAtMs: 0 },
  true,
  [{ id: 'a', kind: 'lives unknown' }],
);
test('audit() leaves those that can run nothing alone', finds, { name: 'inoperable', why: '' }, true, []);
test('audit() finds nothing in an empty host', (t) => {
  t.deepEqual(
    audit([], () => true),
    [],
  );
});
