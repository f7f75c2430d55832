/** The version of this program, from its package. */
import { readFileSync } from 'node:fs';
import * as z from 'zod';

const Package = z.looseObject({ name: z.string(), version: z.string() });

/** Looked for from this file upward: source and compiled files lie at different depths. */
export function packageVersion(): string {
  for (const up of ['../package.json', '../../package.json', '../../../package.json']) {
    const text = readOrNothing(new URL(up, import.meta.url));
    const found = Package.safeParse(text === undefined ? undefined : JSON.parse(text));
    if (found.success && found.data.name === 'cupola') return found.data.version;
  }
  return '0.0.0';
}

function readOrNothing(url: URL): string | undefined {
  try {
    return readFileSync(url, 'utf8');
  } catch {
    return undefined;
  }
}
