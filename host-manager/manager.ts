/** The process `manager`: as long as it runs, the agents of this host are kept in their target states. */
import type { Setup } from '../framework/agent.ts';
import { z } from '../framework/cupola.ts';
import type { TargetState } from '../protocol/rows.ts';
import type { Host } from './host.ts';
import { Requests } from './requests.ts';

/** What the operations share of this HostManager's life. */
export interface Life {
  /** The children are left to the next HostManager. */
  disowned: boolean;
  /** Renew what the session of `manager` shows, while it runs. */
  show: (() => void) | undefined;
}

/**
 * **Process** `manager`: keep the agents of this host in their target states, until stopped; then all of them are ended.
 *
 * params        requests [[instance_id, up|down], …] ([]); reload_config (true): rows are set up anew from the site config;
 *               keep_targets (false): targets that people asked for before still hold
 * session.data  { child_states: [row], config_parse_status, orphans, new_tags, pending, engine, store, revision, host }
 * faults        CONFIG_INVALID when there never was a good site config
 */
export function declareManager(setup: Setup<object>, host: Host, life: Life, initialState: TargetState | null): void {
  const { supervisor, told } = host;
  setup.process('manager', {
    description: 'Keep the agents of this host in their target states',
    role: 'admin',
    autostart: { keep_targets: true },
    dataBytesMax: 1_048_576,
    params: z.object({
      requests: Requests.default([]),
      reload_config: z.boolean().default(true),
      keep_targets: z.boolean().default(false),
    }),
    async run(session, { requests, reload_config, keep_targets }) {
      told.listen((text) => session.message(text));
      life.show = () => {
        session.data = host.data();
      };
      const begun = host.begin({
        readConfig: reload_config,
        keepTargets: keep_targets,
        initialState,
      });
      if (!begun.ok) return session.failed(begun.fault);
      if (requests.length > 0) supervisor.request(requests, session.user);
      life.show();
      while (session.running) await session.sleep(3_600_000);
      const stopped = life.disowned ? { success: true, stuck: [] } : await supervisor.stopAll(session.user);
      life.show?.();
      life.show = undefined;
      told.listen(undefined);
      if (stopped.success) return 'All agents are down.';
      return session.failed(`Left behind, will not die: ${stopped.stuck.join(', ')}`);
    },
  });
}
