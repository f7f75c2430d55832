import test from 'ava';
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { readSiteConfig } from '../../site-config/read.ts';
import type { Complaint } from '../../site-config/complaint.ts';
import type { Entry, HostBlock } from '../../site-config/site.ts';

const CLASSES = new Set(['FakeDataAgent', 'Broker', 'RegistryAgent', 'Recorder']);
const read = (text: string, host?: string) =>
  readSiteConfig({ text, file: 'site.yaml', classes: CLASSES, ...(host === undefined ? {} : { host }) });
const told = (complaints: readonly Complaint[]): string[] =>
  complaints.map(({ severity, code }) => `${severity} ${code}`);

/** A site with one entry, whose further keys are `keys`, one a line. */
const thermo1 = (keys: string, agentClass = 'FakeDataAgent'): string =>
  `hub: {}\nhosts:\n  lab:\n    agent-instances:\n      - agent-class: ${agentClass}\n        instance-id: thermo1\n${keys.replace(/^/gm, '        ')}\n`;

const entryOf = (text: string): { entry: Entry | undefined; complaints: Complaint[] } => {
  const { config, complaints } = read(text);
  return { entry: config?.hosts.get('lab')?.entries.find(({ instanceId }) => instanceId === 'thermo1'), complaints };
};

// ── entries: values ──
const gives = test.macro((t, keys: string, want: Partial<Entry>, agentClass?: string) => {
  const { entry, complaints } = entryOf(thermo1(keys, agentClass));
  t.deepEqual(told(complaints), []);
  for (const [key, value] of Object.entries(want)) t.deepEqual(Object(entry)[key], value, key);
});

test('readSiteConfig() fills in every default of an entry', gives, '', {
  manage: 'host',
  start: 'up',
  ignored: false,
  args: [],
  settings: {},
  command: undefined,
  after: [],
  restart: { policy: 'always', delayMs: 250, maxDelayMs: 30_000, healthyAfterMs: 10_000, giveUp: undefined },
  stop: { signal: 'SIGINT', graceMs: 10_000, to: 'leader' },
  readiness: { by: 'presence', at: undefined, withinMs: 15_000 },
  health: { heartbeatMs: 5000, watchdogMs: undefined, check: undefined },
  env: {},
  envFile: undefined,
  user: undefined,
  cwd: undefined,
  expose: 'control',
  spare: true,
  watch: [],
  autoRefresh: false,
  log: { sizeBytes: 10_485_760, keep: 5, level: 'info' },
  place: { file: 'site.yaml', line: 5, column: 9 },
});
test(
  'readSiteConfig() stops the group of a Command and is content when it is spawned',
  gives,
  'command: [sleep, "5"]',
  {
    command: ['sleep', '5'],
    stop: { signal: 'SIGINT', graceMs: 10_000, to: 'group' },
    readiness: { by: 'spawn', at: undefined, withinMs: 15_000 },
  },
  'Command',
);
test(
  'readSiteConfig() takes a command as one text',
  gives,
  'command: "sleep 5 && {settings.done}"',
  { command: 'sleep 5 && {settings.done}' },
  'Command',
);
test(
  'readSiteConfig() flattens arguments and shows each as Python does',
  gives,
  'arguments: [--a, 010, [true, [1.0, ~]], 2001-01-01, 9007199254740993]',
  { args: ['--a', '8', 'True', '1.0', 'None', '2001-01-01', '9007199254740993'] },
);
test('readSiteConfig() takes settings as they are', gives, 'settings: {num-channels: 4, list: [1, {x: y}]}', {
  settings: { 'num-channels': 4, list: [1, { x: 'y' }] },
});
test('readSiteConfig() takes restart as one word', gives, 'restart: on-failure', {
  restart: { policy: 'on-failure', delayMs: 250, maxDelayMs: 30_000, healthyAfterMs: 10_000, giveUp: undefined },
});
test(
  'readSiteConfig() takes restart in full',
  gives,
  'restart: {policy: always, delay: 0.5s, max-delay: 2m, healthy_after: 20, giveUp: {failures: 5, within: 1h}}',
  {
    restart: {
      policy: 'always',
      delayMs: 500,
      maxDelayMs: 120_000,
      healthyAfterMs: 20_000,
      giveUp: { failures: 5, withinMs: 3_600_000 },
    },
  },
);
test('readSiteConfig() takes stop in full', gives, 'stop: {signal: TERM, grace: 20s, to: group}', {
  stop: { signal: 'SIGTERM', graceMs: 20_000, to: 'group' },
});
test('readSiteConfig() takes a signal with its SIG', gives, 'stop: {signal: SIGUSR1}', {
  stop: { signal: 'SIGUSR1', graceMs: 10_000, to: 'leader' },
});
test('readSiteConfig() takes readiness by tcp', gives, "readiness: {by: tcp, at: '127.0.0.1:3251', within: 500ms}", {
  readiness: { by: 'tcp', at: '127.0.0.1:3251', withinMs: 500 },
});
test('readSiteConfig() takes readiness by http', gives, "readiness: {by: http, at: 'http://127.0.0.1/up'}", {
  readiness: { by: 'http', at: 'http://127.0.0.1/up', withinMs: 15_000 },
});
test(
  'readSiteConfig() takes health with a check',
  gives,
  "health: {heartbeat: 2s, watchdog: 60s, check: {tcp: 'h:1', every: 5s, failures: 2}}",
  {
    health: {
      heartbeatMs: 2000,
      watchdogMs: 60_000,
      check: { probe: { by: 'tcp', at: 'h:1' }, everyMs: 5000, timeoutMs: 3000, failures: 2 },
    },
  },
);
test('readSiteConfig() takes an unquoted off for the watchdog', gives, 'health: {watchdog: off}', {
  health: { heartbeatMs: 5000, watchdogMs: undefined, check: undefined },
});
test('readSiteConfig() takes env, env-file, cwd', gives, 'env: {A: "1", B_2: x}\nenv-file: lab.env\ncwd: /srv', {
  env: { A: '1', B_2: 'x' },
  envFile: 'lab.env',
  cwd: '/srv',
});
test('readSiteConfig() takes limits', gives, 'limits: {memory: 256MiB, cpu: 50, files: 64, processes: 8, nice: 5}', {
  limits: { memoryBytes: 268_435_456, cpuPercent: 50, files: 64, processes: 8, nice: 5 },
});
test(
  'readSiteConfig() takes watch, log, spare, auto-refresh, user',
  gives,
  'watch: ["*.csv"]\nlog: {size: 1MiB, keep: 2, level: debug}\nspare: false\nauto-refresh: lab\nuser: lab',
  {
    watch: ['*.csv'],
    log: { sizeBytes: 1_048_576, keep: 2, level: 'debug' },
    spare: false,
    autoRefresh: 'lab',
    user: 'lab',
  },
);
for (const spelling of ['max-delay', 'max_delay', 'maxDelay', 'MAX_DELAY', 'Max-Delay']) {
  test(`readSiteConfig() takes ${spelling} for max-delay`, gives, `restart: {${spelling}: 60s}`, {
    restart: { policy: 'always', delayMs: 250, maxDelayMs: 60_000, healthyAfterMs: 10_000, giveUp: undefined },
  });
}
test('readSiteConfig() passes over keys of the site', gives, 'x-owner: me', {});

// ── manage ──
const manages = test.macro((t, said: string, want: [string, string, boolean], notes: string[]) => {
  const { entry, complaints } = entryOf(thermo1(`manage: ${said}`));
  t.deepEqual([entry?.manage, entry?.start, entry?.ignored], want);
  t.deepEqual(told(complaints), notes);
});
const MANAGE: [string, [string, string, boolean], string[]][] = [
  ['host/up', ['host', 'up', false], []],
  ['host/down', ['host', 'down', false], []],
  ['docker/up', ['docker', 'up', false], []],
  ['docker/down', ['docker', 'down', false], []],
  ['ignore', ['host', 'up', true], []],
  ['"yes"', ['host', 'up', false], []],
  ['host', ['host', 'up', false], []],
  ['up', ['host', 'up', false], []],
  ['down', ['host', 'down', false], []],
  ['docker', ['docker', 'up', false], []],
  ['"no"', ['host', 'up', true], []],
  ['', ['host', 'up', false], []],
  ['~', ['host', 'up', false], []],
  ['yes', ['host', 'up', false], ['N CONFIG_MANAGE_BOOLEAN']],
  ['no', ['host', 'up', true], ['N CONFIG_MANAGE_BOOLEAN']],
];
for (const [said, want, notes] of MANAGE)
  test(`readSiteConfig() takes manage: ${said || '(empty)'}`, manages, said, want, notes);

// ── entries: complaints ──
const complains = test.macro((t, keys: string, want: string[], kept: boolean, agentClass?: string) => {
  const { entry, complaints } = entryOf(thermo1(keys, agentClass));
  t.deepEqual(told(complaints), want);
  t.is(entry !== undefined, kept);
});
const WRONG: string[] = [
  'restart: sometimes',
  'restart: {delay: soon}',
  'restart: {delay: -1}',
  'restart: {give-up: {failures: 0, within: 1s}}',
  'stop: {signal: KILL}',
  'stop: {grace: 2h}',
  'stop: INT',
  'readiness: {by: tcp}',
  'readiness: {by: tcp, at: here}',
  'readiness: {by: presence, at: x}',
  'readiness: {by: magic}',
  'health: {check: {every: 1s}}',
  'health: {check: {tcp: "h:1", http: "http://h"}}',
  'health: {watchdog: never}',
  'env: {A: 1}',
  'env: {A: true}',
  'env: {"A B": x}',
  'env: [A]',
  'limits: {nice: 20}',
  'limits: {memory: lots}',
  'watch: "*.csv"',
  'log: {level: loud}',
  'spare: maybe',
  'auto-refresh: sometimes',
  'settings: [1]',
  'after: faker1',
  'arguments: --mode',
  'arguments: [{a: b}]',
  'user: 1000',
  'cwd: []',
];
for (const keys of WRONG) {
  const code = 'E CONFIG_VALUE';
  test(`readSiteConfig() refuses the entry with ${keys}`, complains, keys, [code], false);
}
test('readSiteConfig() refuses an unknown manage', complains, 'manage: hots/up', ['E CONFIG_MANAGE_INVALID'], false);
test('readSiteConfig() counts the case of manage', complains, 'manage: Host/Up', ['E CONFIG_MANAGE_INVALID'], false);
test('readSiteConfig() refuses a Command without command', complains, '', ['E CONFIG_KEY_MISSING'], false, 'Command');
test(
  'readSiteConfig() refuses an unknown brace in a command',
  complains,
  'command: ["{instance}"]',
  ['E CONFIG_PLACEHOLDER'],
  false,
  'Command',
);
test(
  'readSiteConfig() refuses a start after an unknown entry',
  complains,
  'after: [thermo2]',
  ['E CONFIG_AFTER_UNKNOWN'],
  false,
);
test('readSiteConfig() refuses a start after itself', complains, 'after: [thermo1]', ['E CONFIG_AFTER_CYCLE'], false);
test('readSiteConfig() warns of an unknown key', complains, 'restrat: never', ['W CONFIG_KEY_UNKNOWN'], true);
test(
  'readSiteConfig() warns of an unknown key inside',
  complains,
  'stop: {gracee: 1s}',
  ['W CONFIG_KEY_UNKNOWN'],
  true,
);
test(
  'readSiteConfig() warns of a key twice in two spellings',
  complains,
  'restart: {max-delay: 1s, maxDelay: 2s}',
  ['W CONFIG_KEY_TWICE'],
  true,
);
test(
  'readSiteConfig() warns of a missing space in brackets',
  complains,
  'restart: {delay:1s}',
  ['W CONFIG_COLON_SPACE'],
  true,
);
test(
  'readSiteConfig() warns of command where the class is another',
  complains,
  'command: [x]',
  ['W CONFIG_KEY_IDLE'],
  true,
);
test(
  'readSiteConfig() warns of expose where no container is',
  complains,
  'expose: status',
  ['W CONFIG_KEY_IDLE'],
  true,
);
test(
  'readSiteConfig() warns of a class that is not installed',
  complains,
  '',
  ['W CONFIG_CLASS_UNINSTALLED'],
  true,
  'FakeDataAgnet',
);
test(
  'readSiteConfig() does not look for the class of an ignored entry',
  complains,
  'manage: ignore',
  [],
  true,
  'Elsewhere',
);
for (const keys of [
  'env: {A: x}',
  'env-file: x',
  'user: x',
  'cwd: /',
  'limits: {nice: 1}',
  'watch: []',
  'spare: true',
  'stop: {signal: INT}',
  'stop: {to: group}',
  'log: {size: 1MiB}',
  'log: {keep: 1}',
]) {
  test(
    `readSiteConfig() warns of ${keys} where docker manages`,
    complains,
    `manage: docker\n${keys}`,
    ['W CONFIG_KEY_IDLE'],
    true,
  );
}
for (const keys of [
  'settings: {}',
  'after: []',
  'restart: never',
  'stop: {grace: 1s}',
  'readiness: {by: log, at: ready}',
  'health: {heartbeat: 1s}',
  'log: {level: warn}',
  'expose: none',
]) {
  test(`readSiteConfig() takes ${keys} where docker manages`, complains, `manage: docker\n${keys}`, [], true);
}

// ── identities ──
const identity = test.macro((t, entries: string, want: string[], ids: string[]) => {
  const { config, complaints } = read(
    `hub: {}\nhosts:\n  lab:\n    agent-instances:\n${entries.replace(/^/gm, '      ')}\n`,
  );
  t.deepEqual(told(complaints), want);
  t.deepEqual(
    config?.hosts.get('lab')?.entries.map(({ instanceId }) => instanceId),
    ids,
  );
});
const A = '- {agent-class: Broker, instance-id: a}';
test(
  'readSiteConfig() refuses an entry without instance-id',
  identity,
  '- {agent-class: Broker}',
  ['E CONFIG_ID_MISSING'],
  [],
);
test(
  'readSiteConfig() counts the spelling of the keys that OCS has',
  identity,
  '- {agent-class: Broker, instance_id: a}',
  ['E CONFIG_ID_MISSING'],
  [],
);
test(
  'readSiteConfig() refuses an entry without agent-class',
  identity,
  '- {instance-id: a}',
  ['E CONFIG_KEY_MISSING'],
  [],
);
test('readSiteConfig() refuses an entry that is text', identity, '- broker', ['E CONFIG_VALUE'], []);
for (const id of ['"a b"', '_all', 'local', '__proto__', '"x/y"', 'x'.repeat(65)])
  test(
    `readSiteConfig() refuses instance-id ${id.slice(0, 12)}`,
    identity,
    `- {agent-class: Broker, instance-id: ${id}}`,
    ['E CONFIG_VALUE'],
    [],
  );
test(
  'readSiteConfig() refuses a class that is no name',
  identity,
  '- {agent-class: "../x", instance-id: a}',
  ['E CONFIG_VALUE'],
  [],
);
test(
  'readSiteConfig() holds the first of two entries of one id',
  identity,
  `${A}\n- {agent-class: FakeDataAgent, instance-id: A}`,
  ['E CONFIG_ID_TWICE'],
  ['a'],
);
test(
  'readSiteConfig() lets an ignored entry share an id',
  identity,
  `- {agent-class: Broker, instance-id: b, manage: ignore}\n${A}\n- {agent-class: Broker, instance-id: b}`,
  [],
  ['b', 'a', 'b'],
);
test(
  'readSiteConfig() spares the good entries beside a bad one',
  identity,
  `${A}\n- {agent-class: Broker, instance-id: b, spare: 7}`,
  ['E CONFIG_VALUE'],
  ['a'],
);
test(
  'readSiteConfig() refuses all entries of a circle and spares the rest',
  identity,
  `${A}\n- {agent-class: Broker, instance-id: b, after: [c]}\n- {agent-class: Broker, instance-id: c, after: [{instance: b, until: up, at-most: 5s}]}\n- {agent-class: Broker, instance-id: d, after: [a, b]}`,
  ['E CONFIG_AFTER_CYCLE', 'E CONFIG_AFTER_CYCLE'],
  ['a', 'd'],
);
test('readSiteConfig() keeps the HostManager apart', (t) => {
  const { config, complaints } = read(
    'hub: {}\nhosts:\n  lab: {agent-instances: [{agent-class: HostManager, instance-id: hm1, arguments: [--spares, 2]}]}',
  );
  const block = config?.hosts.get('lab');
  t.deepEqual([block?.entries, block?.hostManager], [[], { instanceId: 'hm1', args: ['--spares', '2'] }]);
  t.deepEqual(told(complaints), ['N CONFIG_MANAGER_NAME']);
});
test('readSiteConfig() gives a host without HostManager one by custom', (t) =>
  t.deepEqual(read(thermo1('')).config?.hosts.get('lab')?.hostManager, { instanceId: 'hm-lab', args: [] }));
test('readSiteConfig() refuses on a later host an id of an earlier one', (t) => {
  const { config, complaints } = read(
    `hub: {mqtt: {url: mqtt://b}}\nhosts:\n  one: {agent-instances: [{agent-class: Broker, instance-id: x}]}\n  two: {agent-instances: [{agent-class: Broker, instance-id: X}]}`,
  );
  t.deepEqual(
    complaints.map(({ severity, code, host, line }) => [severity, code, host, line]),
    [['E', 'CONFIG_ID_TWICE', 'two', 4]],
  );
  t.deepEqual(
    [...(config?.hosts.values() ?? [])].map(({ entries, broken }) => [entries.length, broken]),
    [
      [1, false],
      [0, true],
    ],
  );
});

// ── site and host ──
const site = test.macro((t, text: string, want: string[], usable: boolean) => {
  const { config, complaints } = read(text);
  t.deepEqual(told(complaints), want);
  t.is(config !== undefined, usable);
});
const LAB = 'hosts: {lab: {agent-instances: []}}';
const SITES: [string, string, string[], boolean][] = [
  ['hub is missing', LAB, ['W CONFIG_KEY_MISSING'], true],
  ['hub is no map', `hub: 5\n${LAB}`, ['F CONFIG_VALUE'], false],
  ['hosts is missing', 'hub: {}', ['F CONFIG_KEY_MISSING'], false],
  ['hosts is empty', 'hub: {}\nhosts: {}', ['F CONFIG_KEY_MISSING'], false],
  ['hosts is a list', 'hub: {}\nhosts: [lab]', ['F CONFIG_VALUE'], false],
  ['the file is a list', '- hub', ['F CONFIG_VALUE'], false],
  ['the file is null', '~', ['F CONFIG_EMPTY'], false],
  ['the file is empty', '', ['F CONFIG_EMPTY'], false],
  [
    'a host comes twice',
    'hub: {}\nhosts: {lab: {agent-instances: []}, lab: {agent-instances: []}}',
    ['W CONFIG_KEY_TWICE', 'W CONFIG_KEY_TWICE'],
    true,
  ],
  ['a host name is no name', 'hub: {}\nhosts: {"..": {agent-instances: []}}', ['B CONFIG_VALUE'], true],
  ['a block is text', 'hub: {}\nhosts: {lab: x}', ['B CONFIG_VALUE'], true],
  ['agent-instances is missing', 'hub: {}\nhosts: {lab: {}}', ['W CONFIG_KEY_MISSING'], true],
  ['agent-instances is a map', 'hub: {}\nhosts: {lab: {agent-instances: {}}}', ['B CONFIG_VALUE'], true],
  [
    'defaults are wrong',
    'hub: {}\nhosts: {lab: {agent-instances: [], defaults: {restart: 7}}}',
    ['B CONFIG_VALUE'],
    true,
  ],
  ['a host key is unknown', 'hub: {}\nhosts: {lab: {agent-instances: [], agnt: 1}}', ['W CONFIG_KEY_UNKNOWN'], true],
  ['a site key is unknown', `hub: {}\n${LAB}\nplugin: []`, ['W CONFIG_KEY_UNKNOWN'], true],
  ['a hub key is unknown', `hub: {adress_root: x}\n${LAB}`, ['W CONFIG_KEY_UNKNOWN'], true],
  [
    'the hub has keys of OCS',
    `hub: {wamp_server: "ws://localhost:8001/ws", wamp_http: x, access_policy: y}\n${LAB}`,
    ['N CONFIG_KEY_IDLE', 'N CONFIG_KEY_IDLE', 'N CONFIG_KEY_IDLE'],
    true,
  ],
  [
    'a host has keys of OCS',
    'hub: {}\nhosts: {lab: {agent-instances: [], crossbar: {a: 1}, crossbar_timeout: 1, crossbar-timeout: 1, wamp_http: x}}',
    Array(4).fill('N CONFIG_KEY_IDLE'),
    true,
  ],
  [
    'several hosts know no broker',
    'hub: {}\nhosts: {a: {agent-instances: []}, b: {agent-instances: []}}',
    ['W CONFIG_BROKER_UNSAID'],
    true,
  ],
  ['a URL holds a password', `hub: {mqtt: {url: "mqtt://u:p@h"}}\n${LAB}`, ['F CONFIG_PASSWORD'], false],
  [
    'a host URL holds a password',
    'hub: {}\nhosts: {lab: {agent-instances: [], mqtt: {url: "mqtt://u:p@h"}}}',
    ['F CONFIG_PASSWORD'],
    false,
  ],
  ['a URL is of another kind', `hub: {mqtt: {url: "http://h"}}\n${LAB}`, ['F CONFIG_VALUE'], false],
  ['the protocol is unknown', `hub: {mqtt: {protocol: 3}}\n${LAB}`, ['F CONFIG_VALUE'], false],
  ['certificates are not checked', `hub: {mqtt: {tls: {insecure: true}}}\n${LAB}`, ['W CONFIG_INSECURE'], true],
  ['access is unknown', `hub: {access: {anonymous: admin}}\n${LAB}`, ['F CONFIG_VALUE'], false],
  ['the root has other characters', `hub: {address_root: lab.one}\n${LAB}`, ['W CONFIG_VALUE'], true],
  ['auto-refresh is unknown', `hub: {}\n${LAB}\nauto-refresh: x`, ['F CONFIG_VALUE'], false],
  [
    'there are more than 1 000 entries',
    `hub: {}\nhosts: {lab: {agent-instances: [${'x,'.repeat(1001)}]}}`,
    ['F CONFIG_LIMIT'],
    false,
  ],
  ['a key is __proto__', `hub: {}\n${LAB}\n__proto__: {hosts: 1}`, ['W CONFIG_KEY_UNKNOWN'], true],
];
for (const [when, text, want, usable] of SITES)
  test(`readSiteConfig() ${usable ? 'complains' : 'refuses the file'} when ${when}`, site, text, want, usable);

test('readSiteConfig() names the machine of wamp_server where no broker is named', (t) => {
  const { complaints } = read(
    'hub: {wamp_server: "ws://10.0.0.3:8001/ws"}\nhosts: {a: {agent-instances: []}, b: {agent-instances: []}}',
  );
  t.regex(complaints.find(({ code }) => code === 'CONFIG_BROKER_UNSAID')?.remedy ?? '', /10\.0\.0\.3/);
});
test('readSiteConfig() has defaults for the whole site', (t) => {
  const { config } = read(LAB);
  t.is(config?.root, 'observatory');
  t.deepEqual(config?.mqtt, { urls: ['mqtt://127.0.0.1:1883'], protocol: 4 });
  t.deepEqual(config?.access, { anonymous: 'operate', users: undefined });
});
test('readSiteConfig() makes other characters of the root "-"', (t) =>
  t.is(read(`hub: {address_root: lab.one}\n${LAB}`).config?.root, 'lab-one'));
test('readSiteConfig() closes a broker beyond loopback to the anonymous', (t) =>
  t.is(read(`hub: {mqtt: {url: ["mqtt://localhost", "mqtt://10.0.0.1"]}}\n${LAB}`).config?.access.anonymous, 'none'));
test('readSiteConfig() lays mqtt of a host over that of the hub, key by key', (t) => {
  const { config } = read(
    'hub: {mqtt: {url: "mqtts://b:8883", credentials: c.json, tls: {ca: ca.pem}, protocol: auto}}\nhosts: {lab: {agent-instances: [], mqtt: {url: "mqtt://inner", tls: {server-name: b}}}}',
  );
  t.deepEqual(config?.hosts.get('lab')?.mqtt, {
    urls: ['mqtt://inner'],
    credentials: 'c.json',
    tls: { ca: 'ca.pem', serverName: 'b' },
    protocol: 'auto',
  });
});
test('readSiteConfig() gives an entry the defaults of its host, whole keys', (t) => {
  const { config } = read(
    `hub: {}\nauto-refresh: lab\nuser: site\nhosts: {lab: {user: host, defaults: {restart: {max-delay: 60s}, stop: {grace: 1s}}, agent-instances: [{agent-class: Broker, instance-id: a, stop: {to: group}}]}}`,
  );
  const entry = config?.hosts.get('lab')?.entries[0];
  t.deepEqual(
    [entry?.restart.maxDelayMs, entry?.stop, entry?.user, entry?.autoRefresh],
    [60_000, { signal: 'SIGINT', graceMs: 10_000, to: 'group' }, 'host', 'lab'],
  );
});
test('readSiteConfig() lets classes of OCS run where a host has a Python for them', (t) => {
  const { config, complaints } = read(
    'hub: {}\nhosts: {lab: {ocs-python: /opt/ocs/bin/python, agent-instances: [{agent-class: OtherAgent, instance-id: a}]}}',
  );
  t.deepEqual(told(complaints), []);
  t.is(config?.hosts.get('lab')?.entries[0]?.readiness.by, 'spawn');
});
test('readSiteConfig() names the Recorder for an AggregatorAgent', (t) =>
  t.regex(entryOf(thermo1('', 'AggregatorAgent')).complaints[0]?.remedy ?? '', /Recorder/));
test('readSiteConfig() makes what spoils another host a warning here', (t) =>
  t.deepEqual(told(read('hub: {mqtt: {}}\nhosts: {a: {agent-instances: []}, b: 5}', 'a').complaints), [
    'W CONFIG_VALUE',
  ]));
test('readSiteConfig() tells a host that it is not in the file', (t) => {
  const { config, complaints } = read('hub: {}\nhosts: {lab-a: {agent-instances: []}}', 'lab-b');
  t.deepEqual(
    complaints.map(({ severity, message }) => `${severity} ${message}`),
    ['B Host "lab-b" not in the site config; did you mean "lab-a"?'],
  );
  t.deepEqual(config?.brokenHosts, ['lab-b']);
});

// ── whole files ──
test('readSiteConfig() reads a file of OCS as it is', (t) => {
  const text = readFileSync(new URL('../../../test/site-config/miniobs-site.txt', import.meta.url), 'utf8');
  const { config, complaints } = read(text, 'localhost');
  const block: HostBlock | undefined = config?.hosts.get('localhost');
  t.deepEqual(
    block?.entries.map(({ instanceId, agentClass, args }) => [instanceId, agentClass, ...args]),
    [
      ['registry', 'RegistryAgent'],
      ['agg1', 'AggregatorAgent', '--initial-state', 'record', '--data-dir', './data/'],
      ['data1', 'FakeDataAgent'],
    ],
  );
  t.deepEqual(
    [block?.hostManager, block?.logDir, config?.root],
    [{ instanceId: 'hm1', args: [] }, './logs', 'observatory'],
  );
  t.deepEqual([...new Set(complaints.map(({ severity }) => severity))].toSorted(), ['N', 'W']);
});
test('readSiteConfig() reads both forms of the example in the reference', (t) => {
  const ocs = `hub: {wamp_server: ws://10.0.0.3:8001/ws, wamp_realm: lab, address_root: observatory}
hosts:
  lab-a: {log-dir: /var/log/lab, agent-instances: [
    {agent-class: HostManager, instance-id: hm-lab-a, arguments: [--docker-compose, compose.yaml]},
    {agent-class: FakeDataAgent, instance-id: faker1, arguments: [--mode, acq, [--num-channels, 4]]},
    {agent-class: FakeDataAgent, instance-id: faker6, manage: docker}]}
`;
  const full = `hub: {address_root: observatory, mqtt: {url: 'mqtts://broker.lab:8883', credentials: secret/lab-a.json, tls: {ca: secret/ca.pem}}}
hosts:
  lab-a:
    defaults: {restart: {max-delay: 60s}}
    agent-instances:
      - {agent-class: HostManager, instance-id: hm-lab-a, arguments: [--docker-compose, compose.yaml]}
      - {agent-class: FakeDataAgent, instance-id: faker1, settings: {mode: acq, num-channels: 4}, after: [mux1], health: {watchdog: 60s}}
      - {agent-class: Command, instance-id: mux1, command: [/opt/mux/bin/muxd, '--listen', '127.0.0.1:3251'], user: mux,
         readiness: {by: tcp, at: '127.0.0.1:3251'}, stop: {signal: TERM, grace: 20s}, limits: {memory: 256MiB}}
      - {agent-class: FakeDataAgent, instance-id: faker6, manage: docker/up, expose: control}
`;
  t.deepEqual(told(read(ocs).complaints), ['N CONFIG_KEY_IDLE', 'N CONFIG_KEY_IDLE']);
  t.deepEqual(told(read(full).complaints), []);
  t.is(read(full).config?.hosts.get('lab-a')?.entries.length, 3);
});

const hash = (keys: string): string | undefined => entryOf(thermo1(keys)).entry?.definitionHash;
test('the definition hash is the same whoever manages the entry and wherever it stands', (t) => {
  t.is(hash('manage: docker/down'), hash(''));
  t.is(hash('x-a: 1\nmanage: down'), hash(''));
  t.is(hash('settings: {a: 1, b: 2}'), hash('settings: {b: 2, a: 1}'));
});
for (const keys of [
  'settings: {a: 1}',
  'arguments: [x]',
  'restart: never',
  'env: {A: x}',
  'cwd: /',
  'stop: {grace: 1s}',
]) {
  test(`the definition hash changes with ${keys}`, (t) => t.not(hash(keys), hash('')));
}

test('readSiteConfig() never throws, whatever the text, and gives every complaint a place in it', (t) => {
  const good = thermo1('settings: {a: 1}\nenv: {A: x}\nafter: []\nrestart: {delay: 1s}');
  const junk = fc.constantFrom(
    '{',
    '}',
    '[',
    ':',
    '\n',
    ' ',
    '"',
    '&a',
    '*a',
    '__proto__: ',
    'constructor: 1',
    '~',
    '5',
    '- ',
    '\t',
    '!!set',
    '<<: ',
  );
  const broken = fc
    .tuple(fc.nat(good.length), fc.nat(12), junk)
    .map(([at, cut, put]) => good.slice(0, at) + put + good.slice(at + cut));
  fc.assert(
    fc.property(fc.oneof(fc.string(), broken), (text) => {
      const { complaints } = read(text, 'lab');
      const lines = text.split(/\r\n|\r|\n/).length;
      return complaints.every(
        ({ line, column, endColumn }) => line >= 1 && line <= lines && column >= 1 && endColumn > column,
      );
    }),
    { numRuns: 1500 },
  );
  t.is(Object.getOwnPropertyNames(Object.prototype).includes('polluted'), false);
});
