/** The site of this machine, found and read by the room that knows site configs. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Outcome, causeOf, failed, ok } from '../base/fault.ts';
import { PACKAGE_FOLDER } from '../base/package.ts';
import { hostFolder } from '../store/host-folder.ts';
import type { Problem, Site, SiteFlags, Validation } from './site.ts';

export interface Machine {
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  hostname: string;
}

/** What the file says where it names no broker. */
const BROKER_DEFAULT = 'mqtt://127.0.0.1:1883';

export async function locateReal(flags: SiteFlags, machine: Machine): Promise<Outcome<Site>> {
  const { findSite } = await import('../site-config/find-site.ts');
  const { readLastGood } = await import('../store/last-good-file.ts');
  const lastGood = (stateDir: string) => readLastGood(stateDir, flags.siteHost ?? machine.hostname);
  const found = findSite({ flags, ...machine, own: PACKAGE_FOLDER, lastGood });
  if (!found.ok) return found;
  const { path, host, config, block, stateDir } = found.value;
  const { urls, credentials, tls, protocol } = block.mqtt;
  const { builtIn } = found.value.located;
  const workingDir = resolve(machine.cwd, flags.workingDir ?? '.');
  const folder = hostFolder(stateDir, host, block.logDir === undefined ? undefined : resolve(workingDir, block.logDir));
  // The built-in site is there once it was started.
  if (builtIn && flags.builtIn !== true && !existsSync(folder.root)) {
    return failed('CONFIG_MISSING', { problem: `no site.yaml in ${machine.cwd} or above` });
  }
  return ok({
    file: path,
    builtIn,
    host,
    here: existsSync(folder.run),
    root: config.root,
    folder,
    hostManagers: new Map([...config.hosts].map(([name, { hostManager }]) => [name, hostManager.instanceId])),
    instances: [...config.hosts].flatMap(([name, { entries }]) =>
      entries
        .filter(({ ignored }) => !ignored)
        .map(({ instanceId, agentClass }) => ({ id: instanceId, host: name, agentClass })),
    ),
    brokers: [...urls],
    brokerNamed: urls.some((url) => url !== BROKER_DEFAULT),
    credentials,
    tls,
    protocol,
  });
}

/** Read the files, or the one in force, and tell everything that is wrong with them. */
export async function validateReal(
  files: readonly string[],
  flags: SiteFlags,
  machine: Machine,
): Promise<Outcome<Validation>> {
  const [{ readSiteConfig }, { complaintJson, renderComplaints }] = await Promise.all([
    import('../site-config/read.ts'),
    import('../site-config/complaint.ts'),
  ]);
  const chosen = files.length > 0 ? ok([...files]) : await ownFile(flags, machine);
  if (!chosen.ok) return chosen;
  const problems: Problem[] = [];
  const texts: string[] = [];
  for (const file of chosen.value) {
    const text = await readText(resolve(machine.cwd, file), file);
    if (!text.ok) return text;
    const complaints = await complaintsOf(text.value, file, machine.cwd, readSiteConfig);
    problems.push(...complaints.map(complaintJson));
    if (complaints.length > 0) texts.push(renderComplaints(complaints, text.value));
  }
  return ok({ files: chosen.value, problems, text: texts.join('\n') });
}

type Read = typeof import('../site-config/read.ts').readSiteConfig;

/** Shape first, then the classes that the plugins of each host bring. */
async function complaintsOf(text: string, file: string, cwd: string, readSiteConfig: Read) {
  const { installedClasses } = await import('../site-config/plugins.ts');
  const { config, complaints } = readSiteConfig({ text, file });
  if (!config) return complaints;
  const from = resolve(cwd, file, '..');
  const plugins = [...config.plugins, ...[...config.hosts.values()].flatMap((block) => block.plugins)];
  const installed = installedClasses({ own: PACKAGE_FOLDER, plugins, from, file });
  const classes = new Set([...installed.classes.keys(), 'Command', 'HostManager']);
  return [...readSiteConfig({ text, file, classes }).complaints, ...installed.complaints].map((complaint) =>
    // A class that is not there is a row "?" at run time, and an error for who asks whether the file is right.
    complaint.code === 'CONFIG_CLASS_UNINSTALLED' ? { ...complaint, severity: 'E' as const } : complaint,
  );
}

async function ownFile(flags: SiteFlags, machine: Machine): Promise<Outcome<string[]>> {
  const { locateSite } = await import('../site-config/locate.ts');
  const located = locateSite({ flags, ...machine });
  if (!located.ok) return located;
  const site = located.value;
  if (site.none || site.builtIn) return failed('CONFIG_MISSING', { problem: 'no file is in force' });
  return ok([site.path]);
}

async function readText(path: string, shown: string): Promise<Outcome<string>> {
  try {
    return ok(await readFile(path, 'utf8'));
  } catch (thrown) {
    return failed('CONFIG_MISSING', { problem: `${shown}: ${causeOf(thrown)}` });
  }
}
