/** The installed agent classes: Cupola's own, then those of the site's plugin packages and folders. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import * as z from 'zod';
import { type FaultCode, causeOf, fault } from '../base/fault.ts';
import type { Complaint } from './complaint.ts';

export interface InstalledClass {
  /** Absolute path of the module that exports the agent. */
  readonly module: string;
  /** Name of the package that brings it. */
  readonly from: string;
}

export interface Installed {
  readonly classes: ReadonlyMap<string, InstalledClass>;
  readonly complaints: Complaint[];
}

export interface PluginPlaces {
  /** The folder of Cupola's own package.json. */
  readonly own: string;
  /** `plugins` of the site and the host, in order. */
  readonly plugins: readonly string[];
  /** Folder of the site file, where relative names and packages are looked for. */
  readonly from: string;
  /** Site file as named in complaints. */
  readonly file: string;
}

const PackageFile = z.looseObject({
  name: z.string().optional(),
  cupola: z.looseObject({ agents: z.record(z.string().regex(/^[A-Za-z][A-Za-z0-9_.]{0,63}$/), z.string().min(1)) }),
});

/** Find all classes. Never throws: a plugin that cannot be read is a warning. */
export function installedClasses({ own, plugins, from, file }: PluginPlaces): Installed {
  const classes = new Map<string, InstalledClass>();
  const complaints: Complaint[] = [];
  const warn = (code: FaultCode, facts: Record<string, unknown>): void => {
    const { message, remedy } = fault(code, facts);
    complaints.push({ file, line: 1, column: 1, endColumn: 2, severity: 'W', code, message, remedy });
  };
  const folders = [
    { plugin: 'cupola', folder: own },
    ...plugins.map((plugin) => ({ plugin, folder: folderOf(plugin, [from, own]) })),
  ];
  const seen = new Set<string>();
  for (const { plugin, folder } of folders) {
    if (folder === undefined) {
      warn('CONFIG_PLUGIN', { plugin, problem: `no such folder, and no package of this name from ${from} upward` });
      continue;
    }
    if (seen.has(resolve(folder))) continue;
    seen.add(resolve(folder));
    const read = readPackage(folder);
    if (typeof read === 'string') {
      warn('CONFIG_PLUGIN', { plugin, problem: read });
      continue;
    }
    const name = read.name ?? plugin;
    for (const [agentClass, path] of Object.entries(read.cupola.agents)) {
      const module = resolve(folder, path);
      const first = classes.get(agentClass);
      if (outside(folder, module))
        warn('CONFIG_PLUGIN', { plugin, problem: `the path of class "${agentClass}" leads out of it` });
      else if (first) warn('CONFIG_CLASS_TWICE', { agentClass, first: `"${first.from}"`, second: `"${name}"` });
      else classes.set(agentClass, { module, from: name });
    }
  }
  return { classes, complaints };
}

/** The package, or why it is none. */
function readPackage(folder: string): z.infer<typeof PackageFile> | string {
  try {
    const parsed = PackageFile.safeParse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')));
    if (parsed.success) return parsed.data;
    const issue = parsed.error.issues[0];
    return `"${issue?.path.join('.')}" of its package.json is not a map of class names to files`;
  } catch (thrown) {
    return causeOf(thrown);
  }
}

function folderOf(plugin: string, from: readonly string[]): string | undefined {
  const [first = '.'] = from;
  const direct = isAbsolute(plugin) ? plugin : resolve(first, plugin);
  if (isAbsolute(plugin) || plugin.startsWith('.') || existsSync(join(direct, 'package.json'))) return direct;
  for (const start of from) {
    for (let folder = resolve(start); ; folder = dirname(folder)) {
      const candidate = join(folder, 'node_modules', plugin);
      if (existsSync(join(candidate, 'package.json'))) return candidate;
      if (dirname(folder) === folder) break;
    }
  }
  return undefined;
}

const outside = (folder: string, module: string): boolean => {
  const way = relative(folder, module);
  return way.startsWith('..') || isAbsolute(way);
};
