/** A link: one connection kept up by our own schedule. Who uses it is told of each connection and of each end. */
import type { Clock } from '../base/clock.ts';
import { CupolaFault, type Fault, type Outcome, causeOf, fault } from '../base/fault.ts';
import { type Outage, type ReconnectCause, afterEnd, nextConnectMs } from '../protocol/reconnect.ts';
import { isRefusal } from './bus-fault.ts';
import type { Connection, DialOptions, Dialer, LinkState } from './bus.ts';

export interface LinkParts {
  dialer: Dialer;
  clock: Clock;
  /** Gives [0, 1). */
  random: () => number;
  /** Asked at each attempt: with or without will. */
  options: () => DialOptions;
  /**
   * Make the connection useful: subscribe, announce. The link is `up` once it resolves. A fault thrown here ends the
   * connection; so does closing it, after which the link dials again at once.
   */
  onUp(connection: Connection): Promise<void>;
  /** The connection ended, or an attempt failed. */
  onDown?(fault: Fault): void;
  log?: ((facts: Record<string, unknown>, message: string) => void) | undefined;
}

export interface Link {
  state(): LinkState;
  /** The connection of this moment, from its dialling on. */
  connection(): Connection | undefined;
  /** Leave in order and never dial again. */
  close(): Promise<void>;
}

/** A connection that was closed on purpose is dialled again so often in a row before the schedule of losses takes over. */
const REDIALS_MAX = 5;

export function keepLinked({ dialer, clock, random, options, onUp, onDown, log }: LinkParts): Link {
  const over = new AbortController();
  let connection: Connection | undefined;
  let outage: Outage;
  let dialling = false;
  let state: LinkState = { state: 'connecting', sinceMs: clock.nowMs(), url: dialer.url, attempt: 0 };

  const turn = (name: LinkState['state'], why?: Fault) => {
    const attempt = outage ? outage.attempts + 1 : 0;
    state = {
      state: name,
      sinceMs: clock.nowMs(),
      url: connection?.url ?? dialer.url,
      attempt,
      ...(why && { fault: why }),
    };
  };
  /** Dial, use, and wait for the end. */
  const once = async (): Promise<{ cause: ReconnectCause; fault: Fault; upMs: number }> => {
    dialling = true;
    const dialled = await dial(dialer, options());
    dialling = false;
    if (!dialled.ok) return { cause: causeBy(dialled.fault), fault: dialled.fault, upMs: 0 };
    const sinceMs = clock.monotonicMs();
    const ended = endOf(dialled.value);
    if (over.signal.aborted) {
      await dialled.value.close();
      return { ...(await ended), upMs: 0 };
    }
    connection = dialled.value;
    const upset = await Promise.race([use(connection, onUp), ended]);
    if (upset === undefined) turn('up');
    else if ('thrown' in upset) await connection.close();
    const end = await ended;
    const upMs = clock.monotonicMs() - sinceMs;
    return upset && 'thrown' in upset
      ? { cause: causeBy(upset.thrown), fault: upset.thrown, upMs: 0 }
      : { ...end, upMs };
  };
  const run = async () => {
    let redials = 0;
    while (!over.signal.aborted) {
      turn('connecting', state.fault);
      const end = await once();
      connection = undefined;
      if (over.signal.aborted) break;
      redials = end.cause === 'closed' ? redials + 1 : 0;
      const cause = end.cause === 'closed' && redials > REDIALS_MAX ? 'lost' : end.cause;
      if (cause !== 'closed') {
        outage = afterEnd(outage, end.upMs, clock.monotonicMs());
        turn('down', end.fault);
        onDown?.(end.fault);
      }
      const outageMs = outage ? clock.monotonicMs() - outage.sinceMs : 0;
      const waitMs = nextConnectMs(cause, outage?.attempts ?? 0, outageMs, random);
      if (cause !== 'closed')
        log?.({ url: state.url, fault: end.fault.code, cause, retryInMs: Math.round(waitMs) }, 'bus down');
      if (waitMs > 0) await clock.sleep(waitMs, over.signal);
    }
    turn('down', fault('BUS_DOWN', { url: dialer.url, cause: 'closed by ourselves' }));
  };
  const running = run();
  return {
    state() {
      const rttMs = connection?.rttMs();
      return rttMs === undefined ? state : { ...state, rttMs };
    },
    connection: () => connection,
    async close() {
      over.abort();
      await connection?.close();
      // A broker that does not answer is not waited for: what it may still open is closed at once.
      if (!dialling) await running;
    },
  };
}

/** A dialer of others may throw; here that is one more failed attempt. */
async function dial(dialer: Dialer, options: DialOptions): Promise<Outcome<Connection>> {
  try {
    return await dialer.dial(options);
  } catch (thrown) {
    return { ok: false, fault: faultOf(thrown) };
  }
}

/** Undefined once the connection is useful. */
async function use(connection: Connection, onUp: LinkParts['onUp']): Promise<{ thrown: Fault } | undefined> {
  try {
    await onUp(connection);
    return undefined;
  } catch (thrown) {
    return { thrown: faultOf(thrown) };
  }
}

const endOf = (connection: Connection): Promise<{ cause: ReconnectCause; fault: Fault }> =>
  new Promise((resolve) => connection.onEnd((cause, fault) => resolve({ cause, fault })));

const faultOf = (thrown: unknown): Fault =>
  thrown instanceof CupolaFault ? thrown.fault : fault('INTERNAL', { cause: causeOf(thrown) });

const causeBy = (fault: Fault): ReconnectCause => (isRefusal(fault) ? 'refused' : 'lost');
