/** What a HostManager hands to an agent: whole, for its user alone. */
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { type EntryFile, readEntryFile, writeEntryFile } from '../../store/entry-file.ts';
import { hostFolder, makeHostFolder } from '../../store/host-folder.ts';
import { tempFolder } from '../fixtures/temp.ts';

const thermo1: EntryFile = {
  instanceId: 'thermo1',
  agentClass: 'Thermometer',
  module: '/opt/thermometer.js',
  host: 'lab1',
  root: 'observatory',
  mqtt: { urls: ['mqtt://127.0.0.1:1883'], protocol: 4 },
  args: ['--mode', 'acq'],
  settings: { password: 'secret' },
  place: { file: 'site.yaml', line: 7, column: 3 },
  stateDir: '/tmp/.cupola',
  logDir: '/tmp/.cupola/lab1/log',
  workingDir: '/tmp',
  logLevel: 'info',
};

test('writeEntryFile() writes what readEntryFile() reads, for this user alone, and leaves nothing half written', (t) => {
  const folder = hostFolder(tempFolder(t), 'lab1');
  makeHostFolder(folder);
  const path = writeEntryFile(folder, thermo1);
  t.deepEqual(readEntryFile(path), { ok: true, value: thermo1 });
  t.is(statSync(path).mode & 0o777, 0o600);
  writeEntryFile(folder, { ...thermo1, args: [] });
  t.like(readEntryFile(path), { value: { args: [] } });
  t.deepEqual(readdirSync(folder.run), ['thermo1.entry.json']);
});

const refuses = test.macro((t, text: string | null) => {
  const path = join(tempFolder(t), 'thermo1.entry.json');
  if (text !== null) writeFileSync(path, text);
  const read = readEntryFile(path);
  t.true(!read.ok && read.fault.code === 'CONFIG_INVALID' && read.fault.message.includes(path));
});
test('readEntryFile() tells of a file that is missing', refuses, null);
test('readEntryFile() tells of a file that is no JSON', refuses, '{');
test('readEntryFile() tells of an entry that lacks something', refuses, '{"instanceId":"thermo1"}');
