/** The package of this program: its folder and its version. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';

const Package = z.looseObject({ name: z.string(), version: z.string() });

export const packageVersion = (): string => ownPackage().version;
export const packageFolder = (): string => ownPackage().folder;

/** Looked for from this file upward: source and compiled files lie at different depths. */
function ownPackage(): { folder: string; version: string } {
  for (const up of ['../', '../../']) {
    const folder = new URL(up, import.meta.url);
    const text = readOrNothing(new URL('package.json', folder));
    const found = Package.safeParse(text === undefined ? undefined : JSON.parse(text));
    if (found.success && found.data.name === 'cupola')
      return { folder: fileURLToPath(folder), version: found.data.version };
  }
  throw new Error('package.json of cupola not found');
}

function readOrNothing(url: URL): string | undefined {
  try {
    return readFileSync(url, 'utf8');
  } catch {
    return undefined;
  }
}
