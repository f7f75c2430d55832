/** The task `die`: the end of this HostManager, with or without its children. */
import type { Setup } from '../framework/agent.ts';
import { z } from '../framework/cupola.ts';
import type { Life } from './manager.ts';

/**
 * **Task** `die`: end all agents, then this HostManager.
 *
 * params        disown_hosts (false): leave the processes to the next HostManager; disown_dockers (false): no effect without containers
 */
export function declareDie({ task, clock, end }: Setup<object>, life: Life): void {
  task('die', {
    description: 'End all agents, then this HostManager',
    role: 'admin',
    params: z.object({ disown_dockers: z.boolean().default(false), disown_hosts: z.boolean().default(false) }),
    run(session, { disown_hosts }) {
      life.disowned = disown_hosts;
      // After the reply: the session itself is one that the end waits for.
      clock.after(0, () => end(`asked by ${session.user}`));
      return disown_hosts ? 'Ending; the agents run on.' : 'Ending, with all agents.';
    },
  });
}
