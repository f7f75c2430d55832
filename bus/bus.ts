/** What everyone above knows of the bus: dial a broker, publish, subscribe. Two kinds implement it: over MQTT and in memory. */
import type { Cancel } from '../base/clock.ts';
import type { Fault, Outcome } from '../base/fault.ts';

export type Qos = 0 | 1;

export interface Message {
  topic: string;
  payload: Uint8Array;
  /** True only for the replay of a stored message to a new subscription. */
  retained: boolean;
}

export interface Will {
  topic: string;
  payload: string;
  retain: boolean;
}

export interface DialOptions {
  /** `{name}-{1..24 letters or digits}`. */
  clientId: string;
  will?: Will;
  /** Default 10. */
  keepAliveS?: number;
}

export type EndCause =
  /** Socket lost, refused, timed out, broker unavailable. */
  | 'lost'
  /** Name, password, client id or certificate refused. */
  | 'refused'
  /** The broker closed at once on something that we sent. */
  | 'closed-after-send'
  /** We closed it. */
  | 'closed';

/** One connection. It is dropped at its end; nothing of it is used again. */
export interface Connection {
  readonly url: string;
  /** Median of the last 8 acknowledged publishes, ms; undefined before the first. */
  rttMs(): number | undefined;
  /** Subscribe and wait for the acknowledgement; a denied filter is a fault that names it. */
  subscribe(filters: readonly string[], qos: Qos): Promise<Outcome<void>>;
  unsubscribe(filters: readonly string[]): Promise<void>;
  /** Resolves when written (QoS 0) or acknowledged (QoS 1); BUS_DOWN once the connection has ended. */
  publish(
    topic: string,
    payload: string | Uint8Array,
    options?: { qos?: Qos; retain?: boolean },
  ): Promise<Outcome<void>>;
  /** Bytes written and not yet taken by the socket. */
  backlogBytes(): number;
  onMessage(listener: (message: Message) => void): Cancel;
  /** Called once. */
  onEnd(listener: (cause: EndCause, fault: Fault) => void): Cancel;
  /** Leave by DISCONNECT: no will is published. Waits at most 1 s for open acknowledgements. */
  close(): Promise<void>;
}

/** A way to one or several broker addresses. */
export interface Dialer {
  /** For messages to people, without secrets. */
  readonly url: string;
  /** Name in request and reply topics; `local` where the site has no users. */
  readonly user: string;
  dial(options: DialOptions): Promise<Outcome<Connection>>;
}

/** What `cupola status` and the socket show of a link. */
export interface LinkState {
  state: 'down' | 'connecting' | 'up';
  sinceMs: number;
  url: string;
  attempt: number;
  rttMs?: number;
  fault?: Fault;
}
