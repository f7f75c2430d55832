/** Socket paths longer than the kernel takes (107 bytes), reached through an open folder. */
import { closeSync, openSync } from 'node:fs';
import { basename, dirname } from 'node:path';

const SOCKET_PATH_BYTES_MAX = 107;

/** A path to the same socket that is short enough; `release` once it is no longer needed. */
export function shortPath(path: string): { path: string; release: () => void } {
  if (Buffer.byteLength(path) <= SOCKET_PATH_BYTES_MAX) return { path, release: () => {} };
  const folder = openSync(dirname(path), 'r');
  let open = true;
  return {
    path: `/proc/self/fd/${folder}/${basename(path)}`,
    release() {
      if (open) closeSync(folder);
      open = false;
    },
  };
}
