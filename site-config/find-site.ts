/** From flags and environment to one host of one site, in one step: the file found and read, the block chosen, the classes known. */
import { join, resolve } from 'node:path';
import { type Outcome, failed, ok } from '../base/fault.ts';
import type { Complaint } from './complaint.ts';
import { BUILT_IN_TEXT } from './built-in.ts';
import { type Env, type Located, type SiteFlags, chooseHost, locateSite, overridden } from './locate.ts';
import { type InstalledClass, installedClasses } from './plugins.ts';
import { readSiteConfig } from './read.ts';
import type { HostBlock, SiteConfig } from './site.ts';

export interface FoundSite {
  readonly located: Located;
  /** As named in complaints. */
  readonly file: string;
  /** The site file; undefined for the built-in site and for `--site none`. */
  readonly path: string | undefined;
  readonly config: SiteConfig;
  readonly complaints: readonly Complaint[];
  readonly host: string;
  readonly block: HostBlock;
  readonly classes: ReadonlyMap<string, InstalledClass>;
  /** Where `.cupola` lies. */
  readonly stateDir: string;
}

export interface FindGiven {
  readonly flags: SiteFlags & { readonly stateDir?: string | undefined };
  readonly env: Env;
  readonly cwd: string;
  readonly hostname: string;
  /** The folder of Cupola's own package.json. */
  readonly own: string;
  /** Text of the last good site file, for a HostManager that starts on a broken one. */
  readonly lastGood?: (stateDir: string) => string | undefined;
}

const NO_SITE_TEXT = 'hub: {}\nhosts: {localhost: {agent-instances: []}}\n';

/** Find it. A broken file is refused with all complaints in `facts.complaints`, unless a last good one stands in. */
export function findSite({ flags, env, cwd, hostname, own, lastGood }: FindGiven): Outcome<FoundSite> {
  const located = locateSite({ flags, env, cwd });
  if (!located.ok) return located;
  const site = located.value;
  const text = site.none ? NO_SITE_TEXT : site.builtIn ? BUILT_IN_TEXT : site.text;
  const file = site.none ? 'no site file' : site.file;
  const folder = site.none ? resolve(cwd, flags.workingDir ?? '.') : site.folder;
  const stateDir = resolve(cwd, flags.stateDir ?? env.CUPOLA_STATE_DIR ?? join(folder, '.cupola'));
  const first = readSiteConfig({ text, file });
  const config = first.config ?? fallback(lastGood?.(stateDir), file);
  if (!config) return failed('CONFIG_INVALID', { problem: headOf(first.complaints), complaints: first.complaints });
  const chosen = chooseHost(config, { flags, env, hostname });
  if (!chosen.ok) return chosen;
  const block = overridden(config, flags).hosts.get(chosen.value);
  if (!block)
    return failed('CONFIG_INVALID', {
      problem: `the block of host "${chosen.value}" is refused`,
      complaints: first.complaints,
    });
  const installed = installedClasses({ own, plugins: block.plugins, from: folder, file });
  const again = readSiteConfig({
    text,
    file,
    host: chosen.value,
    classes: new Set([...installed.classes.keys(), 'Command', 'HostManager']),
  });
  return ok({
    located: site,
    file,
    path: site.none || site.builtIn ? undefined : site.path,
    config: overridden(config, flags),
    complaints: [...again.complaints, ...installed.complaints],
    host: chosen.value,
    block,
    classes: installed.classes,
    stateDir,
  });
}

const fallback = (text: string | undefined, file: string): SiteConfig | undefined =>
  text === undefined ? undefined : readSiteConfig({ text, file }).config;

const headOf = (complaints: readonly Complaint[]): string => {
  const first = complaints.find(({ severity }) => severity === 'F');
  return first ? `${first.file}:${first.line}:${first.column}: ${first.message}` : 'the file is refused';
};
