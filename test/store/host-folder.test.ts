/** Where the files of a host lie, and that they are its user's alone. */
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { hostFolder, hostManagerSocketPath, makeHostFolder, socketPath } from '../../store/host-folder.ts';
import { tempFolder } from '../fixtures/temp.ts';

test('hostFolder() tells the places below the folder of the host, the log where it is told', (t) => {
  const folder = hostFolder('/site/.cupola', 'lab1');
  t.deepEqual(folder, {
    root: '/site/.cupola/lab1',
    host: 'lab1',
    run: '/site/.cupola/lab1/run',
    log: '/site/.cupola/lab1/log',
    crash: '/site/.cupola/lab1/crash',
    state: '/site/.cupola/lab1/state',
    authKeys: '/site/.cupola/lab1/authkeys.json',
  });
  t.is(hostFolder('/site/.cupola', 'lab1', '/var/log/lab').log, '/var/log/lab');
  t.is(socketPath(folder, 'thermo1'), '/site/.cupola/lab1/run/thermo1.sock');
  t.is(hostManagerSocketPath(folder), '/site/.cupola/lab1/run/hm-lab1.sock');
});

test('makeHostFolder() makes what is missing, for this user alone, as often as it is called', (t) => {
  const folder = hostFolder(tempFolder(t), 'lab1');
  t.true(makeHostFolder(folder).ok);
  t.true(makeHostFolder(folder).ok);
  for (const path of [folder.root, folder.run, folder.log, folder.crash, folder.state])
    t.is(statSync(path).mode & 0o777, 0o700);
});

test('makeHostFolder() names the folder that cannot be made', (t) => {
  const file = join(tempFolder(t), 'file');
  writeFileSync(file, '');
  const made = makeHostFolder(hostFolder(file, 'lab1'));
  t.true(!made.ok && made.fault.code === 'FOLDER_UNUSABLE' && made.fault.message.includes(file));
});
