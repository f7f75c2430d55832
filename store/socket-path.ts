/** Paths of Unix sockets that the kernel takes: at most 107 bytes, whatever the site folder is called. */
import { openSync } from 'node:fs';
import { basename, dirname } from 'node:path';

const SUN_PATH_MAX = 107;

/** A path that names the same socket and is short enough. A long one goes by way of an open descriptor of its folder. */
export function shortSocketPath(path: string): string {
  if (Buffer.byteLength(path) <= SUN_PATH_MAX) return path;
  return `/proc/self/fd/${openSync(dirname(path), 'r')}/${basename(path)}`;
}
