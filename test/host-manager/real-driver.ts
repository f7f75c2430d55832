/** A real driver over a folder of its own, its events one after another; all it launched is ended with the test. */
import { type FSWatcher, existsSync, watch } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { systemClock } from '../../base/clock.ts';
import { must } from '../../base/fault.ts';
import type { Driver, DriverEvent, LaunchSpec } from '../../host-manager/driver.ts';
import { processDriver } from '../../host-manager/process-driver.ts';
import { type HostFolder, hostFolder, makeHostFolder } from '../../store/host-folder.ts';
import { tempFolder } from '../fixtures/temp.ts';

export type EventOf<K extends DriverEvent['type']> = Extract<DriverEvent, { type: K }>;

export interface RealDriver {
  driver: Driver;
  folder: HostFolder;
  /** The next event of this kind that was not yet waited for. */
  next<K extends DriverEvent['type']>(type: K): Promise<EventOf<K>>;
  /** Kinds of all events so far. */
  seen: string[];
  troubles: string[];
}

const LIMIT_MS = 20_000;
export const clock = systemClock({ unref: true });

export const newFolder = (t: ExecutionContext): HostFolder => must(makeHostFolder(hostFolder(tempFolder(t), 'lab1')));

export function realDriver(t: ExecutionContext, folder = newFolder(t)): RealDriver {
  const waiting: DriverEvent[] = [];
  const seen: string[] = [];
  const troubles: string[] = [];
  const ids = new Set<string>();
  let wake: (() => void) | undefined;
  const driver = processDriver({
    folder,
    clock,
    onEvent(event) {
      seen.push(event.type);
      waiting.push(event);
      ids.add(event.instanceId);
      wake?.();
    },
    onTrouble: (text) => troubles.push(text),
  });
  t.teardown(() => {
    for (const id of ids) driver.kill(id);
    driver.close();
  });
  const next = async <K extends DriverEvent['type']>(type: K): Promise<EventOf<K>> => {
    const isWanted = (event: DriverEvent): event is EventOf<K> => event.type === type;
    for (;;) {
      const found = waiting.find(isWanted);
      if (found !== undefined) {
        waiting.splice(waiting.indexOf(found), 1);
        return found;
      }
      await within(`event "${type}" after ${seen.join(' ')}`, (resolve) => {
        wake = resolve;
      });
    }
  };
  return { driver, folder, next, seen, troubles };
}

/** A launch of a shell script, or of any program. */
export function specOf(
  folder: HostFolder,
  argv: string | readonly string[],
  given: Partial<LaunchSpec> = {},
): LaunchSpec {
  const instanceId = given.instanceId ?? 'thermo1';
  return {
    instanceId,
    agentClass: 'Command',
    generation: 1,
    argv: typeof argv === 'string' ? ['/bin/sh', '-c', argv] : argv,
    env: { PATH: '/usr/local/bin:/usr/bin:/bin' },
    cwd: folder.root,
    logOut: join(folder.log, `${instanceId}.out.log`),
    logErr: join(folder.log, `${instanceId}.err.log`),
    definitionHash: 'sha256:definition',
    ...given,
  };
}

/** Resolves as soon as the file is there. */
export async function fileThere(path: string): Promise<void> {
  let watcher: FSWatcher | undefined;
  await within(`file ${path}`, (resolve) => {
    watcher = watch(dirname(path), (_, name) => {
      if (name === basename(path)) resolve();
    });
    if (existsSync(path)) resolve();
  });
  watcher?.close();
}

/** Reject when `begin` has not resolved within the limit. */
export function within<T = void>(what: string, begin: (resolve: (value: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = systemClock();
    const cancel = timer.after(LIMIT_MS, () => reject(new Error(`waited in vain for ${what}`)));
    begin((value) => {
      cancel();
      resolve(value);
    });
  });
}
