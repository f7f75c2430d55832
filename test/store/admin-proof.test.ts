/** Proof of knowing the admin key of a host (generations §2). */
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { fakeClock } from '../../base/fake-clock.ts';
import type { Request } from '../../protocol/envelope.ts';
import { makeKeys, proofOf, prover, readKeys } from '../../store/admin-proof.ts';
import { tempFolder } from '../fixtures/temp.ts';

const start: Request = { id: 'R1', client: 'c', method: 'start', op: 'die', params: { b: 1, a: { d: 2, c: 3 } } };

function host(t: ExecutionContext) {
  const keyFile = join(tempFolder(t), 'authkeys.json');
  makeKeys(keyFile);
  const clock = fakeClock();
  const keys = readKeys(keyFile);
  const key = keys.ok ? (keys.value[0] ?? '') : '';
  const agent = prover(keyFile, 'hm', clock);
  const problem = (request: Request, proof: string) => agent.problem({ ...request, proof })?.code;
  return { keyFile, clock, key, agent, problem };
}

test('problem() is none for a proof made with the key, whatever the order of the params', (t) => {
  const { key, agent, problem } = host(t);
  const proof = proofOf(key, agent.challenge(), 'hm', start);
  t.is(problem({ ...start, params: { a: { c: 3, d: 2 }, b: 1 } }, proof), undefined);
});

const refuses = test.macro((t, differs: Partial<Request>) => {
  const { key, agent, problem } = host(t);
  const proof = proofOf(key, agent.challenge(), 'hm', start);
  t.is(problem({ ...start, ...differs }, proof), 'NOT_AUTHORIZED');
});
test('problem() refuses a proof for another request', refuses, { id: 'R2' });
test('problem() refuses a proof for another method', refuses, { method: 'stop' });
test('problem() refuses a proof for another operation', refuses, { op: 'restart' });
test('problem() refuses a proof for other params', refuses, { params: { b: 2, a: { d: 2, c: 3 } } });

test('problem() refuses a proof for another agent', (t) => {
  const { key, agent, problem } = host(t);
  t.is(problem(start, proofOf(key, agent.challenge(), 'hm-other', start)), 'NOT_AUTHORIZED');
});

test('problem() refuses a proof that was used before, also a wrong one', (t) => {
  const { key, agent, problem } = host(t);
  const nonce = agent.challenge();
  t.is(problem(start, proofOf('0123456789abcdef', nonce, 'hm', start)), 'NOT_AUTHORIZED');
  t.is(problem(start, proofOf(key, nonce, 'hm', start)), 'NOT_AUTHORIZED');
});

test('problem() refuses a nonce after 30 s, and one that was never given', async (t) => {
  const { clock, key, agent, problem } = host(t);
  const [early, late] = [agent.challenge(), agent.challenge()];
  await clock.advance(29_900);
  t.is(problem(start, proofOf(key, early, 'hm', start)), undefined);
  await clock.advance(200);
  t.is(problem(start, proofOf(key, late, 'hm', start)), 'NOT_AUTHORIZED');
  t.is(problem(start, proofOf(key, 'made-up', 'hm', start)), 'NOT_AUTHORIZED');
});

test('problem() refuses what is no proof', (t) => {
  const { agent, problem } = host(t);
  for (const proof of ['', '.', 'x', `${agent.challenge()}.`, `${agent.challenge()}.ü`])
    t.is(problem(start, proof), 'NOT_AUTHORIZED');
  t.true(agent.problem(start)?.message.includes('no proof'));
});

test('challenge() gives 32 bytes, never twice the same, and keeps a bounded number', (t) => {
  const { key, agent, problem } = host(t);
  const nonces = Array.from({ length: 3_000 }, () => agent.challenge());
  t.is(new Set(nonces).size, 3_000);
  t.true(nonces.every((nonce) => Buffer.from(nonce, 'base64url').byteLength === 32));
  t.is(problem(start, proofOf(key, nonces.at(-1) ?? '', 'hm', start)), undefined);
});

test('keys are rotated without a stop: each key in the file is good, one taken out is not', (t) => {
  const { keyFile, key, agent, problem } = host(t);
  const next = 'b'.repeat(43);
  writeFileSync(keyFile, JSON.stringify({ admin: [next, key] }));
  for (const one of [next, key]) t.is(problem(start, proofOf(one, agent.challenge(), 'hm', start)), undefined);
  writeFileSync(keyFile, JSON.stringify({ admin: [next] }));
  t.is(problem(start, proofOf(key, agent.challenge(), 'hm', start)), 'NOT_AUTHORIZED');
});

const closed = test.macro((t, spoil: (keyFile: string) => void, said: string) => {
  const { keyFile, key, agent } = host(t);
  const proof = proofOf(key, agent.challenge(), 'hm', start);
  spoil(keyFile);
  const why = agent.problem({ ...start, proof });
  t.is(why?.code, 'NOT_AUTHORIZED');
  t.true(why?.message.includes(said), why?.message);
  t.false(JSON.stringify(why).includes(key), 'the key is never told');
});
test('a key file that others can read closes admin', closed, (file) => chmodSync(file, 0o640), 'readable by others');
test('a key file that is no JSON closes admin', closed, (file) => writeFileSync(file, 'admin'), 'no admin key');
test('a key file without keys closes admin', closed, (file) => writeFileSync(file, '{"admin":[]}'), 'does not match');
test('a key that is short closes admin', closed, (file) => writeFileSync(file, '{"admin":["short"]}'), 'no admin key');

test('a missing key file is told', (t) => {
  const keys = readKeys(join(tempFolder(t), 'authkeys.json'));
  t.true(!keys.ok && keys.fault.code === 'NOT_AUTHORIZED');
});

test('makeKeys() makes one key for its owner alone, and leaves a file that is there', (t) => {
  const { keyFile } = host(t);
  const before = readFileSync(keyFile, 'utf8');
  t.is(statSync(keyFile).mode & 0o777, 0o600);
  makeKeys(keyFile);
  t.is(readFileSync(keyFile, 'utf8'), before);
  t.true(existsSync(keyFile));
});
