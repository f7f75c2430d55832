/** What the folder of a host says when its HostManager is dead: pid records, logs, crash reports. */
import { join } from 'node:path';
import { type Outcome, causeOf, failed, ok } from '../base/fault.ts';
import type { Disk } from './parts.ts';

/** Each reader is loaded only when it is needed. */
export const realDisk = (): Disk => ({
  async records({ run }) {
    const { liveProcess, readPidRecord, recordedIds } = await import('../store/pid-record.ts');
    return recordedIds(run).flatMap((id) => {
      const record = readPidRecord(run, id);
      if (!record) return [];
      const { instance_id, pid = null, generation, target } = record;
      return [{ instance_id, pid, generation, target, alive: liveProcess(record) !== undefined }];
    });
  },
  async lines({ log }, instanceId, { stream, lines }) {
    const { LogQuery, logPage } = await import('../store/log-pages.ts');
    const files = { out: join(log, `${instanceId}.out.log`), err: join(log, `${instanceId}.err.log`) };
    const page = guarded(() => logPage(files, LogQuery.parse({ stream, lines })), log);
    return page.ok ? ok(page.value.lines) : page;
  },
  async reports({ crash }, instanceId) {
    const { crashReports } = await import('../store/crash-reports.ts');
    return crashReports(crash).list(instanceId === undefined ? {} : { instanceId });
  },
});

function guarded<T>(act: () => Outcome<T>, folder: string): Outcome<T> {
  try {
    return act();
  } catch (thrown) {
    return failed('FOLDER_UNUSABLE', { folder, cause: causeOf(thrown) });
  }
}
