import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { forgetFiles, outsideProcess } from '../../host-manager/process-files.ts';
import { identify } from '../../store/proc.ts';
import { tempFolder } from '../fixtures/temp.ts';

test('forgetFiles() leaves the mark of one that was started by hand and lives', (t) => {
  const run = tempFolder(t);
  const own = identify(process.pid);
  if (!own) return t.fail();
  const mark = { pid: own.pid, start_ticks: own.startTicks, boot_id: own.bootId };
  writeFileSync(join(run, 'a.outside'), JSON.stringify(mark));
  writeFileSync(join(run, 'b.outside'), JSON.stringify({ ...mark, start_ticks: own.startTicks - 1 }));
  for (const id of ['a', 'b']) forgetFiles(run, id);
  t.deepEqual(outsideProcess(run, 'a'), { pid: process.pid });
  t.false(existsSync(join(run, 'b.outside')));
});
