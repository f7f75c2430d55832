/** `Broker`: the embedded MQTT broker as an agent, so that a site needs no other program to come up. */
import { must } from '../../base/fault.ts';
import { agent, z } from '../../framework/cupola.ts';
import { type GuardedBroker, startGuardedBroker } from './guarded-broker.ts';

const Address = z.object({ host: z.string().default('127.0.0.1'), port: z.int().min(0).max(65_535).default(1_883) });

export const Settings = z.object({
  listen: z
    .array(Address)
    .default([
      { host: '127.0.0.1', port: 1_883 },
      { host: '::1', port: 1_883 },
    ])
    .meta({ description: 'loopback addresses only, as long as the site has no users' }),
});

export const broker = agent(
  'Broker',
  Settings,
  ({ settings, clock, log, feed, onStart, onGone, every }) => {
    let running: GuardedBroker | undefined;
    const count = z.number().meta({ unit: '1' });
    const load = feed(
      'load',
      {
        clients: count,
        retained: count,
        messages_in: count,
        messages_out: count,
        dropped: count,
        cut: count,
        denied: count,
      },
      { description: 'What goes through the broker, once a second' },
    );
    onStart(async () => {
      running = must(await startGuardedBroker({ listen: { tcp: settings.listen }, clock, log }));
      log.info({ addresses: running.addresses }, 'broker ready');
    });
    every(1_000, () => {
      if (!running) return;
      const { clients, retained, messagesIn, messagesOut, dropped, cut, denied } = running.stats();
      load.publish({ clients, retained, messages_in: messagesIn, messages_out: messagesOut, dropped, cut, denied });
    });
    onGone(() => running?.stop());
    return { load };
  },
  { description: 'The embedded MQTT broker of a site on one machine' },
);
