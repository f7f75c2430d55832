/** The real ways to agents. Each library is loaded only when its way is taken. */
import type { Clock } from '../base/clock.ts';
import { type Outcome, causeOf, failed, ok } from '../base/fault.ts';
import { LOCAL_USER } from '../protocol/topics.ts';
import type { Connect } from './parts.ts';

export function realConnect({ clock }: { clock: Clock }): Connect {
  return {
    async socket(path, keyFile) {
      const { socketCaller } = await import('../client/socket-caller.ts');
      return guarded(() => socketCaller({ path, clock, keyFile }), path);
    },
    async bus(site, broker) {
      const [{ busCaller }, { mqttDialer }, { readCredentials }] = await Promise.all([
        import('../client/bus-caller.ts'),
        import('../bus/mqtt-connection.ts'),
        import('../bus/credentials.ts'),
      ]);
      const { credentials: file } = site;
      const credentials = file === undefined ? ok(undefined) : await readCredentials(file);
      if (!credentials.ok) return credentials;
      const dialer = mqttDialer({
        urls: broker === undefined ? site.brokers : [broker],
        user: credentials.value?.user ?? LOCAL_USER,
        protocol: site.protocol,
        clock,
        ...(file === undefined ? {} : { credentials: () => readCredentials(file) }),
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
