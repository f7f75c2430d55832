import test from 'ava';
import { crashText } from '../../cli/crash-text.ts';
import { logText } from '../../cli/log-text.ts';
import { T } from './world.ts';

const says = test.macro((t, line: string, want: string) => t.is(logText(line), want));
test('logText() leaves a plain line as it is', says, 'hello {x}', 'hello {x}');
test('logText() leaves torn JSON as it is', says, '{"msg": "a', '{"msg": "a');
test('logText() leaves JSON that is no log line as it is', says, '{"a":1}', '{"a":1}');
test(
  'logText() tells the message, then the facts',
  says,
  '{"level":"info","at":"2027-01-15T08:00:00Z","host":"h","agent":"a","class":"C","outcome":"done","ms":3,"msg":"asked"}',
  'asked  outcome=done ms=3',
);

test('crashText() tells how it ended and what it said last', (t) => {
  const view = { columns: 80, paint: (_: string, text: string) => text, nowMs: T * 1_000, utc: true, wide: false };
  const report = {
    instance_id: 'cam1',
    id: 'cam1/1',
    cause: 'signal',
    signal: 'SIGKILL',
    code: null,
    at: T - 60,
    uptime_s: 8,
    failures_in_row: 1,
    stability: 0.5,
    next_launch: T,
    stderr: ['ENODEV'],
    stdout: [],
  };
  t.deepEqual(crashText(report, view).split('\n'), [
    'cam1 signal: SIGKILL at 07:59:00Z after 8 s',
    '  report    cam1/1',
    '  failures  1 in a row, stability 0.5',
    '  launched again at 08:00:00Z',
    '  stderr:',
    '    ENODEV',
  ]);
});
