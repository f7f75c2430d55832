/** The last site config that was good: kept by each host for itself. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { readLastGood, writeLastGood } from '../../store/last-good-file.ts';
import { tempFolder } from '../fixtures/temp.ts';

test('readLastGood() gives what writeLastGood() kept for this host', (t) => {
  const folder = tempFolder(t);
  t.is(readLastGood(folder, 'lab1'), undefined);
  t.true(writeLastGood(folder, 'lab1', 'hub: {}\n'));
  t.true(writeLastGood(folder, 'lab1', 'hosts: {}\n'));
  t.is(readLastGood(folder, 'lab1'), 'hosts: {}\n');
  t.is(readLastGood(folder, 'lab2'), undefined);
});

test('readLastGood() falls back to the block of localhost', (t) => {
  const folder = tempFolder(t);
  writeLastGood(folder, 'localhost', 'here\n');
  t.is(readLastGood(folder, 'lab1'), 'here\n');
});

test('writeLastGood() says when it could not', (t) => {
  const file = join(tempFolder(t), 'file');
  writeFileSync(file, '');
  t.false(writeLastGood(file, 'lab1', 'hub: {}\n'));
});
