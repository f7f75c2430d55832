/** Which site file, which host block and which entry are meant, from flags, environment and folder (spec: site config, §1). */
import { readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Outcome, causeOf, failed, ok } from '../base/fault.ts';
import { didYouMean } from '../base/nearest.ts';
import { BUILT_IN_TEXT } from './built-in.ts';
import { BUILT_IN_FILE, type Entry, type HostBlock, type SiteConfig } from './site.ts';

export interface SiteFlags {
  readonly siteFile?: string | undefined;
  readonly site?: string | undefined;
  readonly siteHost?: string | undefined;
  readonly instanceId?: string | undefined;
  readonly addressRoot?: string | undefined;
  readonly logDir?: string | undefined;
  /** The folder that relative paths start from. */
  readonly workingDir?: string | undefined;
}

/** Flags of OCS that are accepted and do nothing; each is worth a note. */
export const IDLE_FLAGS = [
  '--site-hub',
  '--site-http',
  '--site-realm',
  '--crossbar-timeout',
  '--registry-address',
  '--access-policy',
] as const;

export type Env = Readonly<Record<string, string | undefined>>;

/** What is asked of the disk. */
export interface SiteFiles {
  isFile(path: string): boolean;
  read(path: string): string;
}

export const diskFiles: SiteFiles = {
  isFile: (path) => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false,
  read: (path) => readFileSync(path, 'utf8'),
};

export type Located =
  | {
      readonly builtIn: false;
      readonly none: false;
      readonly path: string;
      readonly file: string;
      readonly folder: string;
      readonly text: string;
    }
  /** No file anywhere: `cupola start` takes this site, everything else refuses. */
  | {
      readonly builtIn: true;
      readonly none: false;
      readonly file: string;
      readonly folder: string;
      readonly text: string;
    }
  /** `--site none`: settings come from the command line alone. */
  | { readonly builtIn: false; readonly none: true };

export interface LocateGiven {
  readonly flags: SiteFlags;
  readonly env: Env;
  readonly cwd: string;
  readonly files?: SiteFiles | undefined;
}

/** Find and read the site file. */
export function locateSite({ flags, env, cwd, files = diskFiles }: LocateGiven): Outcome<Located> {
  if (flags.siteFile !== undefined && flags.site !== undefined) {
    return failed('USAGE', { problem: 'Cannot use "--site-file" together with "--site"', remedy: 'Give one of them' });
  }
  if (flags.site === 'none') return ok({ builtIn: false, none: true });
  const base = resolve(cwd, flags.workingDir ?? '.');
  const said = saidFile(flags, env, base, files);
  if (!said.ok) return said;
  const path = said.value ?? foundFile(env, base, files);
  if (path === undefined)
    return ok({ builtIn: true, none: false, file: BUILT_IN_FILE, folder: base, text: BUILT_IN_TEXT });
  try {
    const shown = flags.siteFile ?? path;
    return ok({ builtIn: false, none: false, path, file: shown, folder: dirname(path), text: files.read(path) });
  } catch (thrown) {
    return failed('CONFIG_MISSING', { problem: causeOf(thrown) });
  }
}

/** The name of the block that is this host's: by flag, by the machine's name, else `localhost`. */
export function chooseHost(
  config: SiteConfig,
  { flags, env, hostname }: { flags: SiteFlags; env: Env; hostname: string },
): Outcome<string> {
  const known = [...config.hosts.keys(), ...config.brokenHosts];
  const wanted = flags.siteHost ?? nonEmpty(env.SITE_HOST) ?? hostname;
  const name = [wanted, 'localhost'].find((candidate) => known.includes(candidate));
  return name === undefined
    ? failed('CONFIG_HOST_UNKNOWN', { host: wanted, known, near: didYouMean(wanted, known) })
    : ok(name);
}

/** The entry that is meant: by id, else the only one of the class. */
export function chooseEntry(
  block: HostBlock,
  { flags, env, agentClass }: { flags: SiteFlags; env: Env; agentClass: string },
): Outcome<Entry> {
  const instanceId = flags.instanceId ?? nonEmpty(env.INSTANCE_ID);
  const managed = block.entries.filter(({ ignored }) => !ignored);
  if (instanceId !== undefined) {
    const entry = block.entries.find((entry) => entry.instanceId === instanceId);
    const ids = managed.map((entry) => entry.instanceId);
    return entry ? ok(entry) : failed('TARGET_UNKNOWN', { target: instanceId, near: didYouMean(instanceId, ids) });
  }
  const [first, ...more] = managed.filter((entry) => entry.agentClass === agentClass);
  if (!first)
    return failed('TARGET_UNKNOWN', {
      target: agentClass,
      near: didYouMean(agentClass, new Set(managed.map((entry) => entry.agentClass))),
    });
  return more.length === 0
    ? ok(first)
    : failed('ENTRY_AMBIGUOUS', { agentClass, ids: [first, ...more].map((entry) => entry.instanceId) });
}

/** The config with what the command line says over it. */
export function overridden(config: SiteConfig, { addressRoot, logDir }: SiteFlags): SiteConfig {
  const hosts =
    logDir === undefined
      ? config.hosts
      : new Map([...config.hosts].map(([name, block]) => [name, { ...block, logDir }]));
  return { ...config, root: addressRoot ?? config.root, hosts };
}

/** A file that was named outright: if it is not there, no other stands in for it. */
function saidFile(
  { siteFile, site }: SiteFlags,
  env: Env,
  base: string,
  files: SiteFiles,
): Outcome<string | undefined> {
  const named = siteFile ?? (site !== undefined && /\/|\.ya?ml$/.test(site) ? site : undefined);
  if (named !== undefined) return existing([resolve(base, named)], files);
  if (site !== undefined) {
    const folders = [env.CUPOLA_CONFIG_DIR, env.OCS_CONFIG_DIR].map(nonEmpty).filter((folder) => folder !== undefined);
    if (folders.length === 0)
      return failed('CONFIG_MISSING', { problem: `"--site ${site}" needs $CUPOLA_CONFIG_DIR or $OCS_CONFIG_DIR` });
    return existing(
      folders.map((folder) => resolve(base, folder, `${site}.yaml`)),
      files,
    );
  }
  const byEnv = nonEmpty(env.CUPOLA_SITE);
  return byEnv === undefined ? ok(undefined) : existing([resolve(base, byEnv)], files);
}

function existing(paths: readonly string[], files: SiteFiles): Outcome<string> {
  const path = paths.find((candidate) => files.isFile(candidate));
  return path === undefined
    ? failed('CONFIG_MISSING', { problem: `there is no ${paths.join(', and no ')}` })
    : ok(path);
}

function foundFile(env: Env, base: string, files: SiteFiles): string | undefined {
  const inFolder = (folder: string | undefined, name: string): string[] =>
    nonEmpty(folder) === undefined ? [] : [resolve(base, folder ?? '', name)];
  const candidates = [
    ...inFolder(env.CUPOLA_CONFIG_DIR, 'default.yaml'),
    ...upward(base).map((folder) => join(folder, 'site.yaml')),
    ...inFolder(env.HOME, '.config/cupola/site.yaml'),
    '/etc/cupola/site.yaml',
    ...inFolder(env.OCS_CONFIG_DIR, 'default.yaml'),
  ];
  return candidates.find((path) => files.isFile(path));
}

function upward(from: string): string[] {
  const folders: string[] = [];
  for (let folder = from; ; folder = dirname(folder)) {
    folders.push(folder);
    if (dirname(folder) === folder) return folders;
  }
}

const nonEmpty = (text: string | undefined): string | undefined => (text === '' ? undefined : text);
