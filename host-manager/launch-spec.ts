/** How an instance is launched: program, arguments, environment and log files, from its entry in force. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Outcome, ok } from '../base/fault.ts';
import { PACKAGE_FOLDER } from '../base/package.ts';
import { fillCommand } from '../site-config/command.ts';
import type { Entry } from '../site-config/site.ts';
import { ENTRY_VARIABLE, type EntryFile, writeEntryFile } from '../store/entry-file.ts';
import type { HostFolder } from '../store/host-folder.ts';
import type { LaunchSpec } from './driver.ts';
import { childEnvironment, parseEnvFile } from './environment.ts';
import type { SiteInForce } from './site-in-force.ts';
import { COMMAND_CLASS } from './wanted-entries.ts';

/** The program that an agent of Cupola runs in. */
const MAIN = join(PACKAGE_FOLDER, 'dist', 'cli', 'main.js');

export interface LaunchPlace {
  folder: HostFolder;
  host: string;
  stateDir: string;
  workingDir: string;
  /** Environment of the HostManager. */
  env: Readonly<Record<string, string | undefined>>;
}

/** Everything but the generation, which each launch adds; made when the config is read, so that a relaunch has nothing left to prepare. */
export type Preparation = Omit<LaunchSpec, 'generation'>;

/** Prepare `entry`; a child that is an agent finds its settings in a file of its own, whatever becomes of the site file. */
export function prepare(entry: Entry, site: SiteInForce, place: LaunchPlace): Outcome<Preparation> {
  const { folder, host, workingDir } = place;
  const { instanceId, agentClass } = entry;
  const siteFile = site.path ?? '';
  const argv = argvOf(entry, siteFile, place);
  if (!argv.ok) return argv;
  const envFile =
    entry.envFile === undefined ? ok({}) : parseEnvFile(readFileSync(resolve(workingDir, entry.envFile), 'utf8'));
  if (!envFile.ok) return envFile;
  const entryPath = agentClass === COMMAND_CLASS ? undefined : writeEntryFile(folder, entryFileOf(entry, site, place));
  return ok({
    instanceId,
    agentClass,
    argv: argv.value,
    env: {
      ...childEnvironment({
        own: place.env,
        env: entry.env,
        envFile: envFile.value,
        siteFile,
        siteHost: host,
        stateDir: place.stateDir,
        instanceId,
        generation: 0,
      }),
      ...(entryPath === undefined ? {} : { [ENTRY_VARIABLE]: entryPath }),
    },
    cwd: resolve(workingDir, entry.cwd ?? '.'),
    logOut: join(folder.log, `${instanceId}.out.log`),
    logErr: join(folder.log, `${instanceId}.err.log`),
    definitionHash: entry.definitionHash,
  });
}

function argvOf(
  entry: Entry,
  siteFile: string,
  { folder, host, stateDir, workingDir }: LaunchPlace,
): Outcome<string[]> {
  const { instanceId, agentClass, command, settings } = entry;
  if (command !== undefined)
    return fillCommand(command, { instanceId, host, siteFile, stateDir, logDir: folder.log, settings });
  const site = siteFile === '' ? [] : ['--site-file', siteFile];
  return ok([
    process.execPath,
    MAIN,
    'agent',
    'run',
    agentClass,
    '--instance-id',
    instanceId,
    ...site,
    '--site-host',
    host,
    '--working-dir',
    workingDir,
  ]);
}

function entryFileOf(
  entry: Entry,
  { config, block, classes }: SiteInForce,
  { folder, host, stateDir, workingDir }: LaunchPlace,
): EntryFile {
  const { urls, protocol, credentials, tls } = block.mqtt;
  const { level } = entry.log;
  return {
    instanceId: entry.instanceId,
    agentClass: entry.agentClass,
    module: classes.get(entry.agentClass)?.module ?? '',
    host,
    root: config.root,
    mqtt: {
      urls: [...urls],
      protocol,
      ...(credentials === undefined ? {} : { credentials }),
      ...(tls === undefined ? {} : { tls }),
    },
    args: [...entry.args],
    settings: { ...entry.settings },
    place: { ...entry.place },
    stateDir,
    logDir: folder.log,
    workingDir,
    logLevel: level === 'trace' ? 'debug' : level === 'fatal' ? 'error' : level,
  };
}
