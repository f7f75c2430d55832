/** A site that names no broker gets one: on a machine of its own nothing has to be set up. */
import { readFileSync } from 'node:fs';
import { builtInSite } from '../site-config/built-in.ts';
import type { Entry, SiteConfig } from '../site-config/site.ts';
import { BROKER_CLASS } from './wanted.ts';

const PORT = 1_883;
const DEFAULT_URL = `mqtt://127.0.0.1:${PORT}`;
/** State letter of a listening socket in /proc/net/tcp. */
const LISTENING = '0A';

/** The entry of the embedded broker, where the site names no broker and nobody else listens on its port. */
export function implicitBroker(config: SiteConfig, running: boolean): Entry | undefined {
  const [url, ...more] = config.mqtt.urls;
  if (url !== DEFAULT_URL || more.length > 0) return undefined;
  const all = [...config.hosts.values()].flatMap(({ entries }) => entries);
  const entry = builtInSite()
    .hosts.get('localhost')
    ?.entries.find(({ agentClass }) => agentClass === BROKER_CLASS);
  if (
    !entry ||
    all.some(({ agentClass, instanceId }) => agentClass === BROKER_CLASS || instanceId === entry.instanceId)
  )
    return undefined;
  return running || !taken(PORT) ? entry : undefined;
}

/** Does anybody listen on this port of the loopback? Looked up without connecting, which would wait. */
function taken(port: number): boolean {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return ['/proc/net/tcp', '/proc/net/tcp6'].some((path) => {
    try {
      return readFileSync(path, 'utf8')
        .split('\n')
        .slice(1)
        .some((line) => {
          const [, local, , state] = line.trim().split(/\s+/);
          return state === LISTENING && local?.endsWith(wanted);
        });
    } catch {
      return false;
    }
  });
}
