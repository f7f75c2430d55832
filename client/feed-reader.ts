/** A feed from outside: samples or blocks as they come, with holes filled from the ring of the agent. */
import * as z from 'zod';
import { must } from '../base/fault.ts';
import { Block, type Last, type Sample } from '../protocol/envelope.ts';
import type { Caller } from './caller.ts';
import { type Stream, openStream } from './stream.ts';

/** One sample: its time in Unix seconds and a value for each field. */
export type FeedSample = { t: number } & Record<string, Sample>;

export interface FeedReader {
  /** Samples from now on. */
  samples(): Stream<FeedSample>;
  /** Blocks from now on. */
  blocks(): Stream<Block>;
  /** Blocks from number `n` on: kept ones first, then live ones, each once and in order. */
  since(n: number): Stream<Block>;
  /** The latest value of each field, or null when nothing was ever published. */
  last(): Promise<Last | null>;
}

const QUEUE_MAX = 10_000;
const Ring = z.object({ blocks: z.array(Block), next: z.number(), oldest: z.number(), newest: z.number() });

export function feedReader(caller: Caller, agent: string, feed: string): FeedReader {
  const live = <T>(take: (block: Block, push: (value: T) => void) => void): Stream<T> => {
    const stream = openStream<T>(QUEUE_MAX, () => cancel());
    const cancel = caller.watchFeed(agent, feed, (block) => take(block, (value) => stream.push(value)));
    return stream;
  };
  return {
    blocks: () => live<Block>((block, push) => push(block)),
    samples: () => live<FeedSample>((block, push) => samplesOf(block).forEach(push)),
    since: (n) => filled(caller, agent, feed, n),
    async last() {
      const reply = must(
        await caller.call(agent, { method: 'feed.get', class: 'read', feed, from: Number.MAX_SAFE_INTEGER }),
      );
      const { newest } = Ring.parse(reply.value);
      if (newest === 0) return null;
      const { blocks } = Ring.parse(
        must(await caller.call(agent, { method: 'feed.get', class: 'read', feed, from: newest })).value,
      );
      const block = blocks.at(-1);
      const sample = block && samplesOf(block).at(-1);
      return block && sample ? { g: block.g, n: block.n, ...sample } : null;
    },
  };
}

/** The samples of a block, one object each. */
export function samplesOf(block: Block): FeedSample[] {
  return block.ts.map((t, i) => {
    const sample: FeedSample = { t };
    for (const [name, column] of Object.entries(block.fields)) sample[name] = column[i] ?? null;
    return sample;
  });
}

/** Live blocks in order of `n`; on a hole the ring is asked, one question at a time. */
function filled(caller: Caller, agent: string, feed: string, from: number): Stream<Block> {
  const stream = openStream<Block>(QUEUE_MAX, () => cancel());
  const ahead = new Map<number, Block>();
  let g = 0;
  let next = from;
  let asking = false;
  const deliver = (block: Block) => {
    if (block.g < g || (block.g === g && block.n < next)) return;
    if (block.g > g) {
      // A new generation counts from 1 again.
      if (g !== 0) next = 1;
      g = block.g;
      ahead.clear();
    }
    ahead.set(block.n, block);
    drain();
  };
  const drain = () => {
    for (let block = ahead.get(next); block; block = ahead.get(next)) {
      ahead.delete(next++);
      stream.push(block);
    }
    if (ahead.size > 0 && !asking) void fill();
  };
  const fill = async () => {
    asking = true;
    const reply = await caller.call(agent, { method: 'feed.get', class: 'read', feed, from: next });
    asking = false;
    if (!reply.ok) return;
    const ring = Ring.parse(reply.value.value);
    // What has left the ring is a hole that nothing can fill; a feed without a ring has all that is there in `ahead`.
    next = Math.max(next, Math.min(ring.oldest, ring.newest + 1, ...ahead.keys()));
    for (const block of ring.blocks) deliver(block);
    if (ring.next <= ring.newest) await fill();
    else drain();
  };
  const cancel = caller.watchFeed(agent, feed, deliver);
  void fill();
  return stream;
}
