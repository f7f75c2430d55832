/** The address of a broker as people write it, read by ourselves: no library gets to see options hidden in it. */
import { type Outcome, failed, ok } from '../base/fault.ts';

export type BrokerUrl =
  | { kind: 'tcp' | 'tls'; text: string; host: string; port: number }
  | { kind: 'websocket'; text: string; host: string; secure: boolean }
  | { kind: 'unix'; text: string; path: string };

/** Read `mqtt://host:port`, `mqtts://…`, `ws://host:port/path`, `wss://…` or `unix:///path`. Name and password in it are refused. */
export function parseBrokerUrl(text: string): Outcome<BrokerUrl> {
  if (!URL.canParse(text)) return unusable(text, 'it is no URL');
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return unusable(text, 'name and password do not belong in it');
  if (url.search !== '' || url.hash !== '') return unusable(text, 'options do not belong in it');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  switch (url.protocol) {
    case 'unix:':
      return url.pathname === '' || host !== ''
        ? unusable(text, 'write "unix:///path"')
        : ok({ kind: 'unix', text, path: decodeURIComponent(url.pathname) });
    case 'mqtt:':
    case 'tcp:':
      return host === ''
        ? unusable(text, 'the host is missing')
        : ok({ kind: 'tcp', text, host, port: Number(url.port || 1883) });
    case 'mqtts:':
    case 'ssl:':
      return host === ''
        ? unusable(text, 'the host is missing')
        : ok({ kind: 'tls', text, host, port: Number(url.port || 8883) });
    case 'ws:':
    case 'wss:':
      return ok({ kind: 'websocket', text, host, secure: url.protocol === 'wss:' });
    default:
      return unusable(text, `"${url.protocol}" is not one of mqtt:, mqtts:, ws:, wss:, unix:`);
  }
}

/** The address without what may be secret in it. */
export const withoutSecrets = (text: string): string =>
  text.replace(/^([a-z]+:\/\/)[^@/]*@/i, '$1').replace(/[?#].*$/, '');

const unusable = (text: string, problem: string) => failed('BROKER_URL', { url: withoutSecrets(text), problem });
