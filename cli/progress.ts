/** Progress of a session on stderr: a bar on a terminal, few lines elsewhere. */
import { type Cancel, every } from '../base/clock.ts';
import type { Session } from '../protocol/session.ts';
import { sayDuration } from './duration.ts';
import { isTransition, stateWord } from './session-text.ts';
import type { Shell } from './shell.ts';
import { cut } from './table.ts';

export interface Progress {
  show(session: Session): void;
  end(): void;
}

const QUIET_MS = 30_000;
const FRAME_MS = 250;
const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧'];

export function progressOf(shell: Shell, name: string): Progress {
  if (shell.format !== 'text') return { show: () => {}, end: () => {} };
  return shell.terminal.noteIsTerminal ? bar(shell, name) : lines(shell, name);
}

function bar({ terminal, parts: { clock } }: Shell, name: string): Progress {
  const beganMs = clock.monotonicMs();
  let session: Session | undefined;
  let frame = 0;
  const draw = (): void => {
    frame++;
    terminal.note(
      `\r\u001b[2K${cut(progressText(name, session, clock.monotonicMs() - beganMs, frame), terminal.columns - 1)}`,
    );
  };
  const cancel: Cancel = every(clock, FRAME_MS, draw);
  return {
    show(now) {
      session = now;
    },
    end() {
      cancel();
      if (frame > 0) terminal.note('\r\u001b[2K');
    },
  };
}

/** Off a terminal: a line at the start and at most one every 30 s. */
function lines({ terminal, parts: { clock } }: Shell, name: string): Progress {
  const beganMs = clock.monotonicMs();
  let toldMs = Number.NEGATIVE_INFINITY;
  return {
    show(session) {
      const nowMs = clock.monotonicMs();
      if (nowMs - toldMs < QUIET_MS || session.status === 'done') return;
      toldMs = nowMs;
      terminal.note(`${progressText(name, session, nowMs - beganMs, undefined)}\n`);
    },
    end: () => {},
  };
}

const CELLS = 10;

/** `thermo1.ramp  ▓▓▓▓▓░░░░░  48 %  2 min 31 s left  soak at 77 K`. */
export function progressText(name: string, session: Session | undefined, elapsedMs: number, frame?: number): string {
  const { fraction, text, eta_s } = session?.progress ?? {};
  const said = text ?? session?.messages.findLast(([, message]) => !isTransition(message))?.[1] ?? '';
  if (fraction === undefined) {
    const sign = frame === undefined ? '' : (SPINNER[frame % SPINNER.length] ?? '');
    const elapsed = frame === undefined ? '' : sayDuration(elapsedMs);
    return [name, sign, session === undefined ? 'starting' : stateWord(session), elapsed, said]
      .filter((part) => part !== '')
      .join('  ');
  }
  const full = Math.round(Math.min(1, Math.max(0, fraction)) * CELLS);
  const left = eta_s === undefined ? '' : `${sayDuration(eta_s * 1_000)} left`;
  return [name, '▓'.repeat(full) + '░'.repeat(CELLS - full), `${Math.round(fraction * 100)} %`, left, said]
    .filter((part) => part !== '')
    .join('  ');
}
