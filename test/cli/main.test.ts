import { execFile, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const MAIN = fileURLToPath(new URL('../../cli/main.js', import.meta.url));

interface Ran {
  exit: number;
  out: string;
  err: string;
}

const cupola = (...args: string[]): Promise<Ran> =>
  new Promise((resolve) => {
    const child = execFile(process.execPath, [MAIN, ...args], { env: { PATH: process.env['PATH'] } }, (_, out, err) =>
      resolve({ exit: child.exitCode ?? -1, out, err }),
    );
  });

test('cupola version prints the version of the package', async (t) => {
  const { exit, out, err } = await cupola('version', '--json');
  t.is(exit, 0);
  t.is(err, '');
  t.like(JSON.parse(out), { schema: 1, command: 'version', ok: true });
  t.regex(out, /"version":"\d+\.\d+\.\d+"/);
});
test('cupola exits 2 on a command that is none, without a stack', async (t) => {
  const { exit, out, err } = await cupola('statsu');
  t.is(exit, 2);
  t.is(out, '');
  t.regex(err, /^error USAGE: Unknown command "statsu"\n {2}next: Did you mean "status"\?/);
  t.notRegex(err, /\n +at /);
});
test('cupola writes no colour off a terminal', async (t) => {
  const { err } = await cupola('statsu');
  t.false(err.includes('\u001b'));
});
test('cupola ends quietly with 0 when its reader leaves', async (t) => {
  const child = spawn(process.execPath, [MAIN, 'help', 'faults'], { stdio: ['ignore', 'pipe', 'pipe'] });
  let err = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  child.stdout.destroy();
  const exit = await new Promise((resolve) => child.on('exit', resolve));
  t.is(exit, 0);
  t.is(err, '');
});
