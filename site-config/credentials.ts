/** The file with the name and password for the broker: read by its owner alone, or not at all. */
import { readFileSync, statSync } from 'node:fs';
import * as z from 'zod';
import { type Outcome, causeOf, failed, ok } from '../base/fault.ts';

const Credentials = z.object({ username: z.string().min(1), password: z.string() });
export type Credentials = z.infer<typeof Credentials>;

/** Read `path`, an absolute path. A file that others can read is refused: what it holds is known by now. */
export function readCredentials(path: string): Outcome<Credentials> {
  const refuse = (problem: string, remedy: string) => failed('CONFIG_SECRET_FILE', { file: path, problem, remedy });
  try {
    const mode = statSync(path).mode & 0o777;
    if ((mode & 0o077) !== 0)
      return refuse(
        `others may read it (mode ${mode.toString(8).padStart(4, '0')})`,
        'Run "chmod 600" on it and change the password',
      );
    const parsed = Credentials.safeParse(jsonOf(readFileSync(path, 'utf8')));
    return parsed.success
      ? ok(parsed.data)
      : refuse('it is not {"username": ..., "password": ...}', 'Write it so, as JSON');
  } catch (thrown) {
    return refuse(causeOf(thrown), 'Correct "hub.mqtt.credentials"');
  }
}

/** The parser's own message would quote the file. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
