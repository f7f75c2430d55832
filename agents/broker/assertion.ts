/** The start-up assertion: the insides of the library that guards stand on are as they were when the guards were written. */
import { Duplex } from 'node:stream';
import type { Clock } from '../../base/clock.ts';
import { type Outcome, failed, ok } from '../../base/fault.ts';
import { LIBRARY_VERSION, type Library, createLibrary, missingPart, setWriteMark, versionOf } from './library.ts';
import { LIMITS } from './limits.ts';
import { retainedPersistence } from './retained-persistence.ts';
import { retainedStore } from './retained-store.ts';

const CONNECT = Buffer.from([0x10, 15, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 60, 0, 3, 0x61, 0x2d, 0x31]);
const SUBSCRIBE = Buffer.from([0x82, 6, 0, 1, 0, 1, 0x61, 1]);
const PUBLISH = Buffer.from([0x32, 6, 0, 1, 0x61, 0, 2, 0x78]);
/** The first bytes of a PUBLISH that announces 1 000 bytes. */
const PARTIAL = Buffer.from([0x30, 0xe8, 0x07, 0, 1]);
const MARK_BYTES = 12_345;
const ANSWER_MS = 2_000;

/** Talk to the library over a stream in memory; BROKER_INTERNALS names the first part that is not as expected. */
export async function assertInternals(clock: Clock): Promise<Outcome<void>> {
  const library = await createLibrary({ persistence: retainedPersistence(unused()) }, () => {});
  try {
    const missing =
      versionOf(library) === LIBRARY_VERSION ? await exercise(library, clock) : `version ${LIBRARY_VERSION}`;
    return missing === undefined
      ? ok(undefined)
      : failed('BROKER_INTERNALS', { part: missing, version: LIBRARY_VERSION });
  } finally {
    await new Promise<void>((resolve) => library.close(resolve));
  }
}

async function exercise(library: Library, clock: Clock): Promise<string | undefined> {
  const answers: Buffer[] = [];
  let heard: (() => void) | undefined;
  const stream = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      answers.push(chunk);
      heard?.();
      done();
    },
  });
  const answered = (firstByte: number) =>
    new Promise<boolean>((resolve) => {
      const cancel = clock.after(ANSWER_MS, () => resolve(false));
      heard = () => {
        if (!packetTypes(Buffer.concat(answers)).includes(firstByte)) return;
        cancel();
        resolve(true);
      };
      heard();
    });
  if (!setWriteMark(stream, MARK_BYTES)) return 'writableHighWaterMark';
  const client = library.handle(stream);
  const missing = missingPart(client);
  if (missing !== undefined) return missing;
  stream.push(CONNECT);
  if (!(await answered(0x20))) return 'CONNACK';
  stream.push(SUBSCRIBE);
  if (!(await answered(0x90))) return 'SUBACK';
  stream.push(PUBLISH);
  if (!(await answered(0x40))) return 'PUBACK';
  if (Reflect.get(client, 'connackSent') !== true) return 'client.connackSent';
  stream.push(PARTIAL);
  await new Promise((resolve) => setImmediate(resolve));
  const parser: unknown = Reflect.get(client, '_parser');
  const packet: unknown = typeof parser === 'object' && parser !== null ? Reflect.get(parser, 'packet') : undefined;
  const length: unknown = typeof packet === 'object' && packet !== null ? Reflect.get(packet, 'length') : undefined;
  stream.destroy();
  return length === 1_000 ? undefined : 'client._parser.packet.length';
}

const unused = () => ({ store: retainedStore(LIMITS), ownerOf: () => '', onFull: () => {} });

/** First bytes of the packets in `bytes`; all are shorter than 128 bytes here. */
function packetTypes(bytes: Buffer): number[] {
  const types: number[] = [];
  for (let at = 0; at + 1 < bytes.length; at += 2 + (bytes[at + 1] ?? 0)) types.push((bytes[at] ?? 0) & 0xf0);
  return types;
}
