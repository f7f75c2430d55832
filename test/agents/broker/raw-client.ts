/** A client that says whatever bytes it likes. */
import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { type Packet, generate, parser } from 'mqtt-packet';

export interface RawClient {
  socket: Socket;
  say(packet: Packet | Buffer): void;
  /** Packets heard so far. */
  heard: Packet[];
  /** The next packet of this kind, also one heard already; undefined when the socket ends first. */
  hear(cmd: Packet['cmd']): Promise<Packet | undefined>;
  ended: Promise<void>;
}

export async function rawClient(port: number): Promise<RawClient> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const heard: Packet[] = [];
  let look: (() => void) | undefined;
  const reader = parser({ protocolVersion: 4 });
  reader.on('packet', (packet: Packet) => {
    heard.push(packet);
    look?.();
  });
  socket.on('data', (chunk) => void reader.parse(chunk));
  socket.on('error', () => {});
  const ended = new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
  });
  await once(socket, 'connect');
  return {
    socket,
    heard,
    ended,
    say: (packet) => void socket.write(Buffer.isBuffer(packet) ? packet : generate(packet)),
    hear: (cmd) =>
      new Promise((resolve) => {
        look = () => {
          const found = heard.find((packet) => packet.cmd === cmd);
          if (found) resolve(found);
        };
        look();
        void ended.then(() => resolve(undefined));
      }),
  };
}

export const CONNECT = {
  cmd: 'connect',
  protocolId: 'MQTT',
  protocolVersion: 4,
  clean: true,
  clientId: 'raw-1',
  keepalive: 60,
} as const;

/** A raw client that the broker has accepted. */
export async function accepted(port: number, clientId = 'raw-1'): Promise<RawClient> {
  const client = await rawClient(port);
  client.say({ ...CONNECT, clientId });
  await client.hear('connack');
  return client;
}
