/** What the program says and to whom: results on stdout, notes and questions on stderr. */
import type { Cancel } from '../base/clock.ts';

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';
export type Paint = (style: Style, text: string) => string;
export type Interrupt = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

export interface Terminal {
  /** Width of stdout in characters. */
  readonly columns: number;
  /** Is stdout a terminal, is stderr, are stdin and stdout both? */
  readonly outIsTerminal: boolean;
  readonly noteIsTerminal: boolean;
  readonly interactive: boolean;
  out(text: string): void;
  note(text: string): void;
  /** One line from the person, or undefined where nobody answers (end of input, `signal`). */
  ask(question: string, signal?: AbortSignal): Promise<string | undefined>;
  /** While a listener is there, signals do not end the program. */
  onInterrupt(listener: (signal: Interrupt) => void): Cancel;
  /** Everything on stdin. */
  readStdin(): Promise<string>;
}

export type When = 'auto' | 'always' | 'never';

/** Colour on or off: `--color` first, then NO_COLOR, FORCE_COLOR, TERM=dumb, then whether it is a terminal. */
export function colourOn(when: When, isTerminal: boolean, env: Readonly<Record<string, string | undefined>>): boolean {
  if (when !== 'auto') return when === 'always';
  if (env['NO_COLOR']) return false;
  if (env['FORCE_COLOR'] !== undefined) return env['FORCE_COLOR'] !== '0';
  return isTerminal && env['TERM'] !== 'dumb';
}

const CODES: Record<Style, [number, number]> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};

/** A painter, or one that leaves text as it is. */
export const painter = (on: boolean): Paint =>
  on ? (style, text) => `\u001b[${CODES[style][0]}m${text}\u001b[${CODES[style][1]}m` : (_, text) => text;

/** Width of stdout: COLUMNS wins, then the terminal; 80 where neither says. */
export function columnsOf(env: Readonly<Record<string, string | undefined>>, terminal: number | undefined): number {
  const said = Number(env['COLUMNS']);
  if (Number.isInteger(said) && said > 0) return said;
  return terminal !== undefined && terminal > 0 ? terminal : 80;
}
