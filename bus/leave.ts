/** Leaving a broker in order: DISCONNECT, so that no will is published, then the socket. */
import type { Clock } from '../base/clock.ts';
import type { LibraryClient } from './mqtt-client.ts';

const CLOSE_MS = 500;

/** Say DISCONNECT and give the other end 0.5 s to close; what then remains is cut by the caller. */
export async function leave(client: LibraryClient, clock: Clock): Promise<void> {
  if (!client.connected) return;
  // With anything open the library would wait for ever before DISCONNECT.
  for (const id of Object.keys(client.outgoing)) client.removeOutgoingMessage(Number(id));
  await new Promise<void>((resolve) => {
    const cancel = clock.after(CLOSE_MS, resolve);
    client.stream.once('close', () => {
      cancel();
      resolve();
    });
    client.end(false);
  });
}
