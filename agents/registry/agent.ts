/** `RegistryAgent`: keeps a list of who is here and who has gone silent, under OCS's names. */
import { agent, z } from '../../framework/cupola.ts';

const LOOK_MS = 1_000;

const Entry = z.object({
  expired: z.boolean(),
  time_expired: z.number().nullable().meta({ unit: 's' }),
  last_updated: z.number().meta({ unit: 's' }),
  op_codes: z.record(z.string(), z.number()),
  agent_class: z.string().nullable(),
  agent_address: z.string(),
  host: z.string().nullable(),
});

export const registry = agent(
  'RegistryAgent',
  z.object({}),
  ({ process, clock, site }) => {
    /**
     * **Process** `main`: follow presence and heartbeats of all agents, until stopped.
     *
     * session.data  { "<instance-id>": { expired, time_expired, last_updated: Unix s, op_codes: { acq: 3 }, agent_class, agent_address, host } };
     *               an agent that is lost, offline or has missed three heartbeats is expired and its op codes read 7
     */
    const main = process('main', {
      description: 'Follow presence and heartbeats of all agents',
      data: z.record(z.string(), Entry),
      autostart: true,
      dataBytesMax: 1_048_576,
      async run(session) {
        const expiredAtS = new Map<string, number>();
        const cancel = site.on('presence', () => show());
        const show = () => {
          const nowS = clock.nowMs() / 1_000;
          session.data = Object.fromEntries(
            site.agents().map((one) => {
              const expired = one.liveness !== 'online' && one.liveness !== 'draining';
              if (!expired) expiredAtS.delete(one.id);
              else if (!expiredAtS.has(one.id)) expiredAtS.set(one.id, nowS);
              return [
                one.id,
                {
                  expired,
                  time_expired: expiredAtS.get(one.id) ?? null,
                  last_updated: nowS - one.silentMs / 1_000,
                  op_codes: one.codes,
                  agent_class: one.presence?.class ?? null,
                  agent_address: one.address,
                  host: one.presence?.host ?? null,
                },
              ];
            }),
          );
        };
        // Silence comes without a message: it has to be looked for.
        for (show(); await session.sleep(LOOK_MS); show());
        cancel();
        return 'Registry exited cleanly.';
      },
    });
    return { main };
  },
  { description: 'Keeps a list of who is here and who has gone silent' },
);
