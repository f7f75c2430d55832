/** The limits of a publish that every broker can take. */
import { failed } from '../base/fault.ts';
import { PAYLOAD_BYTES_MAX, TOPIC_BYTES_MAX } from '../protocol/topics.ts';

/** Refused here, before a broker answers in its own way. */
export function sizeFault(topic: string, payload: string | Uint8Array) {
  const topicBytes = Buffer.byteLength(topic);
  if (topicBytes > TOPIC_BYTES_MAX) return failed('TOO_LARGE', { bytes: topicBytes, limit: TOPIC_BYTES_MAX, topic });
  const bytes = typeof payload === 'string' ? Buffer.byteLength(payload) : payload.byteLength;
  return bytes > PAYLOAD_BYTES_MAX ? failed('TOO_LARGE', { bytes, limit: PAYLOAD_BYTES_MAX, topic }) : undefined;
}
