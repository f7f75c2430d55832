import test from 'ava';
import { fault } from '../../base/fault.ts';
import { Reply } from '../../protocol/envelope.ts';
import { receiptBytes, refusalBytes, replayedBytes } from '../../protocol/replies.ts';

test('every reply that the inbox makes is one by the schema', (t) => {
  const refusal = Reply.parse(JSON.parse(refusalBytes('a', 7, 1.5, fault('EXPIRED', { ttlMs: 1 }))));
  t.like(refusal, { id: 'a', g: 7, t: 1.5, code: -1, final: true, fault: { code: 'EXPIRED' } });
  t.like(Reply.parse(JSON.parse(receiptBytes('a', 7, 1.5))), { id: 'a', code: 0, final: false });
});

test('replayedBytes() is the same reply with the mark', (t) => {
  t.deepEqual(JSON.parse(replayedBytes('{"id":"a","session":{}}')), { id: 'a', session: {}, replayed: true });
  t.deepEqual(JSON.parse(replayedBytes('{}')), { replayed: true });
});
