/** The local face of an agent: JSON lines on `run/<instance-id>.sock`, which work with the bus down (framework §7). */
import { lstatSync, renameSync, rmSync } from 'node:fs';
import { type Server, type Socket, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import * as z from 'zod';
import { type Outcome, causeOf, failed, ok } from '../base/fault.ts';
import { shortPath } from '../base/short-path.ts';
import type { Block, Last } from '../protocol/envelope.ts';
import type { Session } from '../protocol/session.ts';
import { type RequestClass, isRequestClass } from '../protocol/topics.ts';

const Line = z.discriminatedUnion('m', [
  z.object({ m: z.literal('hello') }),
  z.object({ m: z.literal('request'), class: z.string(), request: z.record(z.string(), z.unknown()) }),
  z.object({ m: z.literal('watch'), op: z.string().optional(), feed: z.string().optional() }),
]);

const LINE_BYTES_MAX = 262_144;
const NEWLINE = 0x0a;
const BACKLOG_BYTES_MAX = 4_194_304;

export interface LocalParts {
  hello(): Record<string, unknown>;
  request(ask: { class: RequestClass; bytes: Uint8Array }, reply: (text: string) => void): void;
  newest(op: string): Session | undefined;
  last(feed: string): Last | undefined;
}

export interface LocalSocket {
  /** Take the stable name: from now on this generation is the one that is found. */
  commit(): void;
  session(op: string, session: Session): void;
  block(feed: string, block: Block, last: Last | undefined): void;
  close(): void;
}

/** Listen under the name of the generation; `commit` moves it to the stable one. */
export async function openLocalSocket(
  stablePath: string,
  generation: number,
  parts: LocalParts,
): Promise<Outcome<LocalSocket>> {
  const ownPath = stablePath.replace(/\.sock$/, `.g${generation}.sock`);
  const watchers = new Set<{ socket: Socket; op?: string | undefined; feed?: string | undefined }>();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => serve(socket));
  let inode = 0;
  let stable = false;

  const serve = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      sockets.delete(socket);
      for (const watcher of watchers) if (watcher.socket === socket) watchers.delete(watcher);
    });
    let unfinished = 0;
    socket.on('data', (chunk: Buffer) => {
      const end = chunk.lastIndexOf(NEWLINE);
      unfinished = end === -1 ? unfinished + chunk.length : chunk.length - end - 1;
      if (unfinished > LINE_BYTES_MAX) socket.destroy();
    });
    createInterface({ input: socket, crlfDelay: Number.POSITIVE_INFINITY })
      .on('error', () => socket.destroy())
      .on('line', (line) => take(socket, line));
  };
  const take = (socket: Socket, text: string) => {
    const line = readLine(text);
    if (!line) return void socket.destroy();
    switch (line.m) {
      case 'hello':
        return say(socket, { m: 'hello', ...parts.hello() });
      case 'request': {
        const asked = isRequestClass(line.class) ? line.class : 'read';
        const bytes = Buffer.from(JSON.stringify(line.request));
        return parts.request({ class: asked, bytes }, (reply) => write(socket, `{"m":"reply","reply":${reply}}\n`));
      }
      case 'watch':
        if (![...watchers].some((one) => one.socket === socket && one.op === line.op && one.feed === line.feed))
          watchers.add({ socket, op: line.op, feed: line.feed });
        if (line.op !== undefined) say(socket, { m: 'session', op: line.op, session: parts.newest(line.op) ?? null });
        if (line.feed !== undefined) say(socket, { m: 'last', feed: line.feed, last: parts.last(line.feed) ?? null });
    }
  };

  const listening = await listen(server, ownPath);
  if (!listening.ok) return listening;
  inode = lstatSync(ownPath).ino;
  server.unref();
  return ok({
    commit() {
      renameSync(ownPath, stablePath);
      stable = true;
    },
    session(op, session) {
      for (const watcher of watchers) if (watcher.op === op) say(watcher.socket, { m: 'session', op, session });
    },
    block(feed, block, last) {
      for (const watcher of watchers) {
        if (watcher.feed === feed) say(watcher.socket, { m: 'block', feed, block, last: last ?? null });
      }
    },
    close() {
      server.close();
      for (const socket of sockets) socket.end();
      const path = stable ? stablePath : ownPath;
      // A successor may have the name by now: only our own is removed.
      if (lstatSync(path, { throwIfNoEntry: false })?.ino === inode) rmSync(path, { force: true });
    },
  });
}

function readLine(text: string): z.infer<typeof Line> | undefined {
  if (text.length > LINE_BYTES_MAX) return undefined;
  try {
    return Line.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

const say = (socket: Socket, message: unknown): void => write(socket, `${JSON.stringify(message)}\n`);

/** A reader that does not read is let go: nothing may grow with it. */
function write(socket: Socket, text: string): void {
  if (socket.writableLength > BACKLOG_BYTES_MAX) socket.destroy();
  else socket.write(text);
}

function listen(server: Server, path: string): Promise<Outcome<void>> {
  rmSync(path, { force: true });
  return new Promise((resolve) => {
    server.on('error', (thrown) => resolve(failed('FOLDER_UNUSABLE', { folder: path, cause: causeOf(thrown) })));
    const short = shortPath(path);
    server.listen(short.path, () => {
      short.release();
      resolve(ok(undefined));
    });
  });
}
