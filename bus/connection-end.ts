/** Why a connection ended: by us, by the network, or by a broker that shut the door on something we sent. */
import { type Fault, fault } from '../base/fault.ts';
import type { EndCause } from './bus.ts';
import type { BrokerUrl } from './broker-url.ts';
import { busFault } from './bus-fault.ts';
import type { Watch } from './suspects.ts';

export interface End {
  cause: EndCause;
  fault: Fault;
}

/** The end of a connection that was up; `error` is the first thing the socket or the library said. */
export function endOf(url: BrokerUrl, error: unknown, version: 4 | 5, watch: Watch): End {
  const made = busFault(url, error, version);
  const blamed = error === undefined || wasCut(error) ? watch.closed() : undefined;
  if (blamed === undefined) return { cause: 'lost', fault: made };
  const told = { ...made, facts: { ...made.facts, closedAfter: blamed.topic } };
  // Without its inbox nothing works: as if we had been refused.
  return { cause: blamed.enough && blamed.what === 'subscribe' ? 'refused' : 'closed-after-send', fault: told };
}

/** The end that we have chosen ourselves. */
export const ownEnd = (url: BrokerUrl): End => ({
  cause: 'closed',
  fault: fault('BUS_DOWN', { url: url.text, cause: 'closed by ourselves' }),
});

const wasCut = (error: unknown): boolean =>
  typeof error === 'object' &&
  error !== null &&
  'code' in error &&
  (error.code === 'ECONNRESET' || error.code === 'EPIPE');
