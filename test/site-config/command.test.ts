import test from 'ava';
import { fillCommand, placeholderProblem } from '../../site-config/command.ts';

const FACTS = {
  instanceId: 'mux1',
  host: 'lab',
  siteFile: '/s/site.yaml',
  stateDir: '/s/.cupola/lab/state',
  logDir: '/s/log',
  settings: { baudRate: 9600, deep: { x: 1 }, on: true },
};

const fills = test.macro((t, command: string | string[], want: string[]) => {
  const filled = fillCommand(command, FACTS);
  t.deepEqual(filled.ok ? filled.value : filled.fault, want);
});
test(
  'fillCommand() fills every name',
  fills,
  ['{instance-id}', '{host}', '{site-file}', '{state-dir}', '{log-dir}'],
  ['mux1', 'lab', '/s/site.yaml', '/s/.cupola/lab/state', '/s/log'],
);
test(
  'fillCommand() fills settings in any spelling',
  fills,
  ['--baud={settings.baud-rate}', '{settings.baudRate}', '{settings.on}'],
  ['--baud=9600', '9600', 'true'],
);
test('fillCommand() makes "{{" a brace', fills, ['{{host}', '{{{host}'], ['{host}', '{lab']);
test('fillCommand() leaves braces that open no word', fills, '{ echo $X; } > {log-dir}/x', [
  '/bin/sh',
  '-c',
  '{ echo $X; } > /s/log/x',
]);
test('fillCommand() does not fill what it has filled in', (t) => {
  const filled = fillCommand(['{settings.a}'], { ...FACTS, settings: { a: '{host}' } });
  t.deepEqual(filled.ok && filled.value, ['{host}']);
});
const refuses = test.macro((t, command: string | string[]) => {
  const filled = fillCommand(command, FACTS);
  t.is(filled.ok ? undefined : filled.fault.code, 'CONFIG_PLACEHOLDER');
});
test('fillCommand() refuses an unknown name', refuses, ['{hots}']);
test('fillCommand() refuses an unknown setting', refuses, '{settings.none}');
test('fillCommand() refuses a setting that is no plain value', refuses, '{settings.deep}');
test('fillCommand() refuses a name of the prototype', refuses, ['{constructor}']);
test('placeholderProblem() suggests the name that was meant', (t) =>
  t.like(placeholderProblem(['x', '{hots}']), {
    placeholder: '{hots}',
    problem: 'no such name; did you mean "host"?',
  }));
test('placeholderProblem() leaves settings to the launch', (t) =>
  t.is(placeholderProblem('{settings.any} {{x}'), undefined));
