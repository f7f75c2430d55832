/** A mark that an agent started by hand leaves, so that the HostManager does not launch a second one beside it. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostFolder } from '../store/host-folder.ts';
import { identify } from '../store/proc.ts';

/** Leave it, and take it away at the exit; after a crash it names a process that is gone, which counts as none. */
export function leaveMark(folder: HostFolder, instanceId: string): void {
  const path = join(folder.run, `${instanceId}.outside`);
  const own = identify(process.pid);
  if (!own) return;
  writeFileSync(path, JSON.stringify({ pid: own.pid, start_ticks: own.startTicks, boot_id: own.bootId }), {
    mode: 0o600,
  });
  process.once('exit', () => rmSync(path, { force: true }));
}
