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
      if (block && sample) return { g: block.g, n: block.n, ...sample };
      return retainedLast(caller, agent, feed);
    },
  };
}

/** Of a feed without a ring. */
const retainedLast = (caller: Caller, agent: string, feed: string): Promise<Last> =>
  new Promise((resolve) => {
    const cancel = caller.watchLast(agent, feed, (last) => {
      resolve(last);
      // Never from inside the listener that it cancels.
      queueMicrotask(() => cancel());
    });
  });

/** The samples of a block, one object each. */
export function samplesOf(block: Block): FeedSample[] {
  return block.ts.map((t, i) => {
    const sample: FeedSample = { t };
    for (const [name, column] of Object.entries(block.fields)) sample[name] = column[i] ?? null;
    return sample;
  });
}

/** Live blocks in order of `n`; on a hole the ring is asked, one question at a time, and what it has lost is passed over. */
function filled(caller: Caller, agent: string, feed: string, from: number): Stream<Block> {
  const stream = openStream<Block>(QUEUE_MAX, () => cancel());
  const ahead = new Map<number, Block>();
  let g = 0;
  let next = from;
  let asking = false;
  /** Do we know where this generation stands? */
  let aligned = false;
  /** A new generation counts from 1 again. */
  const enter = (generation: number) => {
    if (g !== 0) next = 1;
    g = generation;
    ahead.clear();
  };
  const take = (block: Block) => {
    if (block.g > g) enter(block.g);
    if (block.g === g && (!aligned || block.n >= next)) ahead.set(block.n, block);
  };
  const drain = () => {
    if (!aligned) return;
    for (const n of ahead.keys()) if (n < next) ahead.delete(n);
    for (let block = ahead.get(next); block; block = ahead.get(next)) {
      ahead.delete(next++);
      stream.push(block);
    }
  };
  const ask = async (): Promise<boolean> => {
    const reply = await caller.call(agent, { method: 'feed.get', class: 'read', feed, from: next });
    const ring = reply.ok ? Ring.safeParse(reply.value.value).data : undefined;
    if (!reply.ok || !ring) return false;
    if (reply.value.g > g) {
      enter(reply.value.g);
      // The question was meant for another generation.
      if (aligned) return true;
    }
    // A number that this generation has not reached is of an earlier one.
    if (!aligned) next = Math.min(next, ring.newest + 1);
    aligned = true;
    for (const block of ring.blocks) take(block);
    next = Math.max(next, Math.min(ring.oldest, ...ahead.keys()));
    drain();
    return ring.next <= ring.newest;
  };
  const fill = async () => {
    if (asking) return;
    asking = true;
    while (await ask());
    asking = false;
  };
  const cancel = caller.watchFeed(agent, feed, (block) => {
    take(block);
    drain();
    if (ahead.size > 0) void fill();
  });
  void fill();
  return stream;
}
