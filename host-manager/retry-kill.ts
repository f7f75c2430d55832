/** The tasks `retry` and `kill`: skip a wait, skip a grace. */
import { fault } from '../base/fault.ts';
import type { Setup } from '../framework/agent.ts';
import { z } from '../framework/cupola.ts';
import type { Host } from './host.ts';

/** **Tasks** `retry`, `kill`: launch now what waits for its next launch; end now, without a grace (`instances`: ids, or ["all"]). */
export function declareRetryAndKill({ task }: Setup<object>, { supervisor }: Host): void {
  for (const [name, role, description] of [
    ['retry', 'operate', 'Launch now what waits for its next launch'],
    ['kill', 'admin', 'End now, without a grace'],
  ] as const) {
    task(name, {
      description,
      role,
      immediate: true,
      params: z.object({ instances: z.array(z.string()).min(1).max(1_000) }),
      run(session, { instances }) {
        const done = supervisor[name](instances, session.user);
        if (!done.ok) return session.failed(done.fault);
        session.data = { instances: done.value.ids, ignored: done.value.ignored };
        for (const text of done.value.ignored) session.message(text);
        return done.value.ids.length === 0
          ? session.failed(fault('TARGET_UNKNOWN', { target: instances.join(', '), near: '' }))
          : `Asked for ${done.value.ids.join(', ')}.`;
      },
    });
  }
}
