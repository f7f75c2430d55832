/** How a program reaches its site: `import { connect } from 'cupola/client'`. */
import { hostname } from 'node:os';
import { systemClock } from '../base/clock.ts';
import { must } from '../base/fault.ts';
import { PACKAGE_FOLDER } from '../base/package.ts';
import { mqttDialer } from '../bus/mqtt-connection.ts';
import { LOCAL_USER } from '../protocol/topics.ts';
import { findSite } from '../site-config/find-site.ts';
import { busCaller } from './bus-caller.ts';
import { type Site, openSite } from './site.ts';

export { CupolaFault } from '../base/fault.ts';
export type { Session } from '../protocol/session.ts';
export type { AgentProxy, OperationProxy, Site, SiteAgent } from './site.ts';

export interface ConnectOptions {
  /** Broker; without it the one that the site config names, found as the CLI finds it. */
  url?: string;
  /** First levels of every topic (`observatory`, or what the site config says). */
  root?: string;
  siteFile?: string;
  /** Give up after so long, ms (5 000). */
  timeoutMs?: number;
}

/** Connect to the site; throws a CupolaFault when no broker answers. */
export async function connect(options: ConnectOptions = {}): Promise<Site> {
  const clock = systemClock();
  const found = options.url
    ? undefined
    : must(
        findSite({
          flags: { siteFile: options.siteFile },
          env: process.env,
          cwd: process.cwd(),
          hostname: hostname(),
          own: PACKAGE_FOLDER,
        }),
      );
  const mqtt = found?.block.mqtt ?? { urls: [options.url ?? ''], protocol: 4 as const };
  const root = options.root ?? found?.config.root ?? 'observatory';
  const dialer = mqttDialer({ urls: mqtt.urls, protocol: mqtt.protocol, user: LOCAL_USER, clock });
  return openSite(must(await busCaller({ dialer, root, clock, connectMs: options.timeoutMs ?? 5_000 })), clock, root);
}
