import test from 'ava';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCredentials } from '../../site-config/credentials.ts';

const reads = test.macro((t, content: string, mode: number, want: string) => {
  const folder = mkdtempSync(join(tmpdir(), 'cupola-credentials-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'c.json');
  writeFileSync(path, content, { mode });
  const read = readCredentials(path);
  t.is(read.ok ? read.value.username : read.fault.code, want);
  t.false(!read.ok && JSON.stringify(read.fault).includes('sesame'));
});
test('readCredentials() reads name and password', reads, '{"username": "hm", "password": "sesame"}', 0o600, 'hm');
test(
  'readCredentials() refuses a file that others can read',
  reads,
  '{"username": "hm", "password": "sesame"}',
  0o644,
  'CONFIG_SECRET_FILE',
);
test(
  'readCredentials() refuses a file that is no JSON, without quoting it',
  reads,
  'sesame',
  0o600,
  'CONFIG_SECRET_FILE',
);
test('readCredentials() refuses a file without a name', reads, '{"password": "sesame"}', 0o600, 'CONFIG_SECRET_FILE');
test('readCredentials() refuses a file that is not there', (t) => t.false(readCredentials('/nowhere/c.json').ok));
