/** The operations that only look: why an instance is as it is, its logs, its crash reports. */
import { join } from 'node:path';
import type { Cancel } from '../base/clock.ts';
import { fault } from '../base/fault.ts';
import type { Setup } from '../framework/agent.ts';
import { z } from '../framework/cupola.ts';
import { followLog } from '../store/log-follow.ts';
import { LogQuery, logPage } from '../store/log-pages.ts';
import type { Host } from './host.ts';

const FOLLOW_S_MAX = 600;

export function declareReaders(setup: Setup<object>, { supervisor, reports }: Host): void {
  const { task, folder, clock, feed } = setup;
  const unknown = (instance: string) => fault('TARGET_UNKNOWN', { target: instance, near: '' });
  const filesOf = (id: string) => ({ out: join(folder.log, `${id}.out.log`), err: join(folder.log, `${id}.err.log`) });
  const text = z.string();
  const lines = feed(
    'log-lines',
    { instance_id: text, stream: text, text },
    { description: 'New lines of the logs that are followed', record: false },
  );
  const followed = new Map<string, { over: AbortController; cancel: Cancel }>();

  /** For so long its new lines go out on the feed; asked for again, it goes on. */
  const follow = (id: string, forS: number) => {
    const before = followed.get(id);
    before?.cancel();
    const over = before?.over ?? new AbortController();
    if (!before)
      followLog({
        files: filesOf(id),
        signal: over.signal,
        onLine: (line) => lines.publish({ instance_id: id, ...line }),
      });
    const cancel = clock.after(forS * 1_000, () => {
      over.abort();
      followed.delete(id);
    });
    followed.set(id, { over, cancel });
  };
  setup.onEnd(() => {
    for (const { over, cancel } of followed.values()) {
      cancel();
      over.abort();
    }
  });

  /** **Task** `why`: who wants it so, what is, the last exits, and what comes next (`instance`). */
  task('why', {
    description: 'Who wants it so, what is, the last exits, and what comes next',
    role: 'read',
    immediate: true,
    params: z.object({ instance: z.string() }),
    run(session, { instance }) {
      const why = supervisor.why(instance);
      if (!why) return session.failed(unknown(instance));
      session.data = { ...why };
      return;
    },
  });

  /**
   * **Task** `logs`: one page of what an instance has written.
   *
   * params        instance; stream both|out|err (both); lines 1..1 000 (100); before, after: cursors of another page;
   *               since, until: Unix s; level; grep: plain text; follow 0..600 s (0): new lines on feed `log-lines` for so long
   * session.data  { lines: [{ at, stream, level, text }], before, after, more, gone }
   */
  task('logs', {
    description: 'One page of what an instance has written',
    role: 'read',
    immediate: true,
    params: LogQuery.extend({
      instance: z.string(),
      follow: z.number().min(0).max(FOLLOW_S_MAX).default(0).meta({ unit: 's' }),
    }),
    run(session, { instance, follow: forS, ...asked }) {
      if (!supervisor.exists(instance)) return session.failed(unknown(instance));
      const page = logPage(filesOf(instance), asked);
      if (!page.ok) return session.failed(page.fault);
      if (forS > 0) follow(instance, forS);
      session.data = { ...page.value };
      return;
    },
  });

  /** **Task** `crash_reports`: the newest unexpected exits (`instance`, all; `last`, 20), or one in full (`id`). */
  task('crash_reports', {
    description: 'The newest unexpected exits, or one in full',
    role: 'read',
    immediate: true,
    params: z.object({
      instance: z.string().nullable().default(null),
      last: z.int().min(1).max(200).default(20),
      id: z.string().nullable().default(null),
    }),
    async run(session, { instance, last, id }) {
      if (id === null) {
        session.data = {
          reports: await reports.list({ last, ...(instance === null ? {} : { instanceId: instance }) }),
        };
        return;
      }
      const report = await reports.read(id);
      if (!report) return session.failed(`No crash report "${id}"`);
      session.data = { report };
      return;
    },
  });
}
