/** Starts the HostManager of this machine as a process: in the background in its own session, or in this terminal. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync, watch } from 'node:fs';
import process from 'node:process';
import { type Outcome, causeOf, failed, ok } from '../base/fault.ts';
import { makeHostFolder } from '../store/host-folder.ts';
import type { Launched, Launcher } from './parts.ts';

export function processLauncher({ program, cwd }: { program: string; cwd: string }): Launcher {
  const argv = (args: readonly string[]) => [program, ...args];
  return {
    background(args, logs) {
      try {
        const [out, err] = [openSync(logs.out, 'a', 0o600), openSync(logs.err, 'a', 0o600)];
        const child = spawn(process.execPath, argv(args), { cwd, detached: true, stdio: ['ignore', out, err] });
        closeSync(out);
        closeSync(err);
        return launched(child);
      } catch (thrown) {
        return failed('FOLDER_UNUSABLE', { folder: logs.out, cause: causeOf(thrown) });
      }
    },
    // Its own process group, so that Ctrl-C reaches it once, passed on by this program.
    foreground: (args) =>
      launched(spawn(process.execPath, argv(args), { cwd, detached: true, stdio: ['ignore', 'inherit', 'inherit'] })),
    alive,
    watchFolder(folder, changed) {
      const watcher = watch(folder, changed);
      watcher.on('error', changed);
      return () => watcher.close();
    },
    makeFolders: makeHostFolder,
  };
}

function launched(child: ChildProcess): Outcome<Launched> {
  const ended = new Promise<number>((resolve) => {
    child.on('exit', (code) => resolve(code ?? 1));
    child.on('error', () => resolve(1));
  });
  if (child.pid === undefined)
    return failed('START_FAILED', { exit: 1, cause: ': no process could be made', log: 'the message above' });
  return ok({ pid: child.pid, ended, signal: (signal) => void child.kill(signal) });
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    // Not permitted to signal it: it is there.
    return thrown instanceof Error && 'code' in thrown && thrown.code === 'EPERM';
  }
}
