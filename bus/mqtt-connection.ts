/** A dialer over MQTT: reads the addresses, tries them in turn, one attempt per dial, and hands out connections. */
import type { Clock } from '../base/clock.ts';
import { type Fault, type Outcome, ok } from '../base/fault.ts';
import type { Connection, DialOptions, Dialer } from './bus.ts';
import { type BrokerUrl, parseBrokerUrl, withoutSecrets } from './broker-url.ts';
import { type TlsParts, streamTo } from './broker-stream.ts';
import { busFault } from './bus-fault.ts';
import { type LibraryClient, libraryClient } from './mqtt-client.ts';
import { mqttSession } from './mqtt-session.ts';
import { type Suspects, suspects } from './suspects.ts';

export interface MqttParts {
  /** Tried in turn, one per attempt. */
  urls: readonly string[];
  /** Name in request and reply topics. */
  user: string;
  /** Read anew at each attempt, so that a corrected file heals the connection. */
  credentials?: (() => Promise<Outcome<Login>>) | undefined;
  /** Read anew at each attempt; used for `mqtts:` and `wss:`. */
  tls?: (() => Promise<Outcome<TlsParts>>) | undefined;
  /** 4 is MQTT 3.1.1; `auto` tries 5 for 3 s and remembers per address what was spoken. */
  protocol: 4 | 5 | 'auto';
  clock: Clock;
  log?: ((facts: Record<string, unknown>, message: string) => void) | undefined;
}

export interface Login {
  user: string;
  password: string;
}

const CONNECT_TIMEOUT_MS = 10_000;
const AUTO_TIMEOUT_MS = 3_000;

/** A way to the broker at `urls`. Nothing is opened before `dial`. */
export function mqttDialer(parts: MqttParts): Dialer {
  const shared: Shared = { ...parts, suspects: suspects(parts.clock), versions: new Map() };
  let turn = 0;
  return {
    url: parts.urls.map(withoutSecrets).join(', '),
    user: parts.user,
    async dial(options) {
      const text = parts.urls[turn % parts.urls.length] ?? '';
      const dialled = await dialOne(shared, text, options);
      if (!dialled.ok) {
        turn++;
        return dialled;
      }
      dialled.value.onEnd((cause) => {
        if (cause !== 'closed') turn++;
      });
      return dialled;
    },
  };
}

interface Shared extends MqttParts {
  suspects: Suspects;
  /** What `auto` has found, by address. */
  versions: Map<string, 4 | 5>;
}

async function dialOne(shared: Shared, text: string, options: DialOptions): Promise<Outcome<Connection>> {
  const url = parseBrokerUrl(text);
  if (!url.ok) return url;
  const found = shared.versions.get(text);
  if (shared.protocol !== 'auto') return attempt(shared, url.value, options, shared.protocol, CONNECT_TIMEOUT_MS);
  if (found !== undefined) return attempt(shared, url.value, options, found, CONNECT_TIMEOUT_MS);
  const newer = await attempt(shared, url.value, options, 5, AUTO_TIMEOUT_MS);
  if (newer.ok) shared.versions.set(text, 5);
  if (newer.ok || !mayBeTooNew(newer.fault)) return newer;
  const older = await attempt(shared, url.value, options, 4, CONNECT_TIMEOUT_MS);
  if (older.ok) shared.versions.set(text, 4);
  return older;
}

/** Some brokers answer MQTT 5 with CONNACK 1, others close without a word or say nothing. */
const mayBeTooNew = ({ code, facts }: Fault): boolean =>
  code === 'BUS_VERSION' || (code === 'BUS_DOWN' && facts['open'] === true);

async function attempt(
  shared: Shared,
  url: BrokerUrl,
  options: DialOptions,
  version: 4 | 5,
  connectTimeoutMs: number,
): Promise<Outcome<Connection>> {
  const login = await shared.credentials?.();
  if (login && !login.ok) return login;
  const tls = await shared.tls?.();
  if (tls && !tls.ok) return tls;
  const open = await streamTo(url, tls?.value);
  const client = libraryClient(options, { open, version, login: login?.value, connectTimeoutMs });
  const refusal = await connected(client, url, version);
  if (refusal) {
    client.end(true);
    shared.log?.({ url: url.text, fault: refusal.code, cause: refusal.facts['cause'] }, 'not connected');
    return { ok: false, fault: refusal };
  }
  return ok(mqttSession({ client, url, version, user: shared.user, clock: shared.clock, suspects: shared.suspects }));
}

/** Wait for CONNACK 0; the fault of anything else. */
function connected(client: LibraryClient, url: BrokerUrl, version: 4 | 5): Promise<Fault | undefined> {
  return new Promise((resolve) => {
    let opened = false;
    client.stream.once('connect', () => {
      opened = true;
    });
    const refuse = (error?: unknown) => {
      const made = busFault(url, error, version);
      resolve(made.code === 'BUS_DOWN' && opened ? { ...made, facts: { ...made.facts, open: true } } : made);
    };
    client.once('connect', () => resolve(undefined));
    client.once('error', refuse);
    client.once('close', () => refuse());
  });
}
