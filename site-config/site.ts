/** The site config as the rest of Cupola sees it: hosts, and the agents on each, with every default filled in. */

export type AutoRefresh = false | true | 'lab';
export type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGQUIT' | 'SIGHUP' | 'SIGUSR1' | 'SIGUSR2';

export interface Tls {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly serverName?: string | undefined;
  readonly insecure?: boolean | undefined;
}

export interface Mqtt {
  /** Tried in order. */
  readonly urls: readonly string[];
  /** A file `{username, password}`; `readCredentials` opens it. */
  readonly credentials?: string | undefined;
  readonly tls?: Tls | undefined;
  readonly protocol: 4 | 5 | 'auto';
}

export interface Access {
  readonly anonymous: 'none' | 'read' | 'operate';
  readonly users?: string | undefined;
}

export interface After {
  readonly instance: string;
  readonly until: 'ready' | 'up';
  readonly atMostMs: number;
}

export interface Restart {
  readonly policy: 'always' | 'on-failure' | 'never';
  readonly delayMs: number;
  readonly maxDelayMs: number;
  readonly healthyAfterMs: number;
  readonly giveUp?: { readonly failures: number; readonly withinMs: number } | undefined;
}

export interface Stop {
  readonly signal: StopSignal;
  readonly graceMs: number;
  readonly to: 'leader' | 'group';
}

export interface Readiness {
  readonly by: 'presence' | 'spawn' | 'tcp' | 'http' | 'log';
  /** HOST:PORT, URL or text, as `by` needs. */
  readonly at?: string | undefined;
  readonly withinMs: number;
}

export type Probe =
  | { readonly by: 'tcp'; readonly at: string }
  | { readonly by: 'http'; readonly at: string }
  | { readonly by: 'exec'; readonly argv: readonly string[] };

export interface Health {
  readonly heartbeatMs: number;
  /** Undefined: off. */
  readonly watchdogMs?: number | undefined;
  readonly check?:
    | { readonly probe: Probe; readonly everyMs: number; readonly timeoutMs: number; readonly failures: number }
    | undefined;
}

export interface Limits {
  readonly memoryBytes?: number | undefined;
  /** Percent of one core. */
  readonly cpuPercent?: number | undefined;
  readonly files?: number | undefined;
  readonly processes?: number | undefined;
  readonly nice?: number | undefined;
}

export interface EntryLog {
  readonly sizeBytes: number;
  readonly keep: number;
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';
}

export interface EntryPlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface Entry {
  readonly instanceId: string;
  readonly agentClass: string;
  readonly manage: 'host' | 'docker';
  /** Target state where none is stored. */
  readonly start: 'up' | 'down';
  /** Kept in the list, and not managed: the same as absent. */
  readonly ignored: boolean;
  /** OCS-style words; `settingsOf` reads them for a class of Cupola. */
  readonly args: readonly string[];
  readonly settings: Readonly<Record<string, unknown>>;
  /** argv, or a text for `/bin/sh -c`; class Command only. */
  readonly command?: readonly string[] | string | undefined;
  readonly after: readonly After[];
  readonly restart: Restart;
  readonly stop: Stop;
  readonly readiness: Readiness;
  readonly health: Health;
  readonly env: Readonly<Record<string, string>>;
  readonly envFile?: string | undefined;
  readonly user?: string | undefined;
  readonly cwd?: string | undefined;
  readonly limits: Limits;
  readonly log: EntryLog;
  readonly expose: 'control' | 'status' | 'none';
  readonly spare: boolean;
  readonly watch: readonly string[];
  readonly autoRefresh: AutoRefresh;
  readonly place: EntryPlace;
  /** Changes with everything but `manage`, `start`, `ignored` and `place`: another hash means restart_required. */
  readonly definitionHash: string;
}

export interface HostBlock {
  readonly name: string;
  readonly logDir?: string | undefined;
  /** The children: entries of class HostManager are not among them. */
  readonly entries: readonly Entry[];
  readonly hostManager: { readonly instanceId: string; readonly args: readonly string[] };
  /** The site's and then the host's. */
  readonly plugins: readonly string[];
  /** `hub.mqtt` with the host's `mqtt` over it, key by key. */
  readonly mqtt: Mqtt;
  readonly autoRefresh: AutoRefresh;
  readonly user?: string | undefined;
  readonly ocsPython?: string | undefined;
  /** Some entry was refused: what this reading leaves out is not thereby gone (last-good.ts). */
  readonly broken: boolean;
}

export interface SiteConfig {
  readonly file: string;
  /** SHA-256 of the text, hex. */
  readonly revision: string;
  readonly root: string;
  readonly mqtt: Mqtt;
  readonly access: Access;
  readonly plugins: readonly string[];
  readonly autoRefresh: AutoRefresh;
  readonly user?: string | undefined;
  readonly hosts: ReadonlyMap<string, HostBlock>;
  /** Hosts whose block was refused. */
  readonly brokenHosts: readonly string[];
}

export const BUILT_IN_FILE = 'built-in site';
