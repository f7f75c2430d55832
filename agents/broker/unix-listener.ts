/** The Unix socket of the broker: for this user alone, and never put in place of one that lives. */
import { chmod, lstat, mkdir, unlink } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { dirname } from 'node:path';
import { type Outcome, causeOf, failed, ok } from '../../base/fault.ts';
import { shortPath } from '../../base/short-path.ts';
import { type Accept, type Listener, closing, listening } from './listeners.ts';

/** Listen on `path`: its folder 0700, the socket 0600. A dead socket is removed only after a failed connect. */
export async function listenUnix(path: string, accept: Accept): Promise<Outcome<Listener>> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  } catch (thrown) {
    return failed('FOLDER_UNUSABLE', { folder: dirname(path), cause: causeOf(thrown) });
  }
  const short = shortPath(path);
  const server = createServer((socket) => accept(socket, 'unix'));
  let error = await listening(server, { path: short.path });
  if (error !== undefined && isTaken(error)) {
    if (await answers(short.path)) {
      short.release();
      return failed('BROKER_PORT', { address: path, holder: ' by a program that answers there' });
    }
    if (await isSocket(path)) await unlink(path).catch(() => {});
    error = await listening(server, { path: short.path });
  }
  if (error !== undefined) {
    short.release();
    return failed('BROKER_LISTEN', { address: path, cause: causeOf(error) });
  }
  await chmod(path, 0o600);
  return ok({
    url: `unix://${path}`,
    async close() {
      await closing(server);
      short.release();
    },
  });
}

const isTaken = (error: Error): boolean => 'code' in error && error.code === 'EADDRINUSE';

/** Anything else at this path is somebody's file. */
const isSocket = async (path: string): Promise<boolean> =>
  (await lstat(path).catch(() => undefined))?.isSocket() ?? false;

const answers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
