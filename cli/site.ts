/** What the CLI needs to know of a site: which hosts and instances the file names, how they are reached, where its files lie. */
import type { ComplaintJson } from '../site-config/complaint.ts';
import type { Tls } from '../site-config/site.ts';
import type { HostFolder } from '../store/host-folder.ts';

export interface SiteFlags {
  site?: string | undefined;
  siteFile?: string | undefined;
  siteHost?: string | undefined;
  stateDir?: string | undefined;
  workingDir?: string | undefined;
  /** Only `start` may take the built-in site where there is no file. */
  builtIn?: boolean;
}

export interface SiteInstance {
  id: string;
  host: string;
  agentClass: string;
}

export interface Site {
  /** Undefined for the built-in site. */
  file: string | undefined;
  builtIn: boolean;
  /** This machine's host block. */
  host: string;
  /** Are this host's folders on this machine, so that its HostManager would be here too? */
  here: boolean;
  /** Root of every topic. */
  root: string;
  folder: HostFolder;
  /** HostManager of each host, by host. */
  hostManagers: ReadonlyMap<string, string>;
  instances: readonly SiteInstance[];
  /** Broker addresses in the order of trying. */
  brokers: readonly string[];
  /** Is a broker named in the file, so that it is there also without this machine's HostManager? */
  brokerNamed: boolean;
  credentials: string | undefined;
  tls: Tls | undefined;
  protocol: 4 | 5 | 'auto';
}

/** One complaint of `validate`. */
export type Problem = ComplaintJson;

export interface Validation {
  files: string[];
  problems: Problem[];
  /** For people: each with its line and caret. */
  text: string;
}

/** The HostManager of this machine. */
export const ownHostManager = (site: Site): string => site.hostManagers.get(site.host) ?? `hm-${site.host}`;

/** The host that a word names: `@lab-a`, or its HostManager by name. */
export function hostNamed(site: Site, word: string): string | undefined {
  if (word.startsWith('@')) return word.slice(1);
  if (word === ownHostManager(site)) return site.host;
  return [...site.hostManagers].find(([, manager]) => manager === word)?.[0];
}

/** Flags that lead another program of this site to the same place. */
export function passedOn(site: Site, flags: SiteFlags): string[] {
  const pairs: [string, string | undefined][] = [
    ['--site-file', site.file],
    ['--site-host', site.builtIn ? undefined : site.host],
    ['--state-dir', flags.stateDir],
    ['--working-dir', flags.workingDir],
  ];
  return pairs.flatMap(([flag, value]) => (value === undefined ? [] : [flag, value]));
}
