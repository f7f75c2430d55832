import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { processLauncher } from '../../cli/process-launcher.ts';

function machine(t: ExecutionContext, program: string) {
  const folder = mkdtempSync(join(tmpdir(), 'cupola-launch-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'program.mjs');
  writeFileSync(file, program);
  return {
    folder,
    launcher: processLauncher({ program: file, cwd: folder }),
    logs: { out: join(folder, 'out.log'), err: join(folder, 'err.log') },
  };
}

test('background() starts the program with its arguments, its output on the log files, and tells its exit code', async (t) => {
  const { launcher, logs } = machine(
    t,
    'console.log(process.argv.slice(2).join()); console.error("ouch"); process.exitCode = 9;',
  );
  const launched = launcher.background(['agent', 'run'], logs);
  t.true(launched.ok);
  t.is(launched.ok && (await launched.value.ended), 9);
  t.is(readFileSync(logs.out, 'utf8'), 'agent,run\n');
  t.is(readFileSync(logs.err, 'utf8'), 'ouch\n');
});
test('background() refuses a log folder that is not there', (t) => {
  const { launcher } = machine(t, '');
  const launched = launcher.background([], { out: '/nowhere/out.log', err: '/nowhere/err.log' });
  t.is(!launched.ok && launched.fault.code, 'FOLDER_UNUSABLE');
});
test('alive() is true while the program runs, and signal() ends it', async (t) => {
  const { launcher, logs } = machine(t, 'setInterval(() => {}, 1000);');
  const launched = launcher.background([], logs);
  if (!launched.ok) return t.fail(launched.fault.message);
  t.true(launcher.alive(launched.value.pid));
  launched.value.signal('SIGTERM');
  await launched.value.ended;
  t.false(launcher.alive(launched.value.pid));
});
test('watchFolder() tells of a new file', async (t) => {
  const { folder, launcher } = machine(t, '');
  const changed = new Promise<void>((resolve) => t.teardown(launcher.watchFolder(folder, resolve)));
  writeFileSync(join(folder, 'hm.sock'), '');
  await changed;
  t.pass();
});
