import test from 'ava';
import { builtInSite } from '../../site-config/built-in.ts';
import { type Env, type SiteFlags, chooseEntry, chooseHost, locateSite, overridden } from '../../site-config/locate.ts';
import { readSiteConfig } from '../../site-config/read.ts';

const ENV = { HOME: '/home/me', CUPOLA_CONFIG_DIR: '/c', OCS_CONFIG_DIR: '/o' };
const find = (there: string[], flags: SiteFlags, env: Env) =>
  locateSite({
    flags,
    env,
    cwd: '/lab/night/one',
    files: { isFile: (path) => there.includes(path), read: (path) => `text of ${path}` },
  });

const finds = test.macro((t, there: string[], flags: SiteFlags, want: string, env: Env = ENV) => {
  const found = find(there, flags, env);
  t.is(found.ok && 'path' in found.value ? found.value.path : 'none', want);
  t.is(found.ok && 'text' in found.value ? found.value.text : '', `text of ${want}`);
});
const ALL = [
  '/c/default.yaml',
  '/lab/night/one/site.yaml',
  '/lab/site.yaml',
  '/home/me/.config/cupola/site.yaml',
  '/etc/cupola/site.yaml',
  '/o/default.yaml',
];
test(
  'locateSite() takes --site-file',
  finds,
  ['/lab/night/one/x.yaml', ...ALL],
  { siteFile: 'x.yaml' },
  '/lab/night/one/x.yaml',
);
test(
  'locateSite() counts --site-file from --working-dir',
  finds,
  ['/w/x.yaml', ...ALL],
  { siteFile: 'x.yaml', workingDir: '/w' },
  '/w/x.yaml',
);
test(
  'locateSite() takes --site with a slash for a file',
  finds,
  ['/lab/night/one/d/x', ...ALL],
  { site: './d/x' },
  '/lab/night/one/d/x',
);
test(
  'locateSite() takes --site with .yaml for a file',
  finds,
  ['/lab/night/one/x.yaml', ...ALL],
  { site: 'x.yaml' },
  '/lab/night/one/x.yaml',
);
test(
  'locateSite() looks for --site in the config folder',
  finds,
  ['/c/x.yaml', '/o/x.yaml'],
  { site: 'x' },
  '/c/x.yaml',
);
test('locateSite() looks for --site in the config folder of OCS', finds, ['/o/x.yaml'], { site: 'x' }, '/o/x.yaml');
test('locateSite() takes $CUPOLA_SITE first', finds, ['/s.yaml', ...ALL], {}, '/s.yaml', {
  ...ENV,
  CUPOLA_SITE: '/s.yaml',
});
for (const [i, path] of ALL.entries())
  test(`locateSite() without flags finds ${path} before what follows it`, finds, ALL.slice(i), {}, path);

const fails = test.macro((t, flags: SiteFlags, code: string, env: Env = ENV) => {
  const found = find(ALL, flags, env);
  t.is(found.ok ? undefined : found.fault.code, code);
});
test('locateSite() refuses --site-file together with --site', fails, { siteFile: 'a', site: 'b' }, 'USAGE');
test('locateSite() refuses a file that is not there', fails, { siteFile: 'a.yaml' }, 'CONFIG_MISSING');
test('locateSite() refuses a site that is not there', fails, { site: 'a' }, 'CONFIG_MISSING');
test('locateSite() refuses --site without a folder to look in', fails, { site: 'a' }, 'CONFIG_MISSING', {});
test('locateSite() takes no other file for a wrong $CUPOLA_SITE', fails, {}, 'CONFIG_MISSING', {
  ...ENV,
  CUPOLA_SITE: '/gone.yaml',
});
test('locateSite() reads nothing with --site none', (t) => {
  const found = find(ALL, { site: 'none' }, ENV);
  t.true(found.ok && found.value.none);
});
test('locateSite() gives the built-in site where there is no file', (t) => {
  const found = find([], {}, ENV);
  t.true(found.ok && found.value.builtIn);
  t.is(found.ok && 'file' in found.value ? found.value.file : '', 'built-in site');
});
test('the built-in site is valid and has a broker and something to look at', (t) => {
  const site = builtInSite();
  t.deepEqual(
    site.hosts.get('localhost')?.entries.map(({ instanceId, agentClass }) => [instanceId, agentClass]),
    [
      ['broker', 'Broker'],
      ['registry', 'RegistryAgent'],
      ['faker1', 'FakeDataAgent'],
    ],
  );
});

const config = readSiteConfig({
  file: 'site.yaml',
  text: `hub: {mqtt: {}}
hosts:
  localhost: {agent-instances: [{agent-class: Broker, instance-id: b}, {agent-class: FakeDataAgent, instance-id: f1}, {agent-class: FakeDataAgent, instance-id: f2}]}
  lab-a: {agent-instances: []}
  lab-b: 5
`,
}).config;
const hosts = test.macro((t, flags: SiteFlags, env: Env, hostname: string, want: string) => {
  const chosen = config && chooseHost(config, { flags, env, hostname });
  t.is(chosen?.ok ? chosen.value : undefined, want);
});
test('chooseHost() takes the block of the machine', hosts, {}, {}, 'lab-a', 'lab-a');
test('chooseHost() takes localhost for an unknown machine', hosts, {}, {}, 'elsewhere', 'localhost');
test('chooseHost() takes --site-host', hosts, { siteHost: 'lab-a' }, {}, 'elsewhere', 'lab-a');
test('chooseHost() takes SITE_HOST for the flag', hosts, {}, { SITE_HOST: 'lab-a' }, 'elsewhere', 'lab-a');
test(
  'chooseHost() takes the flag before SITE_HOST',
  hosts,
  { siteHost: 'lab-a' },
  { SITE_HOST: 'localhost' },
  'x',
  'lab-a',
);
test('chooseHost() finds a block that was refused', hosts, {}, {}, 'lab-b', 'lab-b');
test('chooseHost() names the blocks there are', (t) => {
  const only = readSiteConfig({ text: 'hub: {}\nhosts: {lab-a: {agent-instances: []}}', file: 'x' }).config;
  const chosen = only && chooseHost(only, { flags: {}, env: {}, hostname: 'lab-c' });
  t.regex(chosen && !chosen.ok ? chosen.fault.remedy : '', /lab-a/);
});

const entries = test.macro((t, flags: SiteFlags, env: Env, agentClass: string, want: string) => {
  const block = config?.hosts.get('localhost');
  const chosen = block && chooseEntry(block, { flags, env, agentClass });
  t.is(chosen?.ok ? chosen.value.instanceId : chosen?.fault.code, want);
});
test('chooseEntry() takes --instance-id', entries, { instanceId: 'f2' }, {}, 'FakeDataAgent', 'f2');
test('chooseEntry() takes INSTANCE_ID for the flag', entries, {}, { INSTANCE_ID: 'f1' }, 'FakeDataAgent', 'f1');
test('chooseEntry() takes the only entry of the class', entries, {}, {}, 'Broker', 'b');
test('chooseEntry() refuses to choose among several', entries, {}, {}, 'FakeDataAgent', 'ENTRY_AMBIGUOUS');
test('chooseEntry() refuses an unknown id', entries, { instanceId: 'f3' }, {}, 'FakeDataAgent', 'TARGET_UNKNOWN');
test('overridden() lets the command line win', (t) => {
  const over = config && overridden(config, { addressRoot: 'test', logDir: '/tmp/log' });
  t.deepEqual([over?.root, over?.hosts.get('lab-a')?.logDir], ['test', '/tmp/log']);
});
