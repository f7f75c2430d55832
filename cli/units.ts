/** SI prefixes: how much a typed unit is of the unit that a schema names. */

const PREFIXES: Record<string, number> = {
  '': 1,
  p: 1e-12,
  n: 1e-9,
  u: 1e-6,
  µ: 1e-6,
  m: 1e-3,
  c: 1e-2,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
};
/** Times that have names of their own, in seconds. */
const TIMES: Record<string, number> = { ms: 1e-3, s: 1, min: 60, h: 3_600, d: 86_400 };

/** Factor from `unit` to `base`; undefined where they are not of one kind. No unit means the base. */
export function scaleOf(unit: string, base: string): number | undefined {
  if (unit === '' || unit === base) return 1;
  const [unitS, baseS] = [TIMES[unit], TIMES[base]];
  if (unitS !== undefined && baseS !== undefined) return unitS / baseS;
  for (const [unitPrefix, unitFactor] of Object.entries(PREFIXES)) {
    for (const [basePrefix, baseFactor] of Object.entries(PREFIXES)) {
      if (!unit.startsWith(unitPrefix) || !base.startsWith(basePrefix)) continue;
      const stem = unit.slice(unitPrefix.length);
      if (stem !== '' && stem === base.slice(basePrefix.length)) return unitFactor / baseFactor;
    }
  }
  return undefined;
}
