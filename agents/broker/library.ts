/** The only importer of `aedes`, and all that Cupola knows of its insides. */
import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import { Aedes, type AedesOptions, type Client } from 'aedes';

export type Library = Aedes;
export type LibraryClient = Client;
export type LibraryOptions = AedesOptions;

export const LIBRARY_VERSION = '1.2.0';

export interface Packet {
  topic: string;
  qos: 0 | 1 | 2;
  retain: boolean;
  payload: string | Buffer;
}

/** Parts of a client that the library does not declare and that guards stand on. */
export interface Internals {
  conn: Duplex;
  duplicates: Record<string, number>;
  _parser: { parse(chunk: Buffer): number; packet: { length: number } };
  deliverQoS: (packet: Packet, done: (error?: Error | null) => void) => void;
  _will: Packet | null;
  clean: boolean;
  connackSent: boolean;
}

export type GuardedClient = Client & Internals;

export async function createLibrary(options: AedesOptions, onError: (error: unknown) => void): Promise<Library> {
  const library = await Aedes.createBroker(options);
  // Its types leave out "error", which without a listener would end the process.
  EventEmitter.prototype.on.call(library, 'error', onError);
  library.on('clientError', () => {});
  library.on('connectionError', () => {});
  return library;
}

/** The part that is missing in `client`, or undefined when all are there. */
export function missingPart(client: object): string | undefined {
  const parser = get(client, '_parser');
  const parts: [string, boolean][] = [
    ['client.conn', typeof get(get(client, 'conn'), 'write') === 'function'],
    ['client.duplicates', isObject(get(client, 'duplicates'))],
    ['client._parser.parse', typeof get(parser, 'parse') === 'function'],
    ['client._parser.packet.length', typeof get(get(parser, 'packet'), 'length') === 'number'],
    ['client.deliverQoS', typeof get(client, 'deliverQoS') === 'function'],
    ['client._will', '_will' in client],
    ['client.clean', typeof get(client, 'clean') === 'boolean'],
    ['client.connackSent', typeof get(client, 'connackSent') === 'boolean'],
  ];
  return parts.find(([, there]) => !there)?.[0];
}

export const isGuarded = (client: Client): client is GuardedClient => missingPart(client) === undefined;

/** The last will of a client that is about to be accepted. */
export function willOf(client: Client): Packet | null {
  if (!isGuarded(client)) return null;
  const { _will: will } = client;
  return will;
}

/** The broker goes, not the clients: their wills are not to be told. */
export function dropWill(client: object): void {
  Reflect.set(client, 'will', null);
}

/** Clients that are connected. */
export function clientsOf(library: Library): Client[] {
  const clients = get(library, 'clients');
  return isObject(clients) ? Object.values(clients).filter(isClient) : [];
}

export const versionOf = (library: Library): unknown => get(library, 'version');

/** How many filters a client has subscribed. */
export const subscriptionsOf = (client: object): number => Object.keys(get(client, 'subscriptions') ?? {}).length;

/**
 * Let this stream take up to `bytes` before the library thinks it full. Per socket, not per server: there it also lets
 * as much come in, and TLS ignores it. Returns whether the stream follows.
 */
export function setWriteMark(stream: Duplex, bytes: number): boolean {
  const state = get(stream, '_writableState');
  return isObject(state) && Reflect.set(state, 'highWaterMark', bytes) && stream.writableHighWaterMark === bytes;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const isClient = (value: unknown): value is Client => isObject(value) && 'conn' in value;
const get = (of: unknown, name: string): object | undefined => (isObject(of) ? Reflect.get(of, name) : undefined);
