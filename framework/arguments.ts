/** The command line of `cupola agent run FILE|CLASS`: what is the framework's, and what is left for the agent's settings. */
import { type Outcome, failed, ok } from '../base/fault.ts';

export interface RunArguments {
  /** A file or the name of a class. */
  target: string;
  instanceId?: string;
  settingsFile?: string;
  exportName?: string;
  /** `key=value`, in order. */
  sets: string[];
  site: {
    site?: string;
    siteFile?: string;
    siteHost?: string;
    addressRoot?: string;
    logDir?: string;
    workingDir?: string;
    stateDir?: string;
  };
  /** Flags of the agent's own, as OCS's `arguments` have them. */
  rest: string[];
}

const ONE_VALUE: ReadonlyMap<string, 'instanceId' | 'settingsFile' | 'exportName'> = new Map([
  ['--instance-id', 'instanceId'],
  ['--settings', 'settingsFile'],
  ['--export', 'exportName'],
]);
const SITE_FLAGS: ReadonlyMap<string, keyof RunArguments['site']> = new Map([
  ['--site', 'site'],
  ['--site-file', 'siteFile'],
  ['--site-host', 'siteHost'],
  ['--address-root', 'addressRoot'],
  ['--log-dir', 'logDir'],
  ['--working-dir', 'workingDir'],
  ['--state-dir', 'stateDir'],
]);
/** Of OCS: accepted, without effect. */
const IDLE_FLAGS = new Set([
  '--site-hub',
  '--site-http',
  '--site-realm',
  '--crossbar-timeout',
  '--registry-address',
  '--access-policy',
]);

/** Read it; USAGE names the flag that lacks its value. */
export function readArguments(argv: readonly string[]): Outcome<RunArguments> {
  const [target, ...words] = argv;
  if (target === undefined || target.startsWith('-'))
    return usage('no file or class given', 'Write "cupola agent run FILE|CLASS [flags]"');
  const read: RunArguments = { target, sets: [], site: {}, rest: [] };
  for (let i = 0; i < words.length; i++) {
    const [flag, inline] = splitFlag(words[i] ?? '');
    if (!isOwn(flag)) {
      read.rest.push(words[i] ?? '');
      continue;
    }
    const value = inline ?? words[++i];
    if (value === undefined) return usage(`"${flag}" needs a value`, `Write "${flag} VALUE"`);
    take(read, flag, value);
  }
  return ok(read);
}

function take(read: RunArguments, flag: string, value: string): void {
  const one = ONE_VALUE.get(flag);
  const site = SITE_FLAGS.get(flag);
  if (one) read[one] = value;
  else if (site) read.site[site] = value;
  else if (flag === '--set') read.sets.push(value);
}

const isOwn = (flag: string): boolean =>
  flag === '--set' || ONE_VALUE.has(flag) || SITE_FLAGS.has(flag) || IDLE_FLAGS.has(flag);
const splitFlag = (word: string): [string, string | undefined] => {
  const at = word.startsWith('--') ? word.indexOf('=') : -1;
  return at === -1 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
};
const usage = (problem: string, remedy: string) => failed('USAGE', { problem, remedy });
