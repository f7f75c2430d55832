import test from 'ava';
import { fault } from '../../base/fault.ts';
import { documentOf, exitOfAll, exitOfResult, faultText } from '../../cli/output.ts';
import { colourOn, columnsOf, painter } from '../../cli/terminal.ts';

test('exitOfAll() is 0 when all is well, the code when all failed alike, else 8', (t) => {
  t.is(exitOfAll([]), 0);
  t.is(exitOfAll([0, 0]), 0);
  t.is(exitOfAll([7, 7]), 7);
  t.is(exitOfAll([0, 7]), 8);
  t.is(exitOfAll([6, 7]), 8);
});
test('exitOfResult() takes the exit of the fault unless another is given', (t) => {
  t.is(exitOfResult({ fault: fault('BUS_DOWN', {}) }), 4);
  t.is(exitOfResult({ fault: fault('BUS_DOWN', {}), exit: 130 }), 130);
  t.is(exitOfResult({}), 0);
});
test('documentOf() has the envelope also for a failure', (t) => {
  const told = fault('TARGET_UNKNOWN', { target: 'x', near: '' });
  t.deepEqual(documentOf('up', { fault: told, document: { outcomes: [] } }, 1_500), {
    schema: 1,
    command: 'up',
    at: 1.5,
    ok: false,
    fault: told,
    outcomes: [],
  });
});
test('faultText() says what, what next and where to read more', (t) => {
  const text = faultText(fault('HOST_MANAGER_ABSENT', { host: 'lab-a' }), painter(false));
  t.regex(
    text,
    /^error HOST_MANAGER_ABSENT: HostManager of host "lab-a" not running\n {2}next: Start it: "cupola start" +\(cupola help HOST_MANAGER_ABSENT\)\n$/,
  );
});

const colours = test.macro(
  (t, when: 'auto' | 'always' | 'never', isTerminal: boolean, env: Record<string, string>, want: boolean) =>
    t.is(colourOn(when, isTerminal, env), want),
);
test('colourOn() is on for a terminal', colours, 'auto', true, {}, true);
test('colourOn() is off elsewhere', colours, 'auto', false, {}, false);
test('colourOn() honours NO_COLOR', colours, 'auto', true, { NO_COLOR: '1' }, false);
test('colourOn() honours FORCE_COLOR', colours, 'auto', false, { FORCE_COLOR: '1' }, true);
test('colourOn() honours TERM=dumb', colours, 'auto', true, { TERM: 'dumb' }, false);
test('colourOn() lets --color win', colours, 'always', false, { NO_COLOR: '1' }, true);

test('columnsOf() takes COLUMNS, then the terminal, then 80', (t) => {
  t.is(columnsOf({ COLUMNS: '40' }, 100), 40);
  t.is(columnsOf({ COLUMNS: 'wide' }, 100), 100);
  t.is(columnsOf({}, undefined), 80);
});
