/** Guards put on one client of the library the moment it exists: no dedupe, a frame limit, replay at the reader's pace. */
import type { GuardedClient } from './library.ts';
import type { BrokerLimits } from './limits.ts';

/** Guard 1: the library tells copies by a counter that is not in the order of messages, and drops live ones for it. */
export function forgetCounters(client: GuardedClient): void {
  client.duplicates = new Proxy<Record<string, number>>(Object.create(null), {
    get: () => 0,
    set: () => true,
    deleteProperty: () => true,
  });
}

/** Guard 4: a frame that announces more than the limit ends the connection before it is collected. */
export function limitFrames(client: GuardedClient, limits: BrokerLimits, onTooLong: () => void): void {
  const { _parser: parser } = client;
  const parse = parser.parse.bind(parser);
  parser.parse = (chunk) => {
    const left = parse(chunk);
    if (parser.packet.length > (client.connackSent ? limits.frameBytesAfter : limits.frameBytesBefore)) {
      onTooLong();
      client.conn.destroy();
    }
    return left;
  };
}

const NOTHING = Buffer.alloc(0);

/** Guard 5: stored messages go out as fast as the reader takes them, however many there are. */
export function paceReplay(client: GuardedClient, { replayBacklogBytes }: BrokerLimits): void {
  const deliver = client.deliverQoS;
  client.deliverQoS = (packet, done) => {
    if (!packet.retain || client.conn.writableLength <= replayBacklogBytes) return deliver(packet, done);
    // Its callback comes when all that was written before has been taken.
    client.conn.write(NOTHING, () => deliver(packet, done));
  };
}
