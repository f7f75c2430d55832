/** Who goes before whom: `after` at a launch, and its reverse, tier by tier, when all are stopped. */
import type { Instance } from './instance.ts';
import { BROKER_CLASS, DEFAULT_AFTER_MS } from './wanted.ts';

type Rows = ReadonlyMap<string, Instance>;

/** Those that `instance` still waits for. `booting`: it also waits for the broker of this host. */
export function unmetOf(instance: Instance, rows: Rows, booting: boolean): { ids: string[]; atMostMs: number } {
  const ids: string[] = [];
  let atMostMs = 0;
  for (const { instance: id, until, atMostMs: most } of instance.wanted.after) {
    if (came(rows.get(id), until)) continue;
    ids.push(id);
    atMostMs = Math.max(atMostMs, most);
  }
  if (booting && instance.wanted.agentClass !== BROKER_CLASS) {
    for (const row of rows.values()) {
      if (row.wanted.agentClass !== BROKER_CLASS || ids.includes(row.id) || came(row, 'ready')) continue;
      ids.push(row.id);
      atMostMs = Math.max(atMostMs, DEFAULT_AFTER_MS);
    }
  }
  return { ids, atMostMs };
}

/** It is there, or it is not to be waited for: target not up, not operable, ended by its own policy. */
function came(row: Instance | undefined, until: 'ready' | 'up'): boolean {
  if (row === undefined || row.target !== 'up' || !row.operable || row.ended) return true;
  return row.phase.name === 'up' && (until === 'up' || row.phase.ready !== 'waiting');
}

/** Launch order: brokers, then those without `after`, then those after them. */
export const launchOrder = (rows: Rows): string[] => tiers(rows).flat();

/** Stop order: the reverse, each tier at once. */
export const stopTiers = (rows: Rows): string[][] => tiers(rows).toReversed();

function tiers(rows: Rows): string[][] {
  const depths = new Map<string, number>();
  const depthOf = (id: string): number => {
    const known = depths.get(id);
    if (known !== undefined) return known;
    depths.set(id, 0); // a cycle, which the site config refuses, ends here
    const row = rows.get(id);
    const before = row?.wanted.after.filter(({ instance }) => rows.has(instance)) ?? [];
    const depth =
      row?.wanted.agentClass === BROKER_CLASS ? 0 : 1 + Math.max(0, ...before.map(({ instance }) => depthOf(instance)));
    depths.set(id, depth);
    return depth;
  };
  const found: string[][] = [];
  for (const id of rows.keys()) {
    const depth = depthOf(id);
    found[depth] = [...(found[depth] ?? []), id];
  }
  return [...found].filter((tier) => tier !== undefined && tier.length > 0);
}
