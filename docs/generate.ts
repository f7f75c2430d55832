/** Writes the reference pages that are made from the code: `node dist/docs/generate.js`, with `--check` only compares. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FAULTS } from '../base/fault-catalogue.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** The fault catalogue: each code with what it says, what to do next, and the exit code of the CLI. */
export function faultsPage(): string {
  const rows = Object.entries(FAULTS)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, { says, remedy, exit }]) => `| \`${code}\` | ${cell(says)} | ${cell(remedy)} | ${exit} |`);
  return [
    '# Faults',
    '',
    'Every expected failure of Cupola has a code. It says what failed, where, and what to do next; it crosses the bus,',
    'prints in the CLI and shows in JSON unchanged. Words in braces are filled in from the facts of the case.',
    'Made from `base/fault-catalogue.ts` by `npm run docs`.',
    '',
    '| code | says | what to do next | exit code |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replace(/\{(\w+)\}/g, '`{$1}`');

if (process.argv[1] === import.meta.filename) {
  const path = join(ROOT, 'docs', 'faults.md');
  const page = faultsPage();
  if (!process.argv.includes('--check')) writeFileSync(path, page);
  else if (readFileSync(path, 'utf8') !== page) {
    process.stderr.write('docs/faults.md is out of date: run "npm run docs"\n');
    process.exitCode = 1;
  }
}
