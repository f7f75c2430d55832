/** A feed: samples in, blocks out, the newest kept in a ring so that readers can fill holes (PROTOCOL §6, framework §6). */
import * as z from 'zod';
import type { Cancel, Clock } from '../base/clock.ts';
import { must, failed } from '../base/fault.ts';
import type { Block, FeedApi, Last, Sample } from '../protocol/envelope.ts';

export type FeedFields = Record<string, z.ZodType>;
export type SampleOf<F extends FeedFields> = { [K in keyof F]: z.input<F[K]> };
export type BlockOf<F extends FeedFields> = { ts: number[] } & { [K in keyof F]: z.input<F[K]>[] };

export interface FeedOptions {
  description?: string;
  /** Keep the newest blocks for readers that were away (true). */
  record?: boolean;
  /** Join samples for so long before a block goes out (0). */
  bufferMs?: number;
  ring?: { minutes?: number; MiB?: number };
}

/** What an agent holds of a feed. */
export interface Feed<F extends FeedFields = FeedFields> {
  readonly kind: 'feed';
  readonly name: string;
  /** One sample (time now) or a block with its times in Unix seconds. Never waits; FEED_SHAPE is thrown at the caller. */
  publish(value: SampleOf<F> | BlockOf<F>): void;
}

/** What the framework holds of it. */
export interface FeedSource extends Feed {
  readonly api: FeedApi;
  /** Number of the newest block; 0 before the first. */
  readonly n: number;
  last(): Last | undefined;
  /** Kept blocks from number `from` on, as many as fit into `bytesMax`, at least one. */
  since(from: number, bytesMax: number): { blocks: Block[]; next: number; oldest: number; newest: number };
  /** Blocks that left the ring before the bus was there again. */
  dropped(): number;
  flush(): void;
}

export interface FeedParts {
  g: number;
  clock: Clock;
  /** A block is to go out. */
  emit(feed: string, block: Block): void;
  /** Is the bus up? Blocks that leave the ring while it is not are counted. */
  busUp(): boolean;
}

const FIELD_NAME = /^_*[A-Za-z][A-Za-z0-9_]{0,254}$/;
const BLOCK_BYTES_MAX = 49_152;
const RING_MINUTES = 10;
const RING_MIB = 16;

export function openFeed<F extends FeedFields>(
  name: string,
  fields: F,
  options: FeedOptions,
  { g, clock, emit, busUp }: FeedParts,
): FeedSource {
  const names = Object.keys(fields);
  const odd = names.find((field) => !FIELD_NAME.test(field));
  if (names.length === 0 || odd !== undefined) {
    must(
      failed('AGENT_SCHEMA', {
        agent: name,
        problem: odd === undefined ? `feed "${name}" has no field` : `field "${odd}" of feed "${name}" is no name`,
      }),
    );
  }
  const record = options.record ?? true;
  const ring = {
    ms: (options.ring?.minutes ?? RING_MINUTES) * 60_000,
    bytes: (options.ring?.MiB ?? RING_MIB) * 1_048_576,
  };
  const kept: { block: Block; bytes: number; atMs: number }[] = [];
  let keptBytes = 0;
  let dropped = 0;
  let n = 0;
  let lastT = Number.NEGATIVE_INFINITY;
  let last: Last | undefined;
  let joined: Columns | undefined;
  let cancelJoin: Cancel | undefined;

  const keep = (block: Block, bytes: number) => {
    const nowMs = clock.monotonicMs();
    kept.push({ block, bytes, atMs: nowMs });
    keptBytes += bytes;
    let first = kept[0];
    while (first && kept.length > 1 && (keptBytes > ring.bytes || nowMs - first.atMs > ring.ms)) {
      kept.shift();
      keptBytes -= first.bytes;
      if (!busUp()) dropped++;
      first = kept[0];
    }
  };
  const send = (columns: Columns) => {
    for (const part of split(columns)) {
      n++;
      const block: Block = { g, n, ts: part.ts, fields: part.fields };
      const newest = names.map((field) => [field, part.fields[field]?.at(-1) ?? null] as const);
      last = { g, n, t: part.ts.at(-1) ?? 0, ...Object.fromEntries(newest) };
      if (record) keep(block, sizeOf(part));
      emit(name, block);
    }
  };
  const flush = () => {
    cancelJoin?.();
    cancelJoin = undefined;
    const columns = joined;
    joined = undefined;
    if (columns) send(columns);
  };
  const join = (columns: Columns, bufferMs: number) => {
    if (joined) append(joined, columns);
    else joined = columns;
    if (sizeOf(joined) >= BLOCK_BYTES_MAX) flush();
    else cancelJoin ??= clock.after(bufferMs, flush);
  };

  return {
    kind: 'feed',
    name,
    api: feedApi(fields, options.description, record),
    get n() {
      return n;
    },
    publish(value) {
      const columns = columnsOf(name, names, value, clock.nowMs() / 1_000);
      if (columns.ts.length === 0) return;
      if (!Array.isArray(value['ts']) && (columns.ts[0] ?? lastT) < lastT) {
        // The clock of the machine was set back: no fault of the caller, who gave no time.
        flush();
        lastT = Number.NEGATIVE_INFINITY;
      }
      if ((columns.ts[0] ?? lastT) < lastT) shape(name, `time runs backwards, ${columns.ts[0]} after ${lastT}`);
      lastT = columns.ts.at(-1) ?? lastT;
      if (options.bufferMs) join(columns, options.bufferMs);
      else send(columns);
    },
    last: () => last,
    since(from, bytesMax) {
      const oldest = kept[0]?.block.n ?? n + 1;
      const blocks: Block[] = [];
      let bytes = 0;
      for (const one of kept) {
        if (one.block.n < from) continue;
        bytes += one.bytes;
        if (blocks.length > 0 && bytes > bytesMax) break;
        blocks.push(one.block);
      }
      return { blocks, next: (blocks.at(-1)?.n ?? Math.max(from, oldest) - 1) + 1, oldest, newest: n };
    },
    dropped: () => dropped,
    flush,
  };
}

interface Columns {
  ts: number[];
  fields: Record<string, Sample[]>;
}

const shape = (feed: string, problem: string): never => must<never>(failed('FEED_SHAPE', { feed, problem }));

/** Read a sample or a block as columns; whatever does not fit is thrown as FEED_SHAPE. */
function columnsOf(feed: string, names: string[], value: Record<string, unknown>, nowS: number): Columns {
  const ts = value['ts'];
  const isBlock = Array.isArray(ts);
  const extra = Object.keys(value).find((key) => !names.includes(key) && !(isBlock && key === 'ts'));
  if (extra !== undefined) shape(feed, `field "${extra}" is not declared`);
  const columns: Columns = {
    ts: isBlock ? ts.map((t) => (typeof t === 'number' ? t : Number.NaN)) : [nowS],
    fields: {},
  };
  if (columns.ts.some((t, i) => !Number.isFinite(t) || t < (columns.ts[i - 1] ?? t)))
    shape(feed, 'times are not in order');
  for (const name of names) {
    const given = value[name];
    if (given === undefined) shape(feed, `field "${name}" is missing`);
    const column = isBlock ? given : [given];
    if (!Array.isArray(column) || column.length !== columns.ts.length) {
      return shape(
        feed,
        `field "${name}" has ${Array.isArray(column) ? column.length : 'no list of'} samples, ts has ${columns.ts.length}`,
      );
    }
    columns.fields[name] = column.map((item) => sampleOf(feed, name, item));
  }
  return columns;
}

function sampleOf(feed: string, name: string, item: unknown): Sample {
  if (typeof item === 'number') return Number.isFinite(item) ? item : null;
  if (typeof item === 'string' || typeof item === 'boolean' || item === null) return item;
  return shape(feed, `field "${name}" holds a ${typeof item}`);
}

/** A rough upper bound of the JSON of a block: numbers have at most 24 characters. */
function sizeOf({ ts, fields }: Columns): number {
  let bytes = 64 + ts.length * 18;
  for (const [name, column] of Object.entries(fields)) {
    bytes += name.length + 6;
    for (const item of column) bytes += typeof item === 'string' ? Buffer.byteLength(JSON.stringify(item)) + 1 : 20;
  }
  return bytes;
}

/** Halves until each part is within the limit; one sample is never split. */
function split(columns: Columns): Columns[] {
  if (columns.ts.length <= 1 || sizeOf(columns) <= BLOCK_BYTES_MAX) return [columns];
  const half = Math.ceil(columns.ts.length / 2);
  const part = (from: number, to?: number): Columns => ({
    ts: columns.ts.slice(from, to),
    fields: Object.fromEntries(Object.entries(columns.fields).map(([name, column]) => [name, column.slice(from, to)])),
  });
  return [...split(part(0, half)), ...split(part(half))];
}

function append(columns: Columns, more: Columns): void {
  columns.ts.push(...more.ts);
  for (const [name, column] of Object.entries(columns.fields)) column.push(...(more.fields[name] ?? []));
}

function feedApi(fields: FeedFields, description: string | undefined, record: boolean): FeedApi {
  const described = Object.entries(fields).map(([name, field]) => {
    const { $schema: _, ...schema } = z.toJSONSchema(field, { unrepresentable: 'any' });
    const meta = z.globalRegistry.get(field);
    const types = [schema.type, ...(schema.anyOf ?? []).map((one) => one.type)].flat();
    const type = types.find((one) => one !== undefined && one !== 'null') ?? 'any';
    const unit = meta?.['unit'];
    const precision = meta?.['precision'];
    return [
      name,
      {
        type: String(type),
        ...(typeof unit === 'string' ? { unit } : {}),
        ...(typeof precision === 'number' ? { precision } : {}),
      },
    ];
  });
  return { ...(description ? { description } : {}), fields: Object.fromEntries(described), record };
}
