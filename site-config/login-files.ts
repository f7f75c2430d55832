/** Name, password and certificates for the broker, as the bus takes them, from the files that the site config names. */
import { readFile } from 'node:fs/promises';
import { type Outcome, causeOf, failed, ok } from '../base/fault.ts';
import { readCredentials } from './credentials.ts';
import type { Tls } from './site.ts';

export interface TlsParts {
  ca?: string;
  cert?: string;
  key?: string;
  servername?: string;
}

/** Read anew at each attempt to connect, so that a corrected file heals the connection. */
export async function readLogin(path: string): Promise<Outcome<{ user: string; password: string }>> {
  const read = readCredentials(path);
  return read.ok ? ok({ user: read.value.username, password: read.value.password }) : read;
}

export async function readTls({ ca, cert, key, serverName }: Tls): Promise<Outcome<TlsParts>> {
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
