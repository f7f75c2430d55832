/** Name and password of one user at the broker, from a file that nobody else can read. */
import { readFile, stat } from 'node:fs/promises';
import * as z from 'zod';
import { type Outcome, causeOf, failed, ok } from '../base/fault.ts';

const Credentials = z.object({ username: z.string(), password: z.string() });

/** Read anew at each attempt to connect, so that a corrected file heals the connection. */
export async function readCredentials(path: string): Promise<Outcome<{ user: string; password: string }>> {
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0) {
      return failed('CONFIG_INVALID', { problem: `${path} can be read by others; run "chmod 600 ${path}"` });
    }
    const { username, password } = Credentials.parse(JSON.parse(await readFile(path, 'utf8')));
    return ok({ user: username, password });
  } catch (thrown) {
    return failed('CONFIG_INVALID', { problem: `credentials ${path}: ${causeOf(thrown)}` });
  }
}
