/** Loader hooks, run in Node's loader thread: strip types from `.ts`, and resolve `cupola` to this very package. */
import { readFile } from 'node:fs/promises';
import type { LoadHook, ResolveHook } from 'node:module';
import { fileURLToPath } from 'node:url';

/** Our own exports, for user files that no `node_modules` with `cupola` lies above of. */
const OWN: Record<string, string> = {
  cupola: './cupola.js',
  'cupola/client': '../client/connect.js',
  'cupola/testing': './testing.js',
};

export const resolve: ResolveHook = async (specifier, context, next) => {
  const own = OWN[specifier];
  if (own === undefined) return next(specifier, context);
  return { url: new URL(own, import.meta.url).href, shortCircuit: true };
};

export const load: LoadHook = async (url, context, next) => {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return next(url, context);
  const { transform } = await import('sucrase');
  const path = fileURLToPath(url);
  const { code } = transform(await readFile(path, 'utf8'), {
    transforms: ['typescript'],
    filePath: path,
    disableESTransforms: true,
    preserveDynamicImport: true,
    keepUnusedImports: false,
  });
  return { format: 'module', source: code, shortCircuit: true };
};
