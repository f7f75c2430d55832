/** An expected failure as a value: made from the catalogue, carried to whoever must handle it, thrown only on its way up. */
import { FAULTS } from './fault-catalogue.ts';

export type FaultCode = keyof typeof FAULTS;

/** An expected failure. It crosses the bus, prints in the CLI and shows on the page unchanged. */
export type Fault = {
  code: string;
  message: string;
  remedy: string;
  facts: Record<string, unknown>;
  /** When a repeat makes sense. */
  retry_ms?: number;
};

export type Outcome<T> = { ok: true; value: T } | { ok: false; fault: Fault };

/** Make the fault `code`, its sentences filled from `facts`. */
export function fault(code: FaultCode, facts: Record<string, unknown> = {}): Fault {
  const { says, remedy } = FAULTS[code];
  return { code, message: fill(says, facts), remedy: fill(remedy, facts), facts };
}

export const ok = <T>(value: T): Outcome<T> => ({ ok: true, value });
export const failed = (code: FaultCode, facts: Record<string, unknown> = {}): { ok: false; fault: Fault } => ({
  ok: false,
  fault: fault(code, facts),
});

/** Exit code of the CLI for a fault code; 1 for one that this version does not know. */
export const exitOf = (code: string): number => (isFaultCode(code) ? FAULTS[code].exit : 1);

export const isFaultCode = (code: string): code is FaultCode => Object.hasOwn(FAULTS, code);

/** A fault on its way up through code that has nothing to say about it. */
export class CupolaFault extends Error {
  readonly fault: Fault;
  constructor(given: Fault) {
    super(given.message);
    this.name = 'CupolaFault';
    this.fault = given;
  }
}

/** The value of an outcome, or its fault thrown. */
export function must<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value;
  throw new CupolaFault(outcome.fault);
}

/** What a thrown thing says, in one line and without a stack. */
export const causeOf = (thrown: unknown): string =>
  (thrown instanceof Error ? thrown.message : String(thrown)).split('\n', 1)[0] ?? '';

function fill(text: string, facts: Record<string, unknown>): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => {
    const fact = facts[name];
    if (fact === undefined || fact === null) return '';
    return Array.isArray(fact) ? fact.join(', ') : String(fact);
  });
}
