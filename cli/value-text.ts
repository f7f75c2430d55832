/** A value of a session, a feed or a log as people read it: text as it is, everything else as JSON. */

export const valueText = (value: unknown): string =>
  typeof value === 'string' ? value : (JSON.stringify(value) ?? '–');
