/** The real ways to agents. Each library is loaded only when its way is taken. */
import type { Clock } from '../base/clock.ts';
import { type Outcome, causeOf, failed, ok } from '../base/fault.ts';
import type { Dialer } from '../bus/bus.ts';
import type { Caller } from '../client/caller.ts';
import { LOCAL_USER } from '../protocol/topics.ts';
import type { Connect } from './parts.ts';

/** How long a broker may take to greet. */
const CONNECT_MS = 5_000;

export function realConnect({ clock }: { clock: Clock }): Connect {
  return {
    async socket(path, keyFile) {
      const { socketCaller } = await import('../client/socket-caller.ts');
      return guarded(() => socketCaller({ path, clock, keyFile }), path);
    },
    async bus(site, broker) {
      const { credentials, tls } = site;
      const [{ openBusCaller }, { mqttDialer }, { readLogin, readTls }] = await Promise.all([
        import('../client/bus-caller.ts'),
        import('../bus/mqtt-connection.ts'),
        import('../site-config/login-files.ts'),
      ]);
      const login = credentials === undefined ? undefined : await readLogin(credentials);
      if (login?.ok === false) return login;
      const urls = broker === undefined ? site.brokers : [broker];
      const dialer = mqttDialer({
        urls,
        user: login?.value.user ?? LOCAL_USER,
        credentials: credentials === undefined ? undefined : () => readLogin(credentials),
        tls: tls === undefined ? undefined : () => readTls(tls),
        protocol: site.protocol,
        clock,
      });
      const open = (dialled: Dialer) =>
        openBusCaller({ dialer: dialled, root: site.root, clock, keyFile: site.folder.authKeys });
      return guarded(() => oneRound(dialer, urls.length, open), dialer.url);
    },
  };
}

type Opened = Caller & { up(withinMs: number): Promise<boolean> };

/** A person waits: once every address has been tried in vain it is said, rather than tried again. */
async function oneRound(dialer: Dialer, addresses: number, open: (dialer: Dialer) => Opened): Promise<Outcome<Caller>> {
  let tried = 0;
  let last = failed('BUS_DOWN', { url: dialer.url, cause: 'no answer' });
  let allTried = (): void => {};
  const inVain = new Promise<false>((resolve) => (allTried = () => resolve(false)));
  const dial: Dialer['dial'] = async (options) => {
    const dialled = await dialer.dial(options);
    if (!dialled.ok) last = dialled;
    if (!dialled.ok && ++tried >= addresses) allTried();
    return dialled;
  };
  const caller = open({ ...dialer, dial });
  if (await Promise.race([caller.up(CONNECT_MS), inVain])) return ok(caller);
  await caller.close();
  return last;
}

/** A way that cannot be taken is a fault, however it says so. */
async function guarded<T>(make: () => Promise<Outcome<T>>, url: string): Promise<Outcome<T>> {
  try {
    return await make();
  } catch (thrown) {
    return failed('BUS_DOWN', { url, cause: causeOf(thrown) });
  }
}
