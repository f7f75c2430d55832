/** What the commands stand on, given to them from outside: main.ts builds the real ones, tests build others. */
import type { Cancel, Clock } from '../base/clock.ts';
import type { Outcome } from '../base/fault.ts';
import type { Caller } from '../client/caller.ts';
import type { HostFolder } from '../store/host-folder.ts';
import type { Site, SiteFlags, Validation } from './site.ts';
import type { Terminal } from './terminal.ts';

/** The two ways to agents. */
export interface Connect {
  socket(path: string, keyFile: string): Promise<Outcome<Caller>>;
  bus(site: Site, broker: string | undefined): Promise<Outcome<Caller>>;
}

/** What is left to read when nobody answers. */
export interface Disk {
  records(folder: HostFolder): Promise<DiskRecord[]>;
  /** The last lines of an instance's log files, oldest first. */
  lines(
    folder: HostFolder,
    instanceId: string,
    asked: { stream: 'both' | 'out' | 'err'; lines: number },
  ): Promise<Outcome<LogLine[]>>;
  reports(folder: HostFolder, instanceId: string | undefined): Promise<Record<string, unknown>[]>;
}

export interface DiskRecord {
  instance_id: string;
  pid: number | null;
  generation: number | null;
  target: string | null;
  /** Does that very process still live? */
  alive: boolean;
}

export interface LogLine {
  /** Unix seconds, null where it is not known. */
  at: number | null;
  stream: string;
  level: string | null;
  text: string;
}

/** A program that was started. */
export interface Launched {
  pid: number;
  /** Its exit code, 1 for a signal; never rejects. */
  ended: Promise<number>;
  signal(signal: 'SIGINT' | 'SIGTERM'): void;
}

export interface Launcher {
  /** In its own session, its output on these files; outlives this process, which must end by itself. */
  background(args: readonly string[], logs: { out: string; err: string }): Outcome<Launched>;
  /** In this terminal. */
  foreground(args: readonly string[]): Outcome<Launched>;
  alive(pid: number): boolean;
  /** Tell every change of what lies in `folder`. */
  watchFolder(folder: string, changed: () => void): Cancel;
  makeFolders(folder: HostFolder): Outcome<HostFolder>;
}

export interface Parts {
  clock: Clock;
  terminal: Terminal;
  env: Readonly<Record<string, string | undefined>>;
  version: string;
  locate(flags: SiteFlags): Promise<Outcome<Site>>;
  validate(files: readonly string[], flags: SiteFlags): Promise<Outcome<Validation>>;
  connect: Connect;
  disk: Disk;
  launcher: Launcher;
  readText(path: string): Promise<Outcome<string>>;
}
