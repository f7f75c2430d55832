/** The byte stream to a broker: TCP, TLS, WebSocket or Unix socket, each without delay; what is not asked for is not loaded. */
import { type Socket, connect as connectTcp } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ConnectionOptions } from 'node:tls';
import type { BrokerUrl } from './broker-url.ts';
import { shortPath } from '../base/short-path.ts';

/** Certificates of one connection, PEM; `ca` absent: those of the machine. */
export type TlsParts = Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'passphrase' | 'servername'>;

/** Load what `url` needs and give a function that opens the stream at once. */
export async function streamTo(url: BrokerUrl, tls: TlsParts = {}): Promise<() => Duplex> {
  switch (url.kind) {
    case 'unix':
      return () => {
        const { path, release } = shortPath(url.path);
        return connectTcp(path).once('close', release);
      };
    case 'tcp':
      return () => quick(connectTcp(url.port, url.host));
    case 'tls': {
      const { connect } = await import('node:tls');
      return () => quick(connect({ host: url.host, port: url.port, servername: nameIn(url.host), ...tls }));
    }
    case 'websocket': {
      const { WebSocket, createWebSocketStream } = await import('ws');
      return () => {
        const socket = new WebSocket(url.text, ['mqtt'], {
          perMessageDeflate: false,
          handshakeTimeout: 10_000,
          ...tls,
        });
        return createWebSocketStream(socket);
      };
    }
  }
}

/** Without TCP_NODELAY a small packet waits for the acknowledgement of the one before, some 40 ms. */
const quick = <S extends Socket>(socket: S): S => {
  socket.setNoDelay(true);
  return socket;
};

/** An address is no server name (RFC 6066 §3). */
const nameIn = (host: string): string => (/^[\d.]+$|:/.test(host) ? '' : host);
