/** The task `update`: target states as people want them. */
import { fault } from '../base/fault.ts';
import type { Setup } from '../framework/agent.ts';
import { z } from '../framework/cupola.ts';
import type { Host } from './host.ts';
import { Requests } from './requests.ts';

/**
 * **Task** `update`: change target states, after reading the config anew if asked; ends when they are recorded.
 *
 * params        requests [[instance_id or "all", up|down], …] ([]), taken in order; reload_config (false)
 * session.data  { accepted, ignored, persisted: will a restart remember them?, plan }
 * faults        MANAGER_NOT_RUNNING
 */
export function declareUpdate({ task, identity }: Setup<object>, host: Host): void {
  const { supervisor } = host;
  task('update', {
    description: 'Change target states; read the site config anew if asked',
    immediate: true,
    params: z.object({ requests: Requests.default([]), reload_config: z.boolean().default(false) }),
    async run(session, { requests, reload_config }) {
      if (!supervisor.supervising())
        return session.failed(fault('MANAGER_NOT_RUNNING', { agent: identity.instanceId }));
      const plan = reload_config ? host.reload(session.user) : undefined;
      if (plan && !plan.ok) return session.failed(plan.fault);
      const resolved = supervisor.request(requests, session.user);
      if (!resolved.ok) return session.failed(resolved.fault);
      for (const { text } of resolved.value.ignored) session.message(text);
      const status = host.data().config_parse_status['[SCF]'];
      if (reload_config && status && !status[0]) session.message(`config not taken: ${status[2]}`);
      const cause = await host.synced();
      if (cause !== undefined) session.message(`Carried out, but a restart would forget it: ${cause}`);
      session.data = {
        accepted: resolved.value.accepted,
        ignored: resolved.value.ignored,
        persisted: cause === undefined,
        plan: plan?.ok
          ? plan.value.map(({ instanceId, act, cause: why, file, line }) => ({
              instance_id: instanceId,
              act,
              cause: why,
              file,
              line,
            }))
          : null,
      };
      return 'Update requested.';
    },
  });
}
