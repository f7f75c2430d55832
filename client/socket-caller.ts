/** Ask one agent of this machine over its local socket; works with the bus down. */
import { type Socket, createConnection } from 'node:net';
import { createInterface } from 'node:readline';
import * as z from 'zod';
import type { Cancel, Clock } from '../base/clock.ts';
import { type Outcome, causeOf, failed, fault, must, ok } from '../base/fault.ts';
import { shortPath } from '../base/short-path.ts';
import { proofOf, readKeys } from '../store/admin-proof.ts';
import { Api, Block, Last, type Presence, Reply, type Request } from '../protocol/envelope.ts';
import { Session } from '../protocol/session.ts';
import type { Ask, Caller } from './caller.ts';
import { newClientId, outcomeOf, requestOf, ttlOf } from './requests.ts';

/** Who answers on a socket. */
export const Hello = z.looseObject({
  instance_id: z.string(),
  class: z.string(),
  host: z.string(),
  generation: z.number(),
  pid: z.number(),
  version: z.string(),
  root: z.string(),
  /** Unix seconds. */
  since: z.number(),
});
export type Hello = z.infer<typeof Hello>;

const Line = z.discriminatedUnion('m', [
  Hello.extend({ m: z.literal('hello') }),
  z.object({ m: z.literal('reply'), reply: Reply }),
  z.object({ m: z.literal('session'), op: z.string(), session: Session.nullable() }),
  z.object({ m: z.literal('block'), feed: z.string(), block: Block, last: Last.nullable() }),
  z.object({ m: z.literal('last'), feed: z.string(), last: Last.nullable() }),
]);
type Line = z.infer<typeof Line>;

export interface SocketCaller extends Caller {
  readonly via: 'socket';
  readonly hello: Hello;
  /** Resolves when the agent has closed the connection: it has ended. */
  readonly closed: Promise<void>;
}

const CONNECT_MS = 2_000;

/** Connect to `path`; AGENT_ABSENT when nobody listens there. `keyFile` is what class admin is proved with. */
export async function socketCaller({
  path,
  clock,
  keyFile,
}: {
  path: string;
  clock: Clock;
  keyFile?: string;
}): Promise<Outcome<SocketCaller>> {
  const connected = await connect(path, clock);
  if (!connected.ok) return connected;
  const socket = connected.value;
  const client = newClientId();
  const waiting = new Map<string, (reply: Reply) => void>();
  const listeners = new Set<(line: Line) => void>();
  const ended = new AbortController();
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  void closed.then(() => ended.abort());
  const send = (message: unknown) => socket.write(`${JSON.stringify(message)}\n`);

  createInterface({ input: socket, crlfDelay: Number.POSITIVE_INFINITY }).on('line', (text) => {
    const line = readLine(text);
    if (!line) return;
    if (line.m === 'reply' && line.reply.final) waiting.get(line.reply.id)?.(line.reply);
    for (const listener of listeners) listener(line);
  });
  const watch = (asked: { op: string } | { feed: string }, listener: (line: Line) => void): Cancel => {
    listeners.add(listener);
    send({ m: 'watch', ...asked });
    return () => listeners.delete(listener);
  };
  const hello = await greet(listeners, send, clock, ended.signal);
  if (!hello) {
    socket.destroy();
    return failed('AGENT_ABSENT', { agent: path, why: 'its socket does not answer' });
  }

  /** One request and its final reply; the socket loses nothing, so it is sent once. */
  const exchange = async (request: Request, ask: Ask): Promise<Outcome<Reply>> => {
    const id = request.id ?? '';
    const over = new AbortController();
    const answered = new Promise<Reply>((resolve) => waiting.set(id, resolve));
    send({ m: 'request', class: ask.class, request });
    const late = clock.sleep(ttlOf(ask), over.signal).then(() => undefined);
    const gone = closed.then(() => undefined);
    const reply = await Promise.race([answered, late, gone]);
    over.abort();
    waiting.delete(id);
    if (reply) return outcomeOf(reply);
    const agent = hello.instance_id;
    if (ended.signal.aborted) return failed('AGENT_ABSENT', { agent, why: 'it ended while it was asked' });
    return failed('NO_REPLY', { agent, ttlMs: ttlOf(ask) });
  };
  const call = async (agent: string, ask: Ask): Promise<Outcome<Reply>> => {
    if (agent !== hello.instance_id) return failed('UNKNOWN_AGENT', { agent, near: '' });
    if (ended.signal.aborted) return failed('AGENT_ABSENT', { agent, why: 'it has closed its socket' });
    const request = requestOf(ask, { client, clock });
    if (ask.class === 'admin') {
      const nonce = await exchange(requestOf({ method: 'challenge', class: 'read' }, { client, clock }), {
        method: 'challenge',
        class: 'read',
      });
      if (!nonce.ok) return nonce;
      const keys =
        keyFile === undefined
          ? failed('NOT_AUTHORIZED', { problem: 'no admin key at hand', keyFile: '' })
          : readKeys(keyFile);
      if (!keys.ok) return keys;
      request.proof = proofOf(keys.value[0] ?? '', String(nonce.value.value), agent, request);
    }
    return exchange(request, ask);
  };

  return ok({
    via: 'socket',
    url: path,
    hello,
    closed,
    call,
    watchSession: (_agent, op, listener) =>
      watch({ op }, (line) => line.m === 'session' && line.op === op && listener(line.session)),
    watchFeed: (_agent, feed, listener) =>
      watch({ feed }, (line) => line.m === 'block' && line.feed === feed && listener(line.block)),
    watchLast: (_agent, feed, listener) =>
      watch(
        { feed },
        (line) => (line.m === 'block' || line.m === 'last') && line.feed === feed && line.last && listener(line.last),
      ),
    watchPresence(listener) {
      listener(hello.instance_id, presenceOf(hello));
      let watching = true;
      void closed.then(
        () =>
          watching && listener(hello.instance_id, { ...presenceOf(hello), state: 'lost', reason: 'its socket closed' }),
      );
      return () => {
        watching = false;
      };
    },
    async describe(agent) {
      const reply = await call(agent, { method: 'describe', class: 'read' });
      return reply.ok ? ok(must(readApi(reply.value))) : reply;
    },
    async close() {
      socket.end();
    },
  });
}

const presenceOf = (hello: Hello): Presence => ({
  ...hello,
  state: 'online',
  g: hello.generation,
  start: 0,
  protocol: 1,
  api_hash: '',
});

/** The api in the answer of `describe`. */
export function readApi(reply: Reply): Outcome<Api> {
  const parsed = Api.safeParse(reply.value);
  return parsed.success
    ? ok(parsed.data)
    : { ok: false, fault: fault('REQUEST_INVALID', { problem: 'the answer of "describe" is no api' }) };
}

function connect(path: string, clock: Clock): Promise<Outcome<Socket>> {
  return new Promise((resolve) => {
    const short = shortPath(path);
    const socket = createConnection(short.path).once('close', short.release);
    const cancel = clock.after(CONNECT_MS, () => socket.destroy(new Error('no answer')));
    socket.once('connect', () => {
      cancel();
      resolve(ok(socket));
    });
    socket.on('error', (thrown) => {
      cancel();
      resolve(failed('AGENT_ABSENT', { agent: path, why: `nobody listens there (${causeOf(thrown)})` }));
    });
  });
}

async function greet(
  listeners: Set<(line: Line) => void>,
  send: (message: unknown) => void,
  clock: Clock,
  ended: AbortSignal,
): Promise<Hello | undefined> {
  const over = new AbortController();
  ended.addEventListener('abort', () => over.abort(), { once: true });
  let hello: Hello | undefined;
  const listen = (line: Line) => {
    if (line.m !== 'hello') return;
    hello = line;
    over.abort();
  };
  listeners.add(listen);
  send({ m: 'hello' });
  await clock.sleep(CONNECT_MS, over.signal);
  listeners.delete(listen);
  return hello;
}

function readLine(text: string): Line | undefined {
  try {
    return Line.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
