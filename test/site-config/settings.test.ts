import test from 'ava';
import * as z from 'zod';
import { settingsOf } from '../../site-config/settings.ts';

const Fake = z.strictObject({
  mode: z.enum(['idle', 'acq']).default('idle'),
  numChannels: z.int().min(1).max(64).default(2),
  sampleRate: z.number().default(9.5),
  verbose: z.boolean().default(false),
  names: z.array(z.string()).default([]),
  gains: z.array(z.number()).optional(),
  port: z.union([z.number(), z.string()]).optional(),
  limit: z.number().nullable().optional(),
});
const DEFAULTS = { mode: 'idle', numChannels: 2, sampleRate: 9.5, verbose: false, names: [] };

const given = (args: string[], settings: Record<string, unknown> = {}, set: string[] = []) =>
  settingsOf({
    schema: Fake,
    instanceId: 'faker1',
    agentClass: 'FakeDataAgent',
    args,
    settings,
    set,
    place: { file: 'site.yaml', line: 7, column: 3 },
  });

const reads = test.macro(
  (t, args: string[], want: Record<string, unknown>, settings: Record<string, unknown> = {}, set: string[] = []) => {
    const outcome = given(args, settings, set);
    t.deepEqual(outcome.ok ? outcome.value.value : outcome.fault, { ...DEFAULTS, ...want });
  },
);
test('settingsOf() fills in the defaults of the class', reads, [], {});
test('settingsOf() types a number by the schema', reads, ['--num-channels', '4', '--sample-rate', '-1.5e1'], {
  numChannels: 4,
  sampleRate: -15,
});
test('settingsOf() takes a flag without value as true', reads, ['--verbose', '--mode', 'acq'], {
  verbose: true,
  mode: 'acq',
});
test('settingsOf() takes what Python says for true and false', reads, ['--verbose', 'True'], { verbose: true });
test('settingsOf() takes --key=value', reads, ['--num-channels=4'], { numChannels: 4 });
test('settingsOf() takes every spelling of a key', reads, ['--num_channels', '4', '--SampleRate', '2'], {
  numChannels: 4,
  sampleRate: 2,
});
test('settingsOf() takes several words for a list', reads, ['--names', 'a', 'b', '--gains', '1', '-2'], {
  names: ['a', 'b'],
  gains: [1, -2],
});
test('settingsOf() takes one word for a list', reads, ['--names', 'a'], { names: ['a'] });
test('settingsOf() takes JSON for a list', reads, ['--gains', '[1, 2]'], { gains: [1, 2] });
test('settingsOf() takes the form of a choice that fits', reads, ['--port', '/dev/ttyUSB0'], { port: '/dev/ttyUSB0' });
test('settingsOf() takes None for null', reads, ['--limit', 'None'], { limit: null });
test(
  'settingsOf() takes the map as it is',
  reads,
  [],
  { numChannels: 4, names: ['x'] },
  { 'num-channels': 4, names: ['x'] },
);
test('settingsOf() takes null in the map as not set', reads, [], {}, { mode: null });
test(
  'settingsOf() lets the map win over arguments',
  reads,
  ['--num-channels', '4'],
  { numChannels: 8 },
  { num_channels: 8 },
);
test(
  'settingsOf() lets the command line win over both',
  reads,
  ['--num-channels', '4'],
  { numChannels: 9 },
  { numChannels: 8 },
  ['num-channels=9'],
);

test('settingsOf() warns where arguments and the map set one key', (t) => {
  const outcome = given(['--num-channels', '4'], { 'num-channels': 8 });
  t.deepEqual(
    outcome.ok ? outcome.value.complaints.map(({ severity, code, file, line }) => [severity, code, file, line]) : [],
    [['W', 'CONFIG_SET_TWICE', 'site.yaml', 7]],
  );
});

const refuses = test.macro(
  (t, args: string[], problems: RegExp, settings: Record<string, unknown> = {}, set: string[] = []) => {
    const outcome = given(args, settings, set);
    t.is(outcome.ok ? undefined : outcome.fault.code, 'SETTINGS_INVALID');
    t.regex(outcome.ok ? '' : outcome.fault.message, problems);
  },
);
test(
  'settingsOf() suggests the flag that was meant',
  refuses,
  ['--num-chanels', '4'],
  /Flag "--num-chanels".*did you mean "num-channels"\?/,
);
test('settingsOf() refuses a word that belongs to no flag', refuses, ['acq'], /Flag "acq"/);
test('settingsOf() refuses an unknown key of the map', refuses, [], /Flag "chanels"/, { chanels: 4 });
test('settingsOf() refuses an unknown key of --set', refuses, [], /Flag "chanels"/, {}, ['chanels=4']);
test('settingsOf() refuses a word for a number', refuses, ['--num-channels', 'four'], /"num-channels"/);
test('settingsOf() refuses two words for one value', refuses, ['--mode', 'acq', 'idle'], /"mode"/);
test('settingsOf() refuses a value beyond the schema', refuses, ['--num-channels', '65'], /"num-channels"/);
test(
  'settingsOf() refuses __proto__ and constructor',
  refuses,
  ['--__proto__', 'x'],
  /__proto__.*constructor/,
  JSON.parse('{"constructor": 1, "__proto__": {"mode": "acq"}}'),
);
