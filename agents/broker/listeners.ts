/** The doors of the broker: TCP, Unix socket, WebSocket. Each gives streams without delay to one function. */
import { type Server, createServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Outcome, causeOf, failed, ok } from '../../base/fault.ts';
import { portHolder } from './port-holder.ts';

/** A stream has come in from `address`. */
export type Accept = (stream: Duplex, address: string) => void;

export interface Listener {
  /** As in a URL: `mqtt://127.0.0.1:1883`. */
  url: string;
  /** No new streams from now on; those that are open stay. */
  close(): Promise<void>;
}

export interface TcpAddress {
  host: string;
  port: number;
}

/** Listen on one TCP address. `skipped`: the machine has no such kind of address. */
export async function listenTcp({ host, port }: TcpAddress, accept: Accept): Promise<Outcome<Listener | 'skipped'>> {
  const server = createServer({ noDelay: true }, (socket) => accept(socket, socket.remoteAddress ?? ''));
  const error = await listening(server, { host, port, backlog: 1_024 });
  if (error !== undefined) return tcpFault(error, { host, port });
  return ok({ url: urlOf('mqtt', server, host), close: () => closing(server) });
}

/** What went wrong with a TCP address. */
export async function tcpFault(error: Error, { host, port }: TcpAddress): Promise<Outcome<'skipped'>> {
  const code = 'code' in error ? error.code : undefined;
  if (host.includes(':') && (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT')) return ok('skipped');
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  if (code !== 'EADDRINUSE') return failed('BROKER_LISTEN', { address, cause: causeOf(error) });
  const holder = await portHolder(port);
  return failed('BROKER_PORT', {
    address,
    holder: holder ? ` by pid ${holder.pid} ("${holder.program}")` : '',
    ...(holder && { pid: holder.pid }),
  });
}

/** Start to listen; undefined once it does. */
export function listening(
  server: Server,
  where: { path: string } | (TcpAddress & { backlog: number }),
): Promise<Error | undefined> {
  return new Promise((resolve) => {
    server.once('error', resolve);
    server.listen(where, () => {
      server.off('error', resolve);
      // Running out of file numbers is told per socket; the door stays open.
      server.on('error', () => {});
      resolve(undefined);
    });
  });
}

export const closing = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
  });

export function urlOf(scheme: string, server: Server, host: string, path = ''): string {
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}${path}`;
}
