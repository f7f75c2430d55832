/** The end of an agent, in order and within a bound: sessions, feeds, devices, presence (framework §3). */
import type { Clock } from '../base/clock.ts';
import type { Fault } from '../base/fault.ts';
import type { Logger } from '../base/log.ts';
import type { BusFace } from './bus-face.ts';
import type { Declared } from './declared.ts';
import type { Operations } from './operations.ts';

export interface Ended {
  code: number;
  fault?: Fault;
}

export interface Ending {
  /** End; resolves to the exit code. A second call cuts the graces short. `why`: the bus has given our place to another. */
  begin(reason: string, exitCode?: number, why?: Fault): Promise<number>;
  readonly ended: Promise<Ended>;
}

export interface EndingParts {
  clock: Clock;
  log: Logger;
  graceMs: number;
  operations: Operations;
  declared(): Declared | undefined;
  face(): BusFace | undefined;
  /** What goes last: beats, topics, socket, store. */
  close(): Promise<void>;
}

/** What a second request leaves for the rest. */
const HURRY_MS = 1_000;
const HURRIED_EXIT = 130;

export function endingOf({ clock, log, graceMs, operations, declared, face, close }: EndingParts): Ending {
  let settle: (ended: Ended) => void = () => {};
  const ended = new Promise<Ended>((resolve) => {
    settle = resolve;
  });
  let hurry: AbortController | undefined;

  const finish = async (reason: string, hurried: AbortSignal): Promise<void> => {
    face()?.draining(reason);
    const cut = new Promise<string[]>((resolve) => {
      hurried.addEventListener('abort', () => clock.after(HURRY_MS, () => resolve([])), { once: true });
    });
    const left = await Promise.race([operations.drain(reason, graceMs), cut]);
    if (left.length > 0) log.warn({ operations: left }, 'given up');
    const hooks = declared();
    for (const feed of hooks?.feeds.values() ?? []) feed.flush();
    for (const act of hooks?.endHooks ?? []) await quietly(() => Promise.race([act(reason), cut]));
    hooks?.over();
    await face()?.end(reason);
    await hooks?.site()?.close();
    for (const act of hooks?.goneHooks ?? []) await quietly(() => Promise.race([act(), cut]));
    await close();
  };
  const quietly = async (act: () => Promise<unknown>): Promise<void> => {
    try {
      await act();
    } catch (err) {
      log.error({ err }, 'a step of the end failed');
    }
  };
  return {
    ended,
    async begin(reason, exitCode = 0, why) {
      if (hurry) {
        // Only a person is in a hurry: another one on the bus in the middle of our end is none.
        if (why) return (await ended).code;
        if (!hurry.signal.aborted) for (const act of declared()?.hurryHooks ?? []) act();
        hurry.abort();
        return (await ended).code;
      }
      hurry = new AbortController();
      log.info({ reason }, 'ending');
      if (why) for (const act of declared()?.oustedHooks ?? []) act();
      await finish(reason, hurry.signal);
      const code = hurry.signal.aborted ? HURRIED_EXIT : exitCode;
      settle(why ? { code, fault: why } : { code });
      return code;
    },
  };
}
