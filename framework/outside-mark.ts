/** A mark that an agent started by hand leaves, so that the HostManager does not launch a second one beside it. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostFolder } from '../store/host-folder.ts';
import { processIdentity } from '../store/proc.ts';

/** Leave it, and take it away at the exit; after a crash it names a process that is gone, which counts as none. */
export function leaveMark(folder: HostFolder, instanceId: string): void {
  const path = join(folder.run, `${instanceId}.outside`);
  writeFileSync(path, JSON.stringify(processIdentity(process.pid)), { mode: 0o600 });
  process.once('exit', () => rmSync(path, { force: true }));
}
