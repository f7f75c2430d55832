/** The task `restart`: one after another, each until it is ready; it stops at the first that is not. */
import { fault } from '../base/fault.ts';
import type { Setup } from '../framework/agent.ts';
import { z } from '../framework/cupola.ts';
import type { Host } from './host.ts';
import type { Instance } from './instance.ts';

/** A restart is over when the next generation is ready, or has failed. */
const RESTART_MS = 120_000;

/**
 * **Task** `restart`: end and launch again, in the order of `after`, each until it is ready or has failed.
 *
 * params        instances: ids, or ["all"]
 * session.data  { "<instance-id>": "up" | "launching" | … }: what each is at the end
 */
export function declareRestart({ task }: Setup<object>, { supervisor }: Host): void {
  task('restart', {
    description: 'End and launch again, one after another',
    role: 'admin',
    abortable: true,
    params: z.object({ instances: z.array(z.string()).min(1).max(1_000), cold: z.boolean().default(true) }),
    async run(session, { instances }) {
      const known = supervisor.order();
      const unknown = instances.filter((id) => id !== 'all' && !known.includes(id));
      const ids = instances.includes('all') ? known : known.filter((id) => instances.includes(id));
      if (unknown.length > 0) return session.failed(fault('TARGET_UNKNOWN', { target: unknown.join(', '), near: '' }));
      const outcomes: Record<string, string> = {};
      for (const [i, id] of ids.entries()) {
        if (!session.running) break;
        session.progress(i / ids.length, id);
        const before = supervisor.instance(id)?.generation ?? 0;
        const asked = supervisor.restart([id], session.user);
        if (!asked.ok) return session.failed(asked.fault);
        if (supervisor.row(id)?.target_state === 'up')
          await supervisor.until(id, (instance) => isBack(instance, before), RESTART_MS);
        outcomes[id] = supervisor.row(id)?.is ?? 'gone';
        session.data = { ...outcomes };
        // The next one may depend on it, and a fault of all of them shows in the first.
        if (supervisor.row(id)?.target_state === 'up' && outcomes[id] !== 'up') break;
      }
      session.progress(1);
      const late = Object.entries(outcomes).filter(
        ([id, is]) => supervisor.row(id)?.target_state === 'up' && is !== 'up',
      );
      return late.length === 0
        ? 'Restarted.'
        : session.failed(`Not up: ${late.map(([id, is]) => `${id} is ${is}`).join(', ')}`);
    },
  });
}

function isBack(instance: Instance | undefined, before: number): boolean {
  if (!instance) return true;
  const { phase } = instance;
  if (phase.name === 'up') return phase.generation > before && phase.ready !== 'waiting';
  return phase.name === 'waiting' || phase.name === 'gave-up' || phase.name === 'down' || phase.name === 'inoperable';
}
