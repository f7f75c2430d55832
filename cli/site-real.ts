/** The site of this machine, found and read by the room that knows site configs. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import * as z from 'zod';
import { type Outcome, causeOf, failed, ok } from '../base/fault.ts';
import { hostFolder } from '../store/host-folder.ts';
import type { Problem, Site, SiteFlags, Validation } from './site.ts';
import { packageFolder } from './version.ts';

export interface Machine {
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  hostname: string;
}

/** What the file means where it names no broker. */
const BROKER_DEFAULT = 'mqtt://127.0.0.1:1883';

export async function locateReal(flags: SiteFlags, machine: Machine): Promise<Outcome<Site>> {
  const [{ chooseHost, locateSite }, { readSiteConfig }, { headline }] = await Promise.all([
    import('../site-config/locate.ts'),
    import('../site-config/read.ts'),
    import('../site-config/complaint.ts'),
  ]);
  const located = locateSite({ flags, ...machine });
  if (!located.ok) return located;
  if (located.value.none) return failed('CONFIG_MISSING', { problem: '"--site none" names no site' });
  const { builtIn, file, folder, text } = located.value;
  const { config, complaints } = readSiteConfig({ text, file });
  if (config === undefined) {
    const first = complaints.find(({ severity }) => severity === 'F');
    return failed('CONFIG_INVALID', { problem: first === undefined ? file : headline(first) });
  }
  const host = chooseHost(config, { flags, ...machine });
  if (!host.ok) return host;
  const block = config.hosts.get(host.value);
  const stateDir = flags.stateDir === undefined ? join(folder, '.cupola') : resolve(machine.cwd, flags.stateDir);
  const logDir = block?.logDir === undefined ? undefined : resolve(machine.cwd, flags.workingDir ?? '.', block.logDir);
  const own = hostFolder(stateDir, host.value, logDir);
  // The built-in site is there once it was started.
  if (builtIn && flags.builtIn !== true && !existsSync(own.root)) {
    return failed('CONFIG_MISSING', { problem: `no site.yaml in ${folder} or above` });
  }
  const brokers = block?.mqtt.urls ?? [BROKER_DEFAULT];
  return ok({
    file: builtIn ? undefined : file,
    builtIn,
    host: host.value,
    root: config.root,
    folder: own,
    hostManagers: new Map([...config.hosts].map(([name, { hostManager }]) => [name, hostManager.instanceId])),
    instances: [...config.hosts].flatMap(([name, { entries }]) =>
      entries
        .filter(({ ignored }) => !ignored)
        .map(({ instanceId, agentClass }) => ({ id: instanceId, host: name, agentClass })),
    ),
    brokers,
    brokerNamed: brokers.some((url) => url !== BROKER_DEFAULT),
    credentials: block?.mqtt.credentials,
    tls: block?.mqtt.tls,
    protocol: block?.mqtt.protocol ?? 4,
  });
}

const ProblemWire = z.object({
  file: z.string(),
  line: z.number(),
  column: z.number(),
  end_column: z.number(),
  severity: z.enum(['error', 'warning', 'note']),
  code: z.string(),
  message: z.string(),
  remedy: z.string(),
});

export async function validateReal(
  files: readonly string[],
  flags: SiteFlags,
  machine: Machine,
): Promise<Outcome<Validation>> {
  const { complaintJson, renderComplaints } = await import('../site-config/complaint.ts');
  const chosen = files.length > 0 ? await given(files, machine) : await own(flags, machine);
  if (!chosen.ok) return chosen;
  const problems: Problem[] = [];
  const texts: string[] = [];
  for (const { file, folder, text } of chosen.value) {
    const complaints = await complaintsOf(file, folder, text);
    problems.push(...complaints.map((complaint) => ProblemWire.parse(complaintJson(complaint))));
    if (complaints.length > 0) texts.push(renderComplaints(complaints, text));
  }
  return ok({ files: chosen.value.map(({ file }) => file), problems, text: texts.join('\n') });
}

/** Read once to learn of the plugins, and again with the classes that they and Cupola bring. */
async function complaintsOf(file: string, folder: string, text: string) {
  const [{ readSiteConfig }, { installedClasses }] = await Promise.all([
    import('../site-config/read.ts'),
    import('../site-config/plugins.ts'),
  ]);
  const first = readSiteConfig({ text, file });
  if (first.config === undefined) return first.complaints;
  const plugins = [
    ...new Set([first.config.plugins, ...[...first.config.hosts.values()].map((host) => host.plugins)].flat()),
  ];
  const installed = installedClasses({ own: packageFolder(), plugins, from: folder, file });
  const classes = new Set(['HostManager', 'Command', ...installed.classes.keys()]);
  return [...installed.complaints, ...readSiteConfig({ text, file, classes }).complaints];
}

interface SiteText {
  file: string;
  folder: string;
  text: string;
}

async function own(flags: SiteFlags, machine: Machine): Promise<Outcome<SiteText[]>> {
  const { locateSite } = await import('../site-config/locate.ts');
  const located = locateSite({ flags, ...machine });
  if (!located.ok) return located;
  if (located.value.none || located.value.builtIn)
    return failed('CONFIG_MISSING', { problem: 'there is no file to check' });
  return ok([located.value]);
}

async function given(files: readonly string[], { cwd }: Machine): Promise<Outcome<SiteText[]>> {
  const texts: SiteText[] = [];
  for (const file of files) {
    try {
      const path = resolve(cwd, file);
      texts.push({ file, folder: dirname(path), text: await readFile(path, 'utf8') });
    } catch (thrown) {
      return failed('CONFIG_MISSING', { problem: causeOf(thrown) });
    }
  }
  return ok(texts);
}
