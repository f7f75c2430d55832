/** What the folder of a host says when its HostManager is dead: pid records, logs, crash reports. */
import { causeOf, failed, ok } from '../base/fault.ts';
import type { Disk } from './parts.ts';

/** Each reader is loaded only when it is needed. */
export const realDisk = (): Disk => ({
  async records({ run }) {
    try {
      const { readPidRecords } = await import('../store/pid-record.ts');
      return await readPidRecords(run);
    } catch {
      return [];
    }
  },
  async lines({ log }, instanceId, { stream, lines }) {
    try {
      const { lastLines } = await import('../store/log-pages.ts');
      return ok(await lastLines({ folder: log, instanceId, stream, lines }));
    } catch (thrown) {
      return failed('FOLDER_UNUSABLE', { folder: log, cause: causeOf(thrown) });
    }
  },
  async reports({ crash }, instanceId) {
    try {
      const { crashReports } = await import('../store/crash-reports.ts');
      return await crashReports(crash, instanceId);
    } catch {
      return [];
    }
  },
});
