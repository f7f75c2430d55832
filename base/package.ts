/** The package that this program was installed as. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Folder of our package.json. */
export const PACKAGE_FOLDER = join(import.meta.dirname, '..', '..');

export const VERSION: string = versionOf(JSON.parse(readFileSync(join(PACKAGE_FOLDER, 'package.json'), 'utf8')));

/** Read by hand: a schema library would be half of what "cupola version" takes. */
function versionOf(read: unknown): string {
  if (typeof read === 'object' && read !== null && 'version' in read && typeof read.version === 'string')
    return read.version;
  throw new Error('package.json has no version');
}
