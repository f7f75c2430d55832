import test from 'ava';
import { complaintJson, renderComplaints } from '../../site-config/complaint.ts';
import { readSiteConfig } from '../../site-config/read.ts';

const TEXT = `hub: {address_root: lab.one}
hosts:
  lab:
    agent-instances:
      - agent-class: FakeDataAgent
        instance-id: thermo1
        manage: hots/up
      - agent-class: FakeDataAgent
        instance-id: thermo2
        restrat: never
        readiness: {by: tcp}
        stop: {grace: forever}
        env: {TOKEN: 12345}
      - {agent-class: Command, instance-id: mux1, command: ['{host}', '{hots}'], after: [mux2]}
      - {agent-class: Command, instance-id: mux2, command: x, after: [mux1]}
`;

const GOLDEN = `\
site.yaml:1:21: warning CONFIG_VALUE: Cannot use "address_root" "lab.one" of the hub: a root is letters, digits, "_" and "-", at most 64 (kept: lab-one)
       1 | hub: {address_root: lab.one}
         |                     ^^^^^^^
         = Write "address_root: lab-one"
site.yaml:7:17: error CONFIG_MANAGE_INVALID: Cannot use manage "hots/up" of "thermo1": did you mean "host/up"?
       7 |         manage: hots/up
         |                 ^^^^^^^
site.yaml:10:9: warning CONFIG_KEY_UNKNOWN: Key "restrat" of "thermo2" is not known; did you mean "restart"?
      10 |         restrat: never
         |         ^^^^^^^
site.yaml:11:9: error CONFIG_VALUE: Cannot use "readiness.at" of "thermo2": by: tcp needs it
      11 |         readiness: {by: tcp}
         |         ^^^^^^^^^
         = Give it, or leave the key out
`;

test('renderComplaints() shows each place with its line, a caret and what to do', (t) => {
  const { complaints } = readSiteConfig({ text: TEXT, file: 'site.yaml' });
  const shown = renderComplaints(complaints, TEXT);
  t.is(
    `${shown
      .split('\n')
      .slice(0, GOLDEN.split('\n').length - 1)
      .join('\n')}\n`,
    GOLDEN,
  );
});

test('renderComplaints() never shows a value of env', (t) => {
  const { complaints } = readSiteConfig({ text: TEXT, file: 'site.yaml' });
  const aboutEnv = complaints.filter(({ line }) => line === 13);
  t.is(aboutEnv.length, 1);
  t.false(renderComplaints(aboutEnv, TEXT).includes('12345'));
});

test('renderComplaints() hides env and passwords that share the line', (t) => {
  const text =
    "hub: {mqtt: {url: 'mqtt://u:hunter2@b'}}\nhosts: {lab: {agent-instances: [{agent-class: X, instance-id: x, env: {TOKEN: 'sesame'}, restrat: 1}]}}\n";
  const shown = renderComplaints(
    readSiteConfig({ text: text.replace('hub:', 'hbu: 1\nhub:'), file: 'site.yaml' }).complaints,
    text.replace('hub:', 'hbu: 1\nhub:'),
  );
  t.true(shown.includes('CONFIG_PASSWORD'));
  t.false(/hunter2|sesame/.test(shown));
});

test('renderComplaints() tells each entry of a circle its way round', (t) => {
  const { complaints } = readSiteConfig({ text: TEXT.replace("'{hots}'", "'x'"), file: 'site.yaml' });
  t.deepEqual(
    complaints.filter(({ code }) => code === 'CONFIG_AFTER_CYCLE').map(({ message }) => message),
    ['Cannot order the start of "mux1": mux1 → mux2 → mux1', 'Cannot order the start of "mux2": mux2 → mux1 → mux2'],
  );
});

const syntax = test.macro((t, text: string, want: string) => {
  t.is(renderComplaints(readSiteConfig({ text, file: 'site.yaml' }).complaints, text), want);
});
test(
  'renderComplaints() shows a tab',
  syntax,
  'hosts:\n\tlab: 1\n',
  `\
site.yaml:2:1: error CONFIG_TAB: Cannot read the YAML: this line is indented with a tab
       2 | \tlab: 1
         | ^
         = Indent with spaces`,
);
test(
  'renderComplaints() shows a missing space',
  syntax,
  'hub: {}\nhosts:\n  lab:x\n  b: 1\n',
  `\
site.yaml:3:3: error CONFIG_COLON_SPACE: Cannot read the YAML: no space after the ":" of "lab"
       3 |   lab:x
         |   ^^^^
         = Write "lab: x"`,
);
test(
  'renderComplaints() shows an open quote',
  syntax,
  '\uFEFFhub: "x\nhosts: 1\n',
  `\
site.yaml:1:6: error CONFIG_QUOTE_OPEN: Cannot read the YAML: this double quote is not closed on its line
       1 | hub: "x
         |      ^
         = Close it where the text ends`,
);

test('complaintJson() has the fields of --json', (t) => {
  const [first] = readSiteConfig({ text: TEXT, file: 'site.yaml' }).complaints;
  t.deepEqual(first && complaintJson(first), {
    file: 'site.yaml',
    line: 1,
    column: 21,
    end_column: 28,
    severity: 'warning',
    code: 'CONFIG_VALUE',
    message: 'Cannot use "address_root" "lab.one" of the hub: a root is letters, digits, "_" and "-", at most 64',
    remedy: 'Write "address_root: lab-one"',
    kept: 'lab-one',
  });
});
