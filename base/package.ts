/** The package that this program was installed as. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

/** Folder of our package.json. */
export const PACKAGE_FOLDER = join(import.meta.dirname, '..', '..');

export const VERSION: string = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(join(PACKAGE_FOLDER, 'package.json'), 'utf8'))).version;
