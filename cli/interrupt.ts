/** What Ctrl-C does: never more than the person meant. */
import type { Result } from './output.ts';
import type { Shell } from './shell.ts';

export interface Watching {
  signal: AbortSignal;
  /** Was the wait ended by the person? */
  interrupted(): boolean;
  end(): void;
}

/** Of `up`, `down`, `restart`: Ctrl-C ends the watching and nothing else. */
export function watchingOnly(shell: Shell): Watching {
  const abort = new AbortController();
  const cancel = shell.terminal.onInterrupt(() => {
    if (abort.signal.aborted) return;
    shell.note('the HostManager goes on: cupola status');
    abort.abort();
  });
  return { signal: abort.signal, interrupted: () => abort.signal.aborted, end: cancel };
}

/** The exit of a program that the person left. */
export const interrupted = (document: Record<string, unknown> = {}): Result => ({ exit: 130, document });

export interface Leaving extends Watching {
  /** What the person chose, once the wait is over. */
  choice(): 'abort' | 'detach' | undefined;
}

/**
 * Of a wait for an operation: a person is asked whether to abort or to detach while the operation runs on; a second Ctrl-C
 * detaches. Off a terminal, and when the terminal is lost, it detaches, unless `--on-interrupt abort`.
 */
export function askOnInterrupt(shell: Shell, abort: () => void, kind: 'task' | 'process'): Leaving {
  const ending = new AbortController();
  const { onInterrupt } = shell.options;
  let choice: 'abort' | 'detach' | undefined;
  let question: AbortController | undefined;
  const detach = (): void => {
    choice ??= 'detach';
    question?.abort();
    ending.abort();
  };
  const stop = (): void => {
    // A second one, after the abort was sent, leaves without waiting for its end.
    if (choice === 'abort') return detach();
    choice = 'abort';
    abort();
  };
  const ask = async (): Promise<void> => {
    question = new AbortController();
    const word = kind === 'task' ? 'abort' : 'stop';
    const answer = await shell.terminal.ask(
      `\n[${word[0]}]${word.slice(1)}, [d]etach, Enter waits on: `,
      question.signal,
    );
    question = undefined;
    if (/^[as]/i.test(answer ?? '')) stop();
    else if (/^d/i.test(answer ?? '')) detach();
  };
  const cancel = shell.terminal.onInterrupt((signal) => {
    if (signal === 'SIGHUP') return detach();
    if (onInterrupt === 'abort') return stop();
    if (onInterrupt === 'detach' || !shell.terminal.interactive || question !== undefined || choice !== undefined)
      return detach();
    return void ask();
  });
  return { signal: ending.signal, interrupted: () => ending.signal.aborted, end: cancel, choice: () => choice };
}
