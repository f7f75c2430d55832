/** What a broken or refused connection is called: from errors of sockets, TLS and CONNACK to our faults. */
import { type Fault, fault } from '../base/fault.ts';
import type { BrokerUrl } from './broker-url.ts';

/** Fault codes after which nothing but a person's hand helps: the next attempt waits long. */
const REFUSALS = new Set(['BUS_REFUSED', 'TLS_UNTRUSTED', 'BUS_VERSION', 'BROKER_URL', 'FILTER_DENIED']);

export const isRefusal = ({ code }: Fault): boolean => REFUSALS.has(code);

/** CONNACK 1 of MQTT 3.1.1, 132 of MQTT 5: this version is not spoken. */
export const isVersionRefusal = (code: unknown): boolean => code === 1 || code === 132;

/** The fault for an error before or after CONNACK; `undefined` is a close without a word. */
export function busFault(url: BrokerUrl, error: unknown, version: 4 | 5): Fault {
  const code = codeOf(error);
  if (isVersionRefusal(code)) return fault('BUS_VERSION', { url: url.text, version: version === 5 ? '5' : '3.1.1' });
  if (typeof code === 'number' && isLoginRefusal(code)) return fault('BUS_REFUSED', { url: url.text, connack: code });
  const trust = typeof code === 'string' ? trustCause(code) : undefined;
  if (trust !== undefined && 'host' in url) return fault('TLS_UNTRUSTED', { host: url.host, cause: trust, tls: code });
  return fault('BUS_DOWN', { url: url.text, cause: plainCause(code, error) });
}

/** 2, 4, 5 of MQTT 3.1.1; 133 to 135, 138, 140 of MQTT 5. */
const isLoginRefusal = (code: number): boolean => [2, 4, 5, 133, 134, 135, 138, 140].includes(code);

function trustCause(code: string): string | undefined {
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') return 'expired';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'name';
  if (/^ERR_SSL_(TLSV1|SSLV3|TLSV13)_ALERT/.test(code)) return 'client';
  if (/UNABLE_TO|SELF_SIGNED|CERT_|_ISSUER|CHAIN/.test(code)) return 'ca';
  return undefined;
}

function plainCause(code: unknown, error: unknown): string {
  switch (code) {
    case undefined:
      return error instanceof Error ? error.message : 'the broker closed the connection';
    case 'ECONNREFUSED':
      return 'nothing listens there';
    case 'ENOENT':
      return 'there is no such socket';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'its name is not known';
    case 'ECONNRESET':
    case 'EPIPE':
      return 'the connection was cut';
    case 3:
    case 136:
      return 'it is not available now';
    default:
      return error instanceof Error ? error.message : String(error);
  }
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}
