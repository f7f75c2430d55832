/** The text of the last site file that was good: what a HostManager starts on when the file is broken. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { hostFolder } from './host-folder.ts';

const pathOf = (stateDir: string, host: string): string =>
  join(hostFolder(stateDir, host).state, 'site.last-good.yaml');

/** Of this host, or of `localhost` where the site has no block of the host's name. */
export function readLastGood(stateDir: string, host: string): string | undefined {
  for (const name of [host, 'localhost']) {
    try {
      return readFileSync(pathOf(stateDir, name), 'utf8');
    } catch {
      // No such block of this site on this machine.
    }
  }
  return undefined;
}

/** Keep it whole; returns whether that was possible. */
export function writeLastGood(stateDir: string, host: string, text: string): boolean {
  const path = pathOf(stateDir, host);
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(`${path}.new`, text, { mode: 0o600 });
    renameSync(`${path}.new`, path);
    return true;
  } catch {
    return false;
  }
}
