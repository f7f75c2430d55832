/** The replies that the inbox gives by itself, as bytes: refusal, receipt, repeated answer. */
import type { Fault } from '../base/fault.ts';
import { ReplyCode, type Reply } from './envelope.ts';

/** Final, code −1, with the fault. */
export function refusalBytes(id: string, g: number, t: number, fault: Fault): string {
  const reply: Reply = {
    id,
    g,
    t,
    code: ReplyCode.ERROR,
    message: fault.message,
    session: {},
    final: true,
    fault: { ...fault },
  };
  return JSON.stringify(reply);
}

/** "Got it, at work": the caller goes on to repeat, every 2 s. */
export function receiptBytes(id: string, g: number, t: number): string {
  const reply: Reply = { id, g, t, code: ReplyCode.OK, message: '', session: {}, final: false };
  return JSON.stringify(reply);
}

/** The same answer again, marked. `reply` is an object as JSON, so the mark goes in before its last brace. */
export const replayedBytes = (reply: string): string =>
  `${reply.slice(0, -1)}${reply.length > 2 ? ',' : ''}"replayed":true}`;
