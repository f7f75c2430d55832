/** Copies of requests without id or client: identical bytes on one topic within 2 s count once (PROTOCOL §4.4). */

export const COPY_WINDOW_MS = 2_000;

/** Made by `newCopies`, changed only by `admitBytes`. */
export interface Copies {
  /** Text of topic and payload → when it stops counting as a copy. Oldest first. */
  readonly seen: Map<string, number>;
  readonly entriesMax: number;
  readonly charsMax: number;
  chars: number;
}

export const newCopies = (entriesMax = 256, charsMax = 4_194_304): Copies => ({
  seen: new Map(),
  entriesMax,
  charsMax,
  chars: 0,
});

/** `new` the first time, `copy` within 2 s of it, `full` when too many different ones came in 2 s: then it is not done. */
export function admitBytes(copies: Copies, topic: string, text: string, nowMs: number): 'new' | 'copy' | 'full' {
  for (const [name, untilMs] of copies.seen) {
    if (untilMs > nowMs) break;
    copies.seen.delete(name);
    copies.chars -= name.length;
  }
  const name = `${topic} ${text}`;
  if (copies.seen.has(name)) return 'copy';
  if (copies.seen.size >= copies.entriesMax || copies.chars + name.length > copies.charsMax) return 'full';
  copies.seen.set(name, nowMs + COPY_WINDOW_MS);
  copies.chars += name.length;
  return 'new';
}
