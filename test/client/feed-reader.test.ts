import test from 'ava';
import { ok } from '../../base/fault.ts';
import type { Caller } from '../../client/caller.ts';
import { feedReader } from '../../client/feed-reader.ts';
import type { Block } from '../../protocol/envelope.ts';

const block = (n: number): Block => ({ g: 1, n, ts: [n], fields: { a: [n] } });
const turn = () => new Promise((resolve) => setImmediate(resolve));

test('since() of a feed without a ring passes over what was lost, and over nothing else', async (t) => {
  let live: (block: Block) => void = () => {};
  let newest = 0;
  const caller: Pick<Caller, 'call' | 'watchFeed'> = {
    watchFeed: (_agent, _feed, listener) => {
      live = listener;
      return () => {};
    },
    call: async () =>
      ok({
        id: 'i',
        g: 1,
        t: 1,
        code: 0,
        message: 'Blocks.',
        session: {},
        final: true,
        value: { blocks: [], next: newest + 1, oldest: newest + 1, newest },
      }),
  };
  const stream = feedReader(caller as Caller, 'x', 'f').since(1);
  for (const n of [1, 2, 4, 5, 8]) {
    newest = n;
    live(block(n));
    await turn();
  }
  const seen: number[] = [];
  for (let k = 0; k < 5; k++) seen.push((await stream.next()).value?.n);
  t.deepEqual(seen, [1, 2, 4, 5, 8]);
});
