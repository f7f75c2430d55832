/** An embedded broker for one test, with its events; stopped at the end of the test. */
import type { ExecutionContext } from 'ava';
import { systemClock } from '../../../base/clock.ts';
import { must } from '../../../base/fault.ts';
import { type BrokerParts, type GuardedBroker, startGuardedBroker } from '../../../agents/broker/guarded-broker.ts';
import { mqttDialer } from '../../../bus/mqtt-connection.ts';

export const clock = systemClock();

export const dialerTo = (url: string) => mqttDialer({ urls: [url], user: 'local', protocol: 4, clock });

export interface Started {
  broker: GuardedBroker;
  url: string;
  port: number;
  events: Record<string, unknown>[];
}

export async function started(t: ExecutionContext, parts: Partial<BrokerParts> = {}): Promise<Started> {
  const events: Record<string, unknown>[] = [];
  const broker = must(
    await startGuardedBroker({
      listen: { tcp: [{ host: '127.0.0.1', port: 0 }] },
      clock,
      log: { info: () => {}, warn: (facts) => events.push(facts) },
      ...parts,
    }),
  );
  t.teardown(() => broker.stop());
  const url = broker.addresses[0] ?? '';
  return { broker, url, port: Number(new URL(url).port), events };
}

/** Resolve once `claim` holds, looked at every 5 ms; undefined after `limitMs`. */
export async function until(claim: () => boolean, limitMs = 10_000): Promise<boolean> {
  const untilMs = clock.monotonicMs() + limitMs;
  while (!claim()) {
    if (clock.monotonicMs() > untilMs) return false;
    await clock.sleep(5);
  }
  return true;
}
