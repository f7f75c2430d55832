/** Blocks that left the ring of a feed while nobody could hear them: told once a minute (framework §6). */
import { type Cancel, type Clock, every } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { FeedSource } from './feed.ts';

export interface DroppedBlocksParts {
  g: number;
  clock: Clock;
  log: Logger;
  feeds(): Iterable<FeedSource>;
  busUp(): boolean;
  event(record: Record<string, unknown>): void;
}

const TOLD_EVERY_MS = 60_000;

/** In the log at once at its minute, on the bus as soon as a minute comes at which it is up. */
export function tellDroppedBlocks({ g, clock, log, feeds, busUp, event }: DroppedBlocksParts): Cancel {
  const logged = new Map<string, number>();
  const published = new Map<string, number>();
  /** How many more than when it was told last. */
  const news = (told: Map<string, number>, { name, dropped }: FeedSource): number => {
    const all = dropped();
    const more = all - (told.get(name) ?? 0);
    told.set(name, all);
    return more;
  };
  return every(clock, TOLD_EVERY_MS, () => {
    for (const feed of feeds()) {
      const lost = news(logged, feed);
      if (lost > 0) log.warn({ feed: feed.name, dropped: lost }, 'blocks dropped');
      const unheard = busUp() ? news(published, feed) : 0;
      if (unheard > 0) event({ g, t: clock.nowMs() / 1_000, event: 'FEED_DROPPED', feed: feed.name, dropped: unheard });
    }
  });
}
