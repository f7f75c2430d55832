import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';

const LOG = join(import.meta.dirname, '..', '..', 'base', 'log.js');
const PROGRAM = `
  import { openLog } from ${JSON.stringify(LOG)};
  const log = openLog();
  let said = 0;
  const more = () => { log.info({ said, text: 'x'.repeat(1000) }, 'said'); ++said < 200 ? setImmediate(more) : console.log('lives'); };
  more();
`;

test('openLog() loses lines on a full disk, and the process that wrote them lives', (t) => {
  const full = openSync('/dev/full', 'w');
  const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', PROGRAM], {
    stdio: ['ignore', 'pipe', full],
    encoding: 'utf8',
  });
  closeSync(full);
  t.deepEqual([status, stdout], [0, 'lives\n']);
});
