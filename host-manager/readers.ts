/** The operations that only look: why an instance is as it is, its logs, its crash reports. */
import { join } from 'node:path';
import { fault } from '../base/fault.ts';
import type { Setup } from '../framework/agent.ts';
import { z } from '../framework/cupola.ts';
import { listCrashReports, readCrashReport } from '../store/crash-reports.ts';
import { logPage } from '../store/log-pages.ts';
import type { Host } from './host.ts';

export function declareReaders({ task, folder }: Setup<object>, { supervisor }: Host): void {
  const unknown = (instance: string) => fault('TARGET_UNKNOWN', { target: instance, near: '' });

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
   * params        instance; stream both|out|err (both); lines 1..1 000 (100); before, after: cursors of an earlier page; grep: plain text
   * session.data  { lines: [{ at, stream, level, text }], before, after, more }
   */
  task('logs', {
    description: 'One page of what an instance has written',
    role: 'read',
    immediate: true,
    params: z.object({
      instance: z.string(),
      stream: z.enum(['both', 'out', 'err']).default('both'),
      lines: z.int().min(1).max(1_000).default(100),
      before: z.string().optional(),
      after: z.string().optional(),
      since: z.number().optional().meta({ unit: 's' }),
      until: z.number().optional().meta({ unit: 's' }),
      level: z.string().optional(),
      grep: z.string().max(200).optional(),
    }),
    async run(session, { instance, ...asked }) {
      if (!supervisor.exists(instance)) return session.failed(unknown(instance));
      session.data = { ...(await logPage({ folder: folder.log, instanceId: instance, ...asked })) };
      return;
    },
  });

  /** **Task** `crash_reports`: the newest unexpected exits (`instance`, all; `last`, 20), or one in full (`id`). */
  task('crash_reports', {
    description: 'The newest unexpected exits, or one in full',
    role: 'read',
    immediate: true,
    params: z.object({ instance: z.string().nullable().default(null), last: z.int().min(1).max(200).default(20), id: z.string().nullable().default(null) }),
    async run(session, { instance, last, id }) {
      if (id !== null) {
        const report = readCrashReport(join(folder.crash), id);
        if (!report) return session.failed(`No crash report "${id}"`);
        session.data = { report };
        return;
      }
      session.data = { reports: listCrashReports(folder.crash, instance ?? undefined).slice(0, last) };
      return;
    },
  });
}
