/** What every command has at hand: options read once, the site, the way to agents, and the end that tidies up. */
import * as z from 'zod';
import { type Outcome, failed, ok } from '../base/fault.ts';
import { didYouMean } from '../base/nearest.ts';
import type { Caller } from '../client/caller.ts';
import { readDuration } from './duration.ts';
import { type Fleet, candidates, readFleet } from './fleet.ts';
import { type Format, formatOf } from './output.ts';
import type { Parts } from './parts.ts';
import { type Reach, reachOf } from './reach.ts';
import { type Site, type SiteFlags, hostNamed, ownHostManager } from './site.ts';
import type { View } from './status-table.ts';
import { type Chosen, type Filter, choose } from './targets.ts';
import { type Paint, type Terminal, colourOn, painter } from './terminal.ts';

/** Options that every command takes. */
export const CommonOptions = z.looseObject({
  json: z.boolean().default(false),
  jsonl: z.boolean().default(false),
  quiet: z.boolean().default(false),
  wide: z.boolean().default(false),
  utc: z.boolean().default(false),
  yes: z.boolean().default(false),
  dryRun: z.boolean().default(false),
  color: z.enum(['auto', 'always', 'never']).default('auto'),
  timeout: z.string().optional(),
  broker: z.string().optional(),
  site: z.string().optional(),
  siteFile: z.string().optional(),
  siteHost: z.string().optional(),
  stateDir: z.string().optional(),
  workingDir: z.string().optional(),
  onInterrupt: z.enum(['ask', 'abort', 'detach']).default('ask'),
  host: z.string().optional(),
  class: z.string().optional(),
  is: z.string().optional(),
  changed: z.boolean().optional(),
  all: z.boolean().optional(),
});
export type CommonOptions = z.infer<typeof CommonOptions>;

export interface Shell {
  parts: Parts;
  terminal: Terminal;
  options: CommonOptions;
  format: Format;
  paint: Paint;
  notePaint: Paint;
  site(builtIn?: boolean): Promise<Outcome<Site>>;
  flags: SiteFlags;
  reach(site: Site): Reach;
  view(): View;
  /** For people only: progress and what was understood. */
  note(text: string): void;
  timeoutMs(otherwise: number | undefined): Outcome<number | undefined>;
  close(): Promise<void>;
}

export function shellOf(parts: Parts, options: CommonOptions): Shell {
  const { terminal, env, clock } = parts;
  const colour = (isTerminal: boolean) => painter(colourOn(options.color, isTerminal, env));
  const format = formatOf(options, env);
  const paint = colour(terminal.outIsTerminal);
  const { site, siteFile, siteHost, stateDir, workingDir } = options;
  const flags: SiteFlags = { site, siteFile, siteHost, stateDir: stateDir ?? env['CUPOLA_STATE_DIR'], workingDir };
  const broker = options.broker ?? env['CUPOLA_BROKER'];
  let reach: Reach | undefined;
  return {
    parts,
    terminal,
    options,
    format,
    paint,
    notePaint: colour(terminal.noteIsTerminal),
    flags,
    site: (builtIn = false) => parts.locate({ ...flags, builtIn }),
    reach: (where) => (reach ??= reachOf(where, parts.connect, broker)),
    view: () => ({ columns: terminal.columns, paint, nowMs: clock.nowMs(), utc: options.utc, wide: options.wide }),
    note: (text) => {
      if (format === 'text') terminal.note(text.endsWith('\n') ? text : `${text}\n`);
    },
    timeoutMs(otherwise) {
      const said = options.timeout ?? env['CUPOLA_TIMEOUT'];
      return said === undefined ? ok(otherwise) : readDuration(said);
    },
    close: async () => reach?.close(),
  };
}

export const filterOf = ({ host, class: agentClass, is, changed, all }: CommonOptions): Filter => ({
  host,
  class: agentClass,
  is,
  changed,
  all,
});

/** The whole fleet as it is now. */
export const fleetOf = (shell: Shell, site: Site): Promise<Fleet> =>
  readFleet({ site, reach: shell.reach(site), disk: shell.parts.disk, clock: shell.parts.clock });

export interface ChosenInstances extends Chosen {
  fleet: Fleet;
}

/** Which instances the words and filters of the command mean; a person is told what was taken for a prefix. */
export async function chooseInstances(
  shell: Shell,
  site: Site,
  words: readonly string[],
): Promise<Outcome<ChosenInstances>> {
  const { host: asked } = shell.options;
  const hosts = [site.host, ...site.hostManagers.keys()];
  if (asked !== undefined && !hosts.includes(asked))
    return failed('HOST_UNKNOWN', { host: asked, near: didYouMean(asked, hosts) });
  const fleet = await fleetOf(shell, site);
  const meant = words.map((word) => {
    const host = hostNamed(site, word);
    return host === undefined ? word : `@${host}`;
  });
  const chosen = choose(meant, filterOf(shell.options), candidates(fleet, site), shell.terminal.interactive);
  if (!chosen.ok) {
    // Where the HostManager is dead, that is what has to be said, not that a name is unknown.
    const dead = fleet.hosts.find(({ host, fault }) => host === site.host && fault !== undefined);
    return dead?.fault !== undefined && site.instances.length === 0 ? { ok: false, fault: dead.fault } : chosen;
  }
  for (const note of chosen.value.notes) shell.note(note);
  return ok({ ...chosen.value, fleet });
}

/** The host of an instance, its HostManager and the way to it. */
export async function managerOf(
  shell: Shell,
  site: Site,
  fleet: Fleet,
  id: string,
): Promise<Outcome<{ host: string; manager: string; caller: Caller }>> {
  const host = hostOf(fleet, site, id);
  const manager = host === site.host ? ownHostManager(site) : site.hostManagers.get(host);
  if (manager === undefined) return failed('HOST_UNKNOWN', { host, near: '' });
  const caller = await shell.reach(site).caller(manager);
  return caller.ok ? ok({ host, manager, caller: caller.value }) : caller;
}

export const hostOf = (fleet: Fleet, site: Site, id: string): string =>
  fleet.hosts.find(({ instances }) => instances.some(({ instance_id }) => instance_id === id))?.host ??
  site.instances.find((instance) => instance.id === id)?.host ??
  site.host;
