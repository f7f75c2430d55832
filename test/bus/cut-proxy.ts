/** A TCP proxy that cuts the socket of one client, as a network does: it reads the client id from the CONNECT that passes. */
import { once } from 'node:events';
import { type Socket, connect, createServer } from 'node:net';

export interface CutProxy {
  url: string;
  lose(clientId: string): void;
  close(): Promise<void>;
}

export async function cutProxy(port: number, host = '127.0.0.1'): Promise<CutProxy> {
  const sockets = new Map<string, Socket>();
  const all = new Set<Socket>();
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ port, host, noDelay: true });
    for (const socket of [near, far]) {
      all.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        all.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.once('data', (chunk) => sockets.set(clientIdIn(chunk), near));
    near.pipe(far);
    far.pipe(near);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const own = address !== null && typeof address === 'object' ? address.port : 0;
  return {
    url: `mqtt://127.0.0.1:${own}`,
    lose: (clientId) => sockets.get(clientId)?.destroy(),
    async close() {
      server.close();
      for (const socket of all) socket.destroy();
      await once(server, 'close');
    },
  };
}

/** MQTT 3.1.1 §3.1: fixed header, 10 bytes of variable header, then the client id with its length. */
function clientIdIn(connectPacket: Buffer): string {
  let at = 1;
  while (((connectPacket[at] ?? 0) & 0x80) !== 0) at++;
  const idAt = at + 1 + 10;
  const length = connectPacket.readUInt16BE(idAt);
  return connectPacket.toString('utf8', idAt + 2, idAt + 2 + length);
}
