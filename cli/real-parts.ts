/** The parts of this machine, put together for the commands. */
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../base/clock.ts';
import { causeOf, failed, ok } from '../base/fault.ts';
import { realConnect } from './connect.ts';
import { realDisk } from './disk.ts';
import type { Parts } from './parts.ts';
import { processLauncher } from './process-launcher.ts';
import { processTerminal } from './process-terminal.ts';
import { locateReal, validateReal } from './site-real.ts';
import { VERSION } from '../base/package.ts';

export async function realParts(env: Readonly<Record<string, string | undefined>>, cwd: string): Promise<Parts> {
  const clock = systemClock();
  const machine = { env, cwd, hostname: hostname() };
  return {
    clock,
    terminal: processTerminal(env),
    env,
    version: VERSION,
    locate: (flags) => locateReal(flags, machine),
    validate: (files, flags) => validateReal(files, flags, machine),
    connect: realConnect({ clock }),
    disk: realDisk(),
    launcher: processLauncher({ program: fileURLToPath(new URL('./main.js', import.meta.url)), cwd }),
    async readText(path) {
      try {
        return ok(await readFile(path, 'utf8'));
      } catch (thrown) {
        return failed('USAGE', {
          problem: `Cannot read "${path}": ${causeOf(thrown)}`,
          remedy: 'Name a file that is there',
        });
      }
    },
  };
}
