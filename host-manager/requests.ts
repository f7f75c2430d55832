/** Requests `[instance_id, target_state]`: their shape, their order, and which of them are ignored. */
import * as z from 'zod';
import { didYouMean } from '../base/nearest.ts';
import { TargetState } from '../protocol/rows.ts';

export const REQUESTS_MAX = 1_000;

/** What `manager` and `update` take; the state is checked one by one, so that a wrong one spares the rest. */
export const Requests = z.array(z.tuple([z.string(), z.string()])).max(REQUESTS_MAX);
export type Requests = z.infer<typeof Requests>;

export interface Ignored {
  request: readonly [string, string];
  text: string;
}

export interface Resolved {
  /** The last word for each instance, in order of first mention. */
  targets: ReadonlyMap<string, TargetState>;
  accepted: Requests;
  ignored: Ignored[];
}

/** Take the requests in order: later ones win, `all` means every one of `ids`. */
export function resolveRequests(requests: Requests, ids: readonly string[]): Resolved {
  const known = new Set(ids);
  const targets = new Map<string, TargetState>();
  const accepted: Requests = [];
  const ignored: Ignored[] = [];
  for (const request of requests) {
    const [id, state] = request;
    const target = TargetState.safeParse(state);
    if (!target.success) {
      ignored.push({ request, text: `request ignored: invalid state "${state}" for "${id}": use "up" or "down"` });
    } else if (id !== 'all' && !known.has(id)) {
      ignored.push({ request, text: `request ignored: invalid target "${id}"${didYouMean(id, [...ids, 'all'])}` });
    } else {
      accepted.push(request);
      for (const one of id === 'all' ? ids : [id]) targets.set(one, target.data);
    }
  }
  return { targets, accepted, ignored };
}
