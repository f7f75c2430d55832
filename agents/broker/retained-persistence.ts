/** What the broker library may keep: stored messages, wills, and QoS 2 in flight. No sessions, no queues for the absent. */
import { Readable } from 'node:stream';
import type { RetainedStore } from './retained-store.ts';

interface ClientKey {
  id: string;
}
interface KeptPacket {
  topic: string;
  payload: Buffer;
  qos: 0 | 1 | 2;
  clientId?: string;
  brokerId?: string;
  messageId?: number;
}

export interface PersistenceParts {
  store: RetainedStore;
  /** The name whose quota a message counts for. */
  ownerOf: (payload: object) => string;
  /** A message was not stored: its owner, or all together, have too many. */
  onFull: (topic: string, owner: string) => void;
}

/** The persistence interface of the library. */
export function retainedPersistence({ store, ownerOf, onFull }: PersistenceParts) {
  const wills = new Map<string, KeptPacket>();
  const incoming = new Map<string, Map<number, KeptPacket>>();
  let brokerId = '';
  const inFlight = (client: ClientKey, { messageId = 0 }: KeptPacket) => incoming.get(client.id)?.get(messageId);
  const replay = function* (filters: string[]) {
    for (const filter of filters)
      for (const message of store.match(filter)) yield { cmd: 'publish', retain: true, ...message };
  };
  return {
    // The library looks at the kind of this function: it must be written `async`.
    async setup(broker: { id: string }) {
      brokerId = broker.id;
    },
    async storeRetained({ topic, payload, qos }: KeptPacket) {
      const bytes = asBuffer(payload);
      const owner = ownerOf(bytes);
      if (!store.put({ topic, payload: bytes, qos, owner })) onFull(topic, owner);
    },
    createRetainedStream: (filter: string) => Readable.from(replay([filter])),
    createRetainedStreamCombi: (filters: string[]) => Readable.from(replay(filters)),
    async addSubscriptions() {},
    async removeSubscriptions() {},
    subscriptionsByClient: async () => [],
    countOffline: async () => ({ subsCount: 0, clientsCount: 0 }),
    subscriptionsByTopic: async () => [],
    async cleanSubscriptions() {},
    async outgoingEnqueue() {},
    async outgoingEnqueueCombi() {},
    async outgoingUpdate() {},
    async outgoingClearMessageId() {},
    outgoingStream: nothing,
    async incomingStorePacket(client: ClientKey, packet: KeptPacket) {
      const own = incoming.get(client.id) ?? new Map<number, KeptPacket>();
      own.set(packet.messageId ?? 0, packet);
      incoming.set(client.id, own);
    },
    async incomingGetPacket(client: ClientKey, packet: KeptPacket) {
      const kept = inFlight(client, packet);
      if (!kept) throw new Error('no such packet');
      return kept;
    },
    async incomingDelPacket(client: ClientKey, packet: KeptPacket) {
      if (!incoming.get(client.id)?.delete(packet.messageId ?? 0)) throw new Error('no such packet');
    },
    async cleanIncoming(client: ClientKey) {
      incoming.delete(client.id);
    },
    async putWill(client: ClientKey, will: KeptPacket) {
      wills.set(client.id, Object.assign(will, { brokerId, clientId: client.id }));
    },
    getWill: async (client: ClientKey) => wills.get(client.id),
    async delWill(client: ClientKey) {
      const will = wills.get(client.id);
      wills.delete(client.id);
      return will;
    },
    streamWill: (brokers: Record<string, number> = {}) =>
      Readable.from([...wills.values()].filter((will) => !brokers[will.brokerId ?? ''])),
    getClientList: nothing,
    async destroy() {},
  };
}

const asBuffer = (payload: Buffer | string): Buffer => (typeof payload === 'string' ? Buffer.from(payload) : payload);

const nothing = () => Readable.from([]);
