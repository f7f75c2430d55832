/** New lines of a program's logs as they are written: told by the kernel's watch on the folder, not by polling. */
import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { openLog } from './log-lines.ts';
import type { LogFiles, LogStream } from './log-pages.ts';

export interface Follow {
  files: LogFiles;
  onLine: (line: { stream: LogStream; text: string }) => void;
  /** Ends it. */
  signal: AbortSignal;
  /** Where to begin in each file; without it, at its end. */
  from?: Partial<Record<LogStream, number>>;
}

interface Followed {
  stream: LogStream;
  path: string;
  id: string | undefined;
  offset: number;
}

/** Follow both streams; a line is told when it is complete. The folder must be there; the files need not be. */
export function followLog({ files, onLine, signal, from = {} }: Follow): void {
  const followed = (['out', 'err'] as const).map((stream): Followed => {
    const log = openLog(files[stream]);
    log?.close();
    return { stream, path: files[stream], id: log?.id, offset: from[stream] ?? log?.size ?? 0 };
  });
  const look = (): void => {
    for (const one of followed) if (!signal.aborted) readOn(one, onLine);
  };
  if (signal.aborted) return;
  const names = new Set(followed.map(({ path }) => basename(path)));
  const folders = new Set(followed.map(({ path }) => dirname(path)));
  const watchers: FSWatcher[] = [...folders].map((folder) =>
    watch(folder, (_, name) => {
      if (name === null || names.has(name)) look();
    }),
  );
  const end = (): void => {
    for (const watcher of watchers) watcher.close();
  };
  for (const watcher of watchers) watcher.on('error', end);
  signal.addEventListener('abort', end, { once: true });
  look();
}

function readOn(one: Followed, onLine: Follow['onLine']): void {
  const log = openLog(one.path);
  if (log === undefined) return;
  // Another file under this name, or a shorter one: rotated.
  if (log.id !== one.id || log.size < one.offset) one.offset = one.id === undefined ? one.offset : 0;
  one.id = log.id;
  try {
    for (const { text, end, complete } of log.forward(one.offset)) {
      if (!complete) break;
      one.offset = end;
      onLine({ stream: one.stream, text });
    }
  } finally {
    log.close();
  }
}
