/** A bell: events ring it, a loop waits for it. A ring before the wait is not lost. */
export interface Bell {
  ring(): void;
  /** Resolves at the next ring, or at once when it rang since the last call. */
  rung(): Promise<void>;
}

export function bell(): Bell {
  let rang = false;
  let wake: (() => void) | undefined;
  return {
    ring() {
      rang = true;
      wake?.();
    },
    async rung() {
      if (!rang) await new Promise<void>((resolve) => (wake = resolve));
      rang = false;
      wake = undefined;
    },
  };
}
