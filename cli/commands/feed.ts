/** `cupola feed tail SELECTOR`: samples of a feed as they come. */
import { failed } from '../../base/fault.ts';
import { didYouMean } from '../../base/nearest.ts';
import type { Block } from '../../protocol/envelope.ts';
import { readDuration, sayMoment } from '../duration.ts';
import { interrupted } from '../interrupt.ts';
import type { Result } from '../output.ts';
import { valueText } from '../value-text.ts';
import type { Shell } from '../shell.ts';
import { readTarget } from '../targets.ts';

export async function feedTail(shell: Shell, selector: string, every: string | undefined): Promise<Result> {
  const target = readTarget(selector);
  if (target.kind !== 'part')
    return failed('USAGE', {
      problem: `"${selector}" is no feed`,
      remedy: 'Run "cupola feed tail ID.FEED" or "ID.FEED.FIELD"',
    });
  const gap = every === undefined ? undefined : readDuration(every);
  if (gap?.ok === false) return gap;
  const site = await shell.site();
  if (!site.ok) return site;
  const { agent, name: feed, field } = target;
  const caller = await shell.reach(site.value).caller(agent);
  if (!caller.ok) return caller;
  const api = await caller.value.describe(agent);
  if (!api.ok) return api;
  const known = Object.keys(api.value.feeds);
  const described = api.value.feeds[feed];
  if (described === undefined) return failed('FEED_UNKNOWN', { feed: `${selector}${didYouMean(feed, known)}`, known });
  if (field !== undefined && described.fields[field] === undefined) {
    return failed('FEED_UNKNOWN', {
      feed: `${selector}${didYouMean(field, Object.keys(described.fields))}`,
      known: Object.keys(described.fields),
    });
  }
  const timeout = shell.timeoutMs(undefined);
  if (!timeout.ok) return timeout;
  const units = Object.fromEntries(Object.entries(described.fields).map(([name, { unit }]) => [name, unit ?? '']));
  const print = (block: Block): void => {
    const shown = narrowed(block, field, gap !== undefined);
    if (shell.format === 'text') shell.terminal.out(blockText(shown, units, shell));
    else shell.terminal.out(`${JSON.stringify({ instance_id: agent, feed, ...shown })}\n`);
  };
  let nextMs = 0;
  const watch = () =>
    caller.value.watchFeed(agent, feed, (block) => {
      const nowMs = shell.parts.clock.monotonicMs();
      if (nowMs < nextMs) return;
      nextMs = gap === undefined ? 0 : nowMs + gap.value;
      print(block);
    });
  return following(shell, timeout.value, watch);
}

/** One field, and with a rate one sample, the newest. */
function narrowed(block: Block, field: string | undefined, newestOnly: boolean): Block {
  const names = Object.entries(block.fields).filter(([name]) => field === undefined || name === field);
  const last = newestOnly ? -1 : 0;
  return {
    ...block,
    ts: block.ts.slice(last),
    fields: Object.fromEntries(names.map(([name, values]) => [name, values.slice(last)])),
  };
}

function blockText({ ts, fields }: Block, units: Record<string, string>, { parts, options }: Shell): string {
  const names = Object.keys(fields);
  return ts
    .map((at, i) => {
      const cells = names.map(
        (name) => `${name} ${sampleText(fields[name]?.[i] ?? null)}${units[name] ? ` ${units[name]}` : ''}`,
      );
      return `${sayMoment(at * 1_000, parts.clock.nowMs(), options.utc)}  ${cells.join('  ')}\n`;
    })
    .join('');
}

/** Seven digits are more than any instrument has; `--json` has them all. */
const sampleText = (value: unknown): string =>
  typeof value === 'number' && !Number.isInteger(value) ? String(Number(value.toPrecision(7))) : valueText(value);

/** Until Ctrl-C (130) or `--timeout` (0: it was asked for). */
function following(shell: Shell, timeoutMs: number | undefined, watch: () => () => void): Promise<Result> {
  return new Promise((resolve) => {
    const end = (result: Result): void => {
      cancel();
      stop();
      limit?.();
      resolve({ ...result, streamed: true });
    };
    const stop = shell.terminal.onInterrupt(() => end(interrupted()));
    const limit = timeoutMs === undefined ? undefined : shell.parts.clock.after(timeoutMs, () => end({}));
    const cancel = watch();
  });
}
