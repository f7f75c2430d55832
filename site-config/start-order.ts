/** The order of starting: entries that wait for one that is not there, or for each other, are told. */
import { didYouMean } from '../base/nearest.ts';
import type { After } from './site.ts';

export interface Waiting {
  readonly instanceId: string;
  readonly after: readonly After[];
}

export type OrderProblem =
  | { readonly kind: 'unknown'; readonly instanceId: string; readonly other: string; readonly near: string }
  | { readonly kind: 'cycle'; readonly instanceId: string; readonly cycle: string };

/** What hinders an order; `known` are all ids of the host, also of entries that were refused. */
export function orderProblems(entries: readonly Waiting[], known: ReadonlySet<string>): OrderProblem[] {
  const problems: OrderProblem[] = [];
  for (const { instanceId, after } of entries) {
    for (const { instance } of after) {
      if (!known.has(instance))
        problems.push({ kind: 'unknown', instanceId, other: instance, near: didYouMean(instance, known) });
    }
  }
  for (const circle of circles(entries)) {
    for (const [i, instanceId] of circle.entries()) {
      const cycle = [...circle.slice(i), ...circle.slice(0, i), instanceId].join(' → ');
      problems.push({ kind: 'cycle', instanceId, cycle });
    }
  }
  return problems;
}

/** Each circle once: an entry that is on a path back to itself, with the shortest such path. */
function circles(entries: readonly Waiting[]): string[][] {
  const waits = new Map(entries.map(({ instanceId, after }) => [instanceId, after.map(({ instance }) => instance)]));
  const done = new Set<string>();
  const found: string[][] = [];
  for (const { instanceId } of entries) {
    if (done.has(instanceId)) continue;
    const circle = shortestWayBack(instanceId, waits);
    if (!circle) continue;
    for (const id of circle) done.add(id);
    found.push(circle);
  }
  return found;
}

function shortestWayBack(from: string, waits: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const came = new Map<string, string>();
  let edge = [from];
  while (edge.length > 0) {
    const next: string[] = [];
    for (const id of edge) {
      for (const other of waits.get(id) ?? []) {
        if (other === from) return wayTo(id, from, came);
        if (came.has(other)) continue;
        came.set(other, id);
        next.push(other);
      }
    }
    edge = next;
  }
  return undefined;
}

function wayTo(last: string, from: string, came: ReadonlyMap<string, string>): string[] {
  const way: string[] = [];
  for (let id = last; id !== from; id = came.get(id) ?? from) way.unshift(id);
  return [from, ...way];
}
