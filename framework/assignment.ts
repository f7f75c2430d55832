/** What one process is to be: which class, under which name, with which settings, at which site. */
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { type Outcome, failed, fault, ok } from '../base/fault.ts';
import { didYouMean } from '../base/nearest.ts';
import type { Level } from '../base/log.ts';
import { type FoundSite, findSite } from '../site-config/find-site.ts';
import { chooseEntry } from '../site-config/locate.ts';
import type { EntryPlace, SiteConfig, Tls } from '../site-config/site.ts';
import { hostFolder } from '../store/host-folder.ts';
import { readLastGood } from '../store/last-good-file.ts';
import type { RunArguments } from './arguments.ts';
import { PACKAGE_FOLDER } from '../base/package.ts';

export interface Assignment {
  instanceId: string;
  agentClass: string;
  /** Absolute path of the module that exports the agent. */
  module: string;
  exportName?: string | undefined;
  host: string;
  root: string;
  mqtt: { urls: readonly string[]; protocol: 4 | 5 | 'auto'; credentials?: string | undefined; tls?: Tls | undefined };
  /** OCS-style words, the entry's and then the command line's. */
  args: readonly string[];
  settings: Readonly<Record<string, unknown>>;
  /** `key=value` of the command line. */
  sets: readonly string[];
  place: EntryPlace | undefined;
  stateDir: string;
  logDir: string;
  workingDir: string;
  logLevel: Level;
  /** Read the site config anew; not in a process that was given its entry. */
  readSite?: (() => Outcome<FoundSite>) | undefined;
}

const IS_FILE = /\/|\.(ts|js|mjs)$/;

/** Read it from the site config: the entry named, else the only one of the class. */
export function assignFromSite(given: RunArguments, env: NodeJS.ProcessEnv, cwd: string): Outcome<Assignment> {
  const { target, instanceId, site } = given;
  const isManager = target === 'HostManager';
  const asked = {
    flags: { ...site, instanceId },
    env,
    cwd,
    hostname: hostname(),
    own: PACKAGE_FOLDER,
    ...(isManager ? { lastGood: (stateDir: string) => readLastGood(stateDir, site.siteHost ?? hostname()) } : {}),
  };
  const found = findSite(asked);
  if (!found.ok) return found;
  // From now on this very file, wherever the search would lead later.
  const { path, host, stateDir } = found.value;
  const readSite = () =>
    findSite({
      ...asked,
      flags: {
        ...asked.flags,
        ...(path === undefined ? {} : { siteFile: path, site: undefined }),
        siteHost: host,
        stateDir,
      },
    });
  const workingDir = resolve(cwd, site.workingDir ?? '.');
  const place = isManager ? managerOf(found.value, instanceId) : entryOf(found.value, given, env);
  if (!place.ok) return place;
  const common = commonOf(found.value, workingDir);
  return ok({
    ...common,
    ...place.value,
    args: [...place.value.args, ...given.rest],
    sets: given.sets,
    exportName: given.exportName,
    readSite,
  });
}

type Role = Pick<Assignment, 'instanceId' | 'agentClass' | 'module' | 'args' | 'settings' | 'place' | 'logLevel'>;

function managerOf({ block, classes }: FoundSite, instanceId: string | undefined): Outcome<Role> {
  const module = classes.get('HostManager')?.module;
  if (module === undefined)
    return failed('CLASS_UNKNOWN', { agentClass: 'HostManager', known: [...classes.keys()], near: '' });
  const { hostManager } = block;
  return ok({
    instanceId: instanceId ?? hostManager.instanceId,
    agentClass: 'HostManager',
    module,
    args: hostManager.args,
    settings: {},
    place: undefined,
    logLevel: 'info',
  });
}

function entryOf(site: FoundSite, given: RunArguments, env: NodeJS.ProcessEnv): Outcome<Role> {
  const { target, instanceId } = given;
  if (IS_FILE.test(target)) return ok(bare(given, resolve(target), target));
  const installed = site.classes.get(target);
  if (!installed) {
    const known = [...site.classes.keys()];
    return failed('CLASS_UNKNOWN', { agentClass: target, known, near: didYouMean(target, known) });
  }
  const entry = chooseEntry(site.block, { flags: { instanceId }, env, agentClass: target });
  if (!entry.ok) {
    // A name of its own, and no entry: it runs on the command line alone.
    if (instanceId !== undefined && entry.fault.code === 'TARGET_UNKNOWN')
      return ok(bare(given, installed.module, target));
    return entry;
  }
  const { agentClass, args, settings, place, log } = entry.value;
  if (agentClass !== target) {
    const problem = `"${entry.value.instanceId}" is of class "${agentClass}" in ${place.file}:${place.line}`;
    return { ok: false, fault: fault('USAGE', { problem, remedy: `Write "cupola agent run ${agentClass}"` }) };
  }
  return ok({
    instanceId: entry.value.instanceId,
    agentClass,
    module: installed.module,
    args,
    settings,
    place,
    logLevel: levelOf(log.level),
  });
}

const bare = ({ instanceId, target }: RunArguments, module: string, agentClass: string): Role => ({
  instanceId:
    instanceId ?? (target.split('/').at(-1) ?? target).replace(/\.[a-z]+$/, '').replace(/[^A-Za-z0-9_-]/g, '-'),
  agentClass,
  module,
  args: [],
  settings: {},
  place: undefined,
  logLevel: 'info',
});

function commonOf(
  { config, host, block, stateDir }: FoundSite,
  workingDir: string,
): Omit<Assignment, keyof Role | 'sets' | 'exportName' | 'readSite'> {
  const { root, logDir } = pathsOf(config, host, block.logDir, stateDir, workingDir);
  const { urls, protocol, credentials, tls } = block.mqtt;
  return {
    host,
    root,
    mqtt: {
      urls,
      protocol,
      ...(credentials === undefined ? {} : { credentials }),
      ...(tls === undefined ? {} : { tls }),
    },
    stateDir,
    logDir,
    workingDir,
  };
}

function pathsOf(
  config: SiteConfig,
  host: string,
  logDir: string | undefined,
  stateDir: string,
  workingDir: string,
): { root: string; logDir: string } {
  return {
    root: config.root,
    logDir: logDir === undefined ? join(hostFolder(stateDir, host).root, 'log') : resolve(workingDir, logDir),
  };
}

export const levelOf = (level: string): Level =>
  level === 'trace'
    ? 'debug'
    : level === 'fatal'
      ? 'error'
      : level === 'debug' || level === 'warn' || level === 'error'
        ? level
        : 'info';
