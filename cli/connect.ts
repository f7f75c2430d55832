/** The real ways to agents. Each library is loaded only when its way is taken. */
import type { Clock } from '../base/clock.ts';
import { type Outcome, causeOf, failed } from '../base/fault.ts';
import { LOCAL_USER } from '../protocol/topics.ts';
import type { Connect } from './parts.ts';

export function realConnect({ clock }: { clock: Clock }): Connect {
  return {
    async socket(path, keyFile) {
      const { socketCaller } = await import('../client/socket-caller.ts');
      return guarded(() => socketCaller({ path, clock, keyFile }), path);
    },
    async bus(site, broker) {
      const { credentials, tls } = site;
      const [{ busCaller }, { mqttDialer }, { readLogin, readTls }] = await Promise.all([
        import('../client/bus-caller.ts'),
        import('../bus/mqtt-connection.ts'),
        import('../site-config/login-files.ts'),
      ]);
      const login = credentials === undefined ? undefined : await readLogin(credentials);
      if (login?.ok === false) return login;
      const dialer = mqttDialer({
        urls: broker === undefined ? site.brokers : [broker],
        user: login?.value.user ?? LOCAL_USER,
        credentials: credentials === undefined ? undefined : () => readLogin(credentials),
        tls: tls === undefined ? undefined : () => readTls(tls),
        protocol: site.protocol,
        clock,
      });
      return guarded(() => busCaller({ dialer, root: site.root, clock, keyFile: site.folder.authKeys }), dialer.url);
    },
  };
}

/** A way that cannot be taken is a fault, however it says so. */
async function guarded<T>(make: () => Promise<Outcome<T>>, url: string): Promise<Outcome<T>> {
  try {
    return await make();
  } catch (thrown) {
    return failed('BUS_DOWN', { url, cause: causeOf(thrown) });
  }
}
