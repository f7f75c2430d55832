/** What is said of the instances: to the session of `manager` and to the log; the same words within a minute are said once, with a count. */
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { Message } from './loop.ts';

const SAME_MS = 60_000;
const KEPT = 500;

export interface Told {
  say(message: Message): void;
  /** Where people read it; messages that came before anybody listened are handed over. */
  listen(listener: ((text: string) => void) | undefined): void;
}

export function told(clock: Clock, log: Logger, event: (kind: string, facts: Record<string, unknown>) => void): Told {
  const seen = new Map<string, { atMs: number; count: number }>();
  let waiting: string[] = [];
  let listener: ((text: string) => void) | undefined;
  const pass = (text: string) => {
    if (listener) listener(text);
    else waiting = [...waiting, text].slice(-KEPT);
  };
  return {
    say({ instance, level, text, facts }) {
      log[level]({ instance, ...facts }, text);
      event('instance', { instance, level, text, facts });
      const line = instance === null ? text : `${instance}: ${text}`;
      const before = seen.get(line);
      const nowMs = clock.monotonicMs();
      if (before && nowMs - before.atMs < SAME_MS) return void before.count++;
      if (seen.size > KEPT) seen.clear();
      seen.set(line, { atMs: nowMs, count: 0 });
      pass(before && before.count > 0 ? `${line} (${before.count} more like it)` : line);
    },
    listen(next) {
      listener = next;
      if (!next) return;
      for (const text of waiting) next(text);
      waiting = [];
    },
  };
}
