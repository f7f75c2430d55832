/** Where the files of one host lie: `.cupola/<host>/{run,log,crash,state}` (DESIGN §4). */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Outcome, causeOf, failed, ok } from '../base/fault.ts';

export interface HostFolder {
  root: string;
  host: string;
  run: string;
  log: string;
  crash: string;
  state: string;
  /** Admin keys, 0600. */
  authKeys: string;
}

/** The paths, without touching the disk. */
export function hostFolder(stateDir: string, host: string, logDir?: string): HostFolder {
  const root = join(stateDir, host);
  return {
    root,
    host,
    run: join(root, 'run'),
    log: logDir ?? join(root, 'log'),
    crash: join(root, 'crash'),
    state: join(root, 'state'),
    authKeys: join(root, 'authkeys.json'),
  };
}

/** Make what is missing, all for this user alone. */
export function makeHostFolder(folder: HostFolder): Outcome<HostFolder> {
  for (const path of [folder.root, folder.run, folder.log, folder.crash, folder.state]) {
    try {
      mkdirSync(path, { recursive: true, mode: 0o700 });
    } catch (thrown) {
      return failed('FOLDER_UNUSABLE', { folder: path, cause: causeOf(thrown) });
    }
  }
  return ok(folder);
}

/** The stable socket of an instance; the HostManager's bears the host's name, so that it is found without the site config. */
export const socketPath = (folder: HostFolder, instanceId: string): string => join(folder.run, `${instanceId}.sock`);
export const hostManagerSocketPath = (folder: HostFolder): string => socketPath(folder, `hm-${folder.host}`);
