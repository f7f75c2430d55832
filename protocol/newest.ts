/** Which of two states of one topic is newer, and which topics a reader has missed (PROTOCOL §2). */

/** Generation of the writer, and count of its changes of this topic. */
export interface Mark {
  g: number;
  n: number;
}

/** Is it to replace what is held? Any order and any copies of the same messages end alike. */
export const isNewer = ({ g, n }: Mark, held: Mark | undefined): boolean =>
  held === undefined || g > held.g || (g === held.g && n > held.n);

/** Topics of a heartbeat whose mark is ahead of what is held. A beat of an older generation says nothing. */
export function behind(
  held: ReadonlyMap<string, Mark>,
  { g, marks }: { g: number; marks: Record<string, number> },
): string[] {
  return Object.entries(marks)
    .filter(([topic, n]) => isNewer({ g, n }, held.get(topic)))
    .map(([topic]) => topic);
}
