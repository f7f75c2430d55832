/** A key-value folder of one owner: read from memory, written to disk and synced before a write is said to be done. */
import type { Outcome } from '../base/fault.ts';

export type Change = { key: string; value: unknown } | { key: string; remove: true };

export interface Store {
  readonly folder: string;
  /** The value under `key`, parsed JSON; undefined when there is none. */
  get(key: string): unknown;
  /** Keys beginning with `prefix`, in order. */
  keys(prefix?: string): string[];
  /** All of `changes` or none; resolves when they would survive `kill -9` and loss of power. Reads see them at once. */
  write(changes: readonly Change[]): Promise<Outcome<void>>;
  close(): Promise<void>;
}
