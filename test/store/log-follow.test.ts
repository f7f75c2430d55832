import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { followLog } from '../../store/log-follow.ts';
import { tempFolder } from '../fixtures/temp.ts';

/** Follow two files of a new folder; `next` is the next line told. */
function following(t: ExecutionContext, before: { out?: string } = {}) {
  const folder = tempFolder(t);
  const files = { out: join(folder, 'a.out.log'), err: join(folder, 'a.err.log') };
  if (before.out !== undefined) writeFileSync(files.out, before.out);
  const abort = new AbortController();
  t.teardown(() => abort.abort());
  const told: string[] = [];
  let wake: (() => void) | undefined;
  followLog({
    files,
    signal: abort.signal,
    onLine({ stream, text }) {
      told.push(`${stream} ${text}`);
      wake?.();
    },
  });
  const next = async (): Promise<string | undefined> => {
    while (told.length === 0) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    return told.shift();
  };
  return { files, next, abort, told };
}

test('followLog() tells lines written from now on, of both streams, each when it is complete', async (t) => {
  const { files, next } = following(t, { out: 'old\n' });
  appendFileSync(files.out, 'one\ntw');
  t.is(await next(), 'out one');
  writeFileSync(files.err, 'trouble\n');
  t.is(await next(), 'err trouble');
  appendFileSync(files.out, 'o\n');
  t.is(await next(), 'out two');
});

test('followLog() goes on after a rotation by rename, and after one by truncation', async (t) => {
  const { files, next } = following(t, { out: 'old\n' });
  renameSync(files.out, `${files.out}.1`);
  writeFileSync(files.out, 'renamed\n');
  t.is(await next(), 'out renamed');
  writeFileSync(files.out, 'cut\n');
  t.is(await next(), 'out cut');
});

test('followLog() ends with its signal', async (t) => {
  const { files, next, abort, told } = following(t);
  writeFileSync(files.out, 'one\n');
  t.is(await next(), 'out one');
  abort.abort();
  appendFileSync(files.out, 'two\n');
  const other = following(t);
  writeFileSync(other.files.out, 'x\n');
  await other.next();
  t.deepEqual(told, []);
});
