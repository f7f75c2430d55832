import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import test from 'ava';
import { must } from '../../base/fault.ts';
import { openLocalSocket } from '../../framework/local-socket.ts';
import { tempFolder } from '../fixtures/temp.ts';

test('a feed that is watched twice over one connection comes once', async (t) => {
  const path = join(tempFolder(t), 'x.sock');
  const parts = { hello: () => ({}), request: () => {}, newest: () => undefined, last: () => undefined };
  const local = must(await openLocalSocket(path, 1, parts));
  local.commit();
  const socket = connect(path);
  const lines: string[] = [];
  const over = new Promise((resolve) => socket.once('close', resolve));
  const heard = (m: string) => lines.filter((line) => line.includes(`"m":"${m}"`)).length;
  createInterface({ input: socket }).on('line', (line) => {
    lines.push(line);
    if (heard('last') < 2 || heard('block') > 0) return;
    local.block('f', { g: 1, n: 1, ts: [1], fields: { a: [1] } }, undefined);
    local.close();
  });
  for (let k = 0; k < 2; k++) socket.write('{"m":"watch","feed":"f"}\n');
  await over;
  t.is(heard('block'), 1);
});
