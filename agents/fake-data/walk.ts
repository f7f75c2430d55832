/** A random walk with 1/f noise that is the same for the same seed. */

export interface Walk {
  /** The next value, kelvin. */
  next(): number;
}

const START_K = 273.15;
/** Sources of the sum: source j changes every 2^j samples, which makes the spectrum fall as 1/f. */
const OCTAVES = 8;

/** `noise` K of 1/f noise on a walk with steps of `drift` K. */
export function openWalk({ seed, noise, drift }: { seed: number; noise: number; drift: number }): Walk {
  const random = generator(seed);
  const octaves = Array.from({ length: OCTAVES }, () => 0);
  let walk = START_K;
  let k = 0;
  return {
    next() {
      k++;
      walk += drift * (2 * random() - 1);
      for (let j = 0; j < OCTAVES; j++) if (k % 2 ** j === 0) octaves[j] = 2 * random() - 1;
      return walk + (noise * octaves.reduce((sum, value) => sum + value, 0)) / Math.sqrt(OCTAVES);
    },
  };
}

/** A 32-bit xorshift: numbers from 0 to 1, the same for the same seed. */
function generator(seed: number): () => number {
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 0x1_0000_0000;
  };
}
