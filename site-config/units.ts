/** Durations and sizes as people write them, for zod schemas: `250ms`, `10s`, `2m`, `1h`, seconds; `10MiB`, bytes. */
import * as z from 'zod';

const MS_PER: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const BYTES_PER: Readonly<Record<string, number>> = { b: 1, kib: 1024, mib: 1024 ** 2, gib: 1024 ** 3 };
const DAY_MS = 86_400_000;

/** Milliseconds of a duration, or undefined where it is none. A bare number counts seconds. */
export function durationMs(given: number | string): number | undefined {
  const found = /^(\d+(?:\.\d*)?|\.\d+)\s*(ms|s|m|h)?$/.exec(String(given).trim());
  const factor = MS_PER[found?.[2] ?? 's'];
  return found && factor !== undefined ? Math.round(Number(found[1]) * factor) : undefined;
}

/** Bytes of a size, or undefined where it is none. */
export function sizeBytes(given: number | string): number | undefined {
  const found = /^(\d+(?:\.\d*)?)\s*(KiB|MiB|GiB|B)?$/i.exec(String(given).trim());
  const factor = BYTES_PER[(found?.[2] ?? 'B').toLowerCase()];
  const bytes = found && factor !== undefined ? Math.round(Number(found[1]) * factor) : undefined;
  return bytes !== undefined && Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** A duration between two bounds, in milliseconds. */
export const duration = ({ minMs = 0, maxMs = 30 * DAY_MS }: { minMs?: number; maxMs?: number } = {}) =>
  z.union([z.number(), z.string()], { error: NO_DURATION }).transform((given, context) => {
    const ms = durationMs(given);
    if (ms === undefined) return refuse(context, NO_DURATION);
    if (ms < minMs || ms > maxMs)
      return refuse(context, `it must be from ${durationText(minMs)} to ${durationText(maxMs)}`);
    return ms;
  });

/** A size above zero, in bytes. */
export const size = () =>
  z.union([z.number(), z.string()], { error: NO_SIZE }).transform((given, context) => {
    const bytes = sizeBytes(given);
    return bytes === undefined || bytes === 0 ? refuse(context, NO_SIZE) : bytes;
  });

const NO_DURATION = 'it is no duration: seconds, or "250ms", "10s", "2m", "1h"';
const NO_SIZE = 'it is no size: bytes, or "64KiB", "10MiB", "1GiB"';

function refuse(context: z.RefinementCtx, message: string): typeof z.NEVER {
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
}

function durationText(ms: number): string {
  if (ms % 3_600_000 === 0 && ms > 0) return `${ms / 3_600_000}h`;
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}
