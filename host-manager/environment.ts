/** The environment of a child: the HostManager's less secrets, then what its entry says, then where it belongs. */
import { type Outcome, failed, ok } from '../base/fault.ts';

export interface EnvironmentParts {
  /** The HostManager's own. */
  own: Readonly<Record<string, string | undefined>>;
  /** Contents of the entry's `env-file`, parsed. */
  envFile?: Readonly<Record<string, string>>;
  /** The entry's `env`; wins over the file. */
  env?: Readonly<Record<string, string>>;
  siteFile: string;
  siteHost: string;
  stateDir: string;
  instanceId: string;
  generation: number;
}

/** What an entry names itself is meant for the child, secret or not; only what would be inherited by accident is held back. */
const SECRET = /TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|PRIVATE_?KEY|API_?KEY|ACCESS_?KEY|ADMIN_?KEY/i;

/**
 * Of the HostManager alone. Node's two cost an agent 37 ms of start or change how it runs; systemd's would let a child
 * speak for the unit, or take the lifeline for a listening socket; the rest is of whoever launched the HostManager.
 */
const OWN = new Set([
  'NODE_EXTRA_CA_CERTS',
  'NODE_OPTIONS',
  'NODE_CHANNEL_FD',
  'NODE_CHANNEL_SERIALIZATION_MODE',
  'NODE_UNIQUE_ID',
  'NOTIFY_SOCKET',
  'WATCHDOG_PID',
  'WATCHDOG_USEC',
  'LISTEN_FDS',
  'LISTEN_PID',
  'LISTEN_FDNAMES',
  'CUPOLA_LIFE',
]);

/** All variables of the child but CUPOLA_LIFE, which the driver adds. */
export function childEnvironment(parts: EnvironmentParts): Record<string, string> {
  const { own, envFile = {}, env = {}, siteFile, siteHost, stateDir, instanceId, generation } = parts;
  return {
    ...inherited(own),
    ...envFile,
    ...env,
    CUPOLA_SITE_FILE: siteFile,
    CUPOLA_SITE_HOST: siteHost,
    CUPOLA_STATE_DIR: stateDir,
    CUPOLA_INSTANCE_ID: instanceId,
    CUPOLA_GENERATION: String(generation),
  };
}

/** `NAME=value` lines; empty ones and those beginning with `#` are passed over, one pair of quotes around a value is taken off. */
export function parseEnvFile(text: string): Outcome<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim().replace(/^export\s+/, '');
    if (line === '' || line.startsWith('#')) continue;
    const parts = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line);
    if (parts?.[1] === undefined) {
      return failed('CONFIG_INVALID', { problem: `line ${index + 1} of the env-file is not NAME=value` });
    }
    found[parts[1]] = unquoted(parts[2] ?? '');
  }
  return ok(found);
}

function inherited(own: EnvironmentParts['own']): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(own)) {
    if (value !== undefined && !OWN.has(name) && !SECRET.test(name)) kept[name] = value;
  }
  return kept;
}

const unquoted = (value: string): string => /^(["'])(.*)\1$/.exec(value)?.[2] ?? value;
