/** The site of this machine, found and read by the room that knows site configs. */
import { readFile, stat } from 'node:fs/promises';
import * as z from 'zod';
import { type Outcome, causeOf, failed, ok } from '../base/fault.ts';
import { hostFolder } from '../store/host-folder.ts';
import type { Problem, Site, SiteFlags, Validation } from './site.ts';

interface Machine {
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  hostname: string;
}

/** What the file says where it names no broker. */
const BROKER_DEFAULT = 'mqtt://127.0.0.1:1883';

export async function locateReal(flags: SiteFlags, machine: Machine): Promise<Outcome<Site>> {
  const { locateSite } = await import('../site-config/locate.ts');
  const located = locateSite({ flags, ...machine });
  if (!located.ok) return located;
  const { file, builtIn, host, stateDir, config } = located.value;
  const block = config.hosts.get(host);
  const brokers = block?.mqtt.urls ?? [BROKER_DEFAULT];
  return ok({
    file,
    builtIn,
    host,
    root: config.root,
    folder: hostFolder(stateDir, host, block?.logDir),
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

const ProblemWire = z.looseObject({
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
  const [{ readSiteConfig }, { complaintJson, renderComplaints }] = await Promise.all([
    import('../site-config/read.ts'),
    import('../site-config/complaint.ts'),
  ]);
  const chosen = files.length > 0 ? ok([...files]) : await ownFile(flags, machine);
  if (!chosen.ok) return chosen;
  const problems: Problem[] = [];
  const texts: string[] = [];
  for (const file of chosen.value) {
    const text = await readText(file);
    if (!text.ok) return text;
    const { complaints } = readSiteConfig({ text: text.value, file });
    problems.push(...complaints.map((complaint) => ProblemWire.parse(complaintJson(complaint))));
    if (complaints.length > 0) texts.push(renderComplaints(complaints, text.value));
  }
  return ok({ files: chosen.value, problems, text: texts.join('\n') });
}

async function ownFile(flags: SiteFlags, machine: Machine): Promise<Outcome<string[]>> {
  const { locateSite } = await import('../site-config/locate.ts');
  const located = locateSite({ flags, ...machine });
  if (!located.ok) return located;
  return located.value.file === undefined
    ? failed('CONFIG_MISSING', { problem: 'no file is in force' })
    : ok([located.value.file]);
}

const Credentials = z.object({ username: z.string(), password: z.string() });

/** Name and password of this user at the broker; the file must be readable by nobody else. */
export async function readCredentials(path: string): Promise<Outcome<{ username: string; password: string }>> {
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0)
      return failed('CONFIG_INVALID', { problem: `${path} can be read by others; run "chmod 600 ${path}"` });
    return ok(Credentials.parse(JSON.parse(await readFile(path, 'utf8'))));
  } catch (thrown) {
    return failed('CONFIG_INVALID', { problem: `credentials ${path}: ${causeOf(thrown)}` });
  }
}

async function readText(file: string): Promise<Outcome<string>> {
  try {
    return ok(await readFile(file, 'utf8'));
  } catch (thrown) {
    return failed('CONFIG_MISSING', { problem: `${file}: ${causeOf(thrown)}` });
  }
}
