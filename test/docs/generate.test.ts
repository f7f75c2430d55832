/** The pages that are made from the code are what the code says. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { FAULTS } from '../../base/fault-catalogue.ts';
import { faultsPage } from '../../docs/generate.ts';

test('docs/faults.md has a line for every code, with its remedy and exit code', (t) => {
  const page = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'faults.md'), 'utf8');
  t.is(page, faultsPage());
  for (const code of Object.keys(FAULTS)) t.true(page.includes(`| \`${code}\` |`), code);
});

test('a fault says what failed and what to do next, in sentences without a full stop', (t) => {
  for (const [code, { says, remedy, exit }] of Object.entries(FAULTS)) {
    t.true(says.length > 5 || says.startsWith('{'), code);
    t.true(remedy.length > 5 || remedy.startsWith('{'), code);
    t.true(Number.isInteger(exit) && exit >= 1 && exit <= 9, code);
  }
});
