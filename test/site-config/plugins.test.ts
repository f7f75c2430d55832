import test from 'ava';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installedClasses } from '../../site-config/plugins.ts';

/** A folder with Cupola's own package, a site, and what `packages` says of further folders. */
function lab(
  t: { teardown: (end: () => void) => void },
  packages: Record<string, unknown>,
): { own: string; from: string } {
  const root = mkdtempSync(join(tmpdir(), 'cupola-plugins-'));
  t.teardown(() => rmSync(root, { recursive: true }));
  const all = { own: { name: 'cupola', cupola: { agents: { Broker: './dist/broker.js' } } }, ...packages };
  mkdirSync(join(root, 'site'), { recursive: true });
  for (const [folder, content] of Object.entries(all)) {
    mkdirSync(join(root, folder), { recursive: true });
    writeFileSync(join(root, folder, 'package.json'), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return { own: join(root, 'own'), from: join(root, 'site') };
}

const finds = test.macro(
  (t, packages: Record<string, unknown>, plugins: string[], classes: string[], codes: string[]) => {
    const { own, from } = lab(t, packages);
    const installed = installedClasses({ own, from, plugins, file: 'site.yaml' });
    t.deepEqual(
      [...installed.classes].map(([name, { from }]) => `${name} of ${from}`),
      classes,
    );
    t.deepEqual(
      installed.complaints.map(({ severity, code }) => `${severity} ${code}`),
      codes,
    );
  },
);
const CRYO = { name: 'cryo', cupola: { agents: { Cryostat: './cryostat.js' } } };
test('installedClasses() has the classes of Cupola itself', finds, {}, [], ['Broker of cupola'], []);
test(
  'installedClasses() finds a folder beside the site file',
  finds,
  { 'site/cryo': CRYO },
  ['./cryo'],
  ['Broker of cupola', 'Cryostat of cryo'],
  [],
);
test(
  'installedClasses() finds a folder named without a dot',
  finds,
  { 'site/cryo': CRYO },
  ['cryo'],
  ['Broker of cupola', 'Cryostat of cryo'],
  [],
);
test(
  'installedClasses() finds a package above the site file',
  finds,
  { 'node_modules/cryo': CRYO },
  ['cryo'],
  ['Broker of cupola', 'Cryostat of cryo'],
  [],
);
test(
  'installedClasses() finds a package with a scope',
  finds,
  { 'site/node_modules/@lab/cryo': CRYO },
  ['@lab/cryo'],
  ['Broker of cupola', 'Cryostat of cryo'],
  [],
);
test(
  'installedClasses() takes one folder named twice once',
  finds,
  { 'site/cryo': CRYO },
  ['./cryo', 'cryo'],
  ['Broker of cupola', 'Cryostat of cryo'],
  [],
);
test(
  'installedClasses() holds the first of two classes of one name',
  finds,
  { 'site/other': { name: 'other', cupola: { agents: { Broker: './b.js' } } } },
  ['./other'],
  ['Broker of cupola'],
  ['W CONFIG_CLASS_TWICE'],
);
test(
  'installedClasses() warns of a package that is not there',
  finds,
  {},
  ['gone'],
  ['Broker of cupola'],
  ['W CONFIG_PLUGIN'],
);
test(
  'installedClasses() warns of a folder that is not there',
  finds,
  {},
  ['./gone'],
  ['Broker of cupola'],
  ['W CONFIG_PLUGIN'],
);
test(
  'installedClasses() warns of a package.json that is no JSON',
  finds,
  { 'site/bad': '{' },
  ['./bad'],
  ['Broker of cupola'],
  ['W CONFIG_PLUGIN'],
);
test(
  'installedClasses() warns of a package without agents',
  finds,
  { 'site/bad': { name: 'bad' } },
  ['./bad'],
  ['Broker of cupola'],
  ['W CONFIG_PLUGIN'],
);
test(
  'installedClasses() warns of a path that leads out of its package',
  finds,
  { 'site/bad': { name: 'bad', cupola: { agents: { X: '../../x.js' } } } },
  ['./bad'],
  ['Broker of cupola'],
  ['W CONFIG_PLUGIN'],
);
test('installedClasses() gives absolute modules', (t) => {
  const { own, from } = lab(t, {});
  t.is(
    installedClasses({ own, from, plugins: [], file: 'x' }).classes.get('Broker')?.module,
    join(own, 'dist/broker.js'),
  );
});
