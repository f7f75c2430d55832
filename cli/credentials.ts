/** Name, password and certificates of this user at the broker, from the files that the site config names. */
import { readFile, stat } from 'node:fs/promises';
import * as z from 'zod';
import { type Outcome, causeOf, failed, ok } from '../base/fault.ts';

export interface Login {
  user: string;
  password: string;
}

export interface TlsFiles {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly serverName?: string | undefined;
  readonly insecure?: boolean | undefined;
}

export interface TlsParts {
  ca?: string;
  cert?: string;
  key?: string;
  servername?: string;
}

const LoginFile = z.object({ username: z.string(), password: z.string() });

/** The file must be readable by nobody else. */
export async function readLogin(path: string): Promise<Outcome<Login>> {
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0) {
      return failed('CONFIG_INVALID', { problem: `others may read ${path}: run "chmod 600 ${path}"` });
    }
    const { username, password } = LoginFile.parse(JSON.parse(await readFile(path, 'utf8')));
    return ok({ user: username, password });
  } catch (thrown) {
    return failed('CONFIG_INVALID', { problem: `credentials ${path}: ${causeOf(thrown)}` });
  }
}

export async function readTls({ ca, cert, key, serverName }: TlsFiles): Promise<Outcome<TlsParts>> {
  const parts: TlsParts = serverName === undefined ? {} : { servername: serverName };
  for (const [name, path] of Object.entries({ ca, cert, key })) {
    if (path === undefined) continue;
    try {
      Object.assign(parts, { [name]: await readFile(path, 'utf8') });
    } catch (thrown) {
      return failed('TLS_UNTRUSTED', { host: path, cause: causeOf(thrown) });
    }
  }
  return ok(parts);
}
