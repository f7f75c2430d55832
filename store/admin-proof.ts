/** Admin where there are no users: proof of knowing the host's key, never the key itself (specs: generations §2). */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { closeSync, existsSync, fchmodSync, fstatSync, openSync, readFileSync, writeSync } from 'node:fs';
import * as z from 'zod';
import type { Clock } from '../base/clock.ts';
import { type Fault, type Outcome, causeOf, failed, fault, ok } from '../base/fault.ts';
import type { Request } from '../protocol/envelope.ts';

const AuthKeys = z.looseObject({ admin: z.array(z.string().min(16)).default([]) });

const NONCE_MS = 30_000;
const NONCES_MAX = 1_000;

export interface Prover {
  /** A nonce: 32 bytes, good once, for 30 s. */
  challenge(): string;
  /** Why the proof of an admin request is not accepted, or undefined when it is. */
  problem(request: Request): Fault | undefined;
}

/** The agent's side. The key file is read at each proof, so that keys can be rotated without a stop. */
export function prover(keyFile: string, agent: string, clock: Clock): Prover {
  const nonces = new Map<string, number>();
  const refused = (problem: string) => fault('NOT_AUTHORIZED', { problem, keyFile });
  return {
    challenge() {
      const now = clock.monotonicMs();
      for (const [nonce, until] of nonces) if (until < now || nonces.size >= NONCES_MAX) nonces.delete(nonce);
      const nonce = randomBytes(32).toString('base64url');
      nonces.set(nonce, now + NONCE_MS);
      return nonce;
    },
    problem(request) {
      const [nonce = '', mac = ''] = (request.proof ?? '').split('.');
      if (request.proof === undefined)
        return refused('it needs class admin, and no proof of the admin key came with it');
      const until = nonces.get(nonce);
      nonces.delete(nonce);
      if (until === undefined || until < clock.monotonicMs()) return refused('its proof is too old or was used before');
      const keys = readKeys(keyFile);
      if (!keys.ok) return keys.fault;
      return keys.value.some((key) => same(mac, macOf(key, nonce, agent, request)))
        ? undefined
        : refused('its proof does not match the admin key');
    },
  };
}

/** The caller's side: the `proof` of a request for a nonce that the agent gave. */
export function proofOf(key: string, nonce: string, agent: string, request: Request): string {
  return `${nonce}.${macOf(key, nonce, agent, request)}`;
}

/** The admin keys in `keyFile`, newest first; closed, with the reason, when it is missing or readable by others. */
export function readKeys(keyFile: string): Outcome<string[]> {
  try {
    const fd = openSync(keyFile, 'r');
    try {
      const { mode, uid } = fstatSync(fd);
      if ((mode & 0o077) !== 0 || (process.getuid && uid !== process.getuid())) {
        return failed('NOT_AUTHORIZED', {
          problem: 'the file of the admin key is readable by others or not ours',
          keyFile,
        });
      }
      return ok(AuthKeys.parse(JSON.parse(readFileSync(fd, 'utf8'))).admin);
    } finally {
      closeSync(fd);
    }
  } catch (thrown) {
    return failed('NOT_AUTHORIZED', { problem: `no admin key: ${causeOf(thrown)}`, keyFile });
  }
}

/** Make the first admin key of a host; an existing file is left as it is. */
export function makeKeys(keyFile: string): void {
  if (existsSync(keyFile)) return;
  const fd = openSync(keyFile, 'wx', 0o600);
  fchmodSync(fd, 0o600);
  writeSync(fd, `${JSON.stringify({ admin: [randomBytes(32).toString('base64url')] })}\n`);
  closeSync(fd);
}

function macOf(key: string, nonce: string, agent: string, request: Request): string {
  const params = createHash('sha256')
    .update(canonical(request.params ?? {}))
    .digest('hex');
  const said = [nonce, request.id ?? '', agent, request.method, request.op ?? '', params].join('\n');
  return createHmac('sha256', key).update(said).digest('base64url');
}

/** JSON with keys in order, so that both ends hash the same bytes. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}

const same = (a: string, b: string): boolean => {
  const [one, other] = [Buffer.from(a), Buffer.from(b)];
  return one.length === other.length && timingSafeEqual(one, other);
};
