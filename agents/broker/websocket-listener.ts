/** The WebSocket door of the broker, for pages that speak MQTT. Loaded only where it is asked for. */
import { type IncomingMessage, createServer } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, createWebSocketStream } from 'ws';
import { type Outcome, ok } from '../../base/fault.ts';
import { type Accept, type Listener, type TcpAddress, closing, listening, tcpFault, urlOf } from './listeners.ts';

export interface WebSocketAddress extends TcpAddress {
  /** Pages of these origins may connect, besides those of this host itself. */
  origins?: readonly string[] | undefined;
}

const PATH = '/mqtt';
const MESSAGE_BYTES_MAX = 262_144;
const HEADERS_BYTES_MAX = 16_384;
const HEADERS_MS = 5_000;

export async function listenWebSocket(where: WebSocketAddress, accept: Accept): Promise<Outcome<Listener | 'skipped'>> {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MESSAGE_BYTES_MAX,
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has('mqtt') ? 'mqtt' : false),
  });
  const server = createServer({
    maxHeaderSize: HEADERS_BYTES_MAX,
    headersTimeout: HEADERS_MS,
    requestTimeout: HEADERS_MS,
  });
  server.on('request', (_request, response) => response.writeHead(426).end());
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => {});
    const status = refusal(request, where.origins ?? []);
    if (status !== undefined) return refuse(socket, status);
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      accept(createWebSocketStream(webSocket), request.socket.remoteAddress ?? '');
    });
  });
  const error = await listening(server, { ...where, backlog: 1_024 });
  if (error !== undefined) return tcpFault(error, where);
  return ok({ url: urlOf('ws', server, where.host, PATH), close: () => closing(server) });
}

function refusal(request: IncomingMessage, origins: readonly string[]): number | undefined {
  if (request.url !== PATH) return 404;
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  if (!offered.includes('mqtt')) return 400;
  const { origin, host } = request.headers;
  const own = origin === `http://${host}` || origin === `https://${host}`;
  return origin === undefined || own || origins.includes(origin) ? undefined : 403;
}

function refuse(socket: Duplex, status: number): void {
  socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
