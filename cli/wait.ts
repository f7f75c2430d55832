/** Waiting for a session or for instances, on changes that are pushed. */
import type { Cancel, Clock } from '../base/clock.ts';
import { type Fault, type Outcome, failed, fault, ok } from '../base/fault.ts';
import type { Caller } from '../client/caller.ts';
import type { ManagerData, Row } from '../protocol/rows.ts';
import { Session } from '../protocol/session.ts';
import { watchManager } from './manager-watch.ts';

/** An agent that is lost is given this long to come back, restarted by its HostManager. */
const ABSENCE_MS = 30_000;

export interface Waited {
  caller: Caller;
  clock: Clock;
  agent: string;
  op: string;
  sessionId: string;
  /** Without it: as long as it takes. */
  timeoutMs: number | undefined;
  onChange?: (session: Session) => void;
  /** Ends the wait with undefined: the session goes on. */
  signal?: AbortSignal;
}

/** Wait for the end of one session; undefined when `signal` ended the wait. */
export function waitForSession(asked: Waited): Promise<Outcome<Session | undefined>> {
  const { caller, clock, agent, op, sessionId, timeoutMs, signal } = asked;
  return new Promise((resolve) => {
    const cancels: Cancel[] = [];
    let over = false;
    let absence: Cancel | undefined;
    const end = (outcome: Outcome<Session | undefined>): void => {
      if (over) return;
      over = true;
      absence?.();
      for (const cancel of cancels) cancel();
      resolve(outcome);
    };
    const see = (session: Session | null): void => {
      if (over || session === null) return;
      // Another session has taken its place: ours is over, and the agent still knows how it ended.
      if (session.session_id !== sessionId) return void sessionOf(caller, agent, op, sessionId).then(end);
      asked.onChange?.(session);
      if (session.status === 'done') end(ok(session));
    };
    const what = `${agent}.${op}`;
    cancels.push(() => signal?.removeEventListener('abort', leave));
    const leave = (): void => end(ok(undefined));
    signal?.addEventListener('abort', leave, { once: true });
    if (timeoutMs !== undefined) {
      const tell = () => end(failed('TIMEOUT', { what, waitedMs: timeoutMs, next: `cupola wait ${what}` }));
      cancels.push(clock.after(timeoutMs, tell));
    }
    cancels.push(
      caller.watchPresence((who, { state }) => {
        if (who !== agent || over) return;
        const gone = state === 'lost' || state === 'offline';
        if (!gone) absence?.();
        if (gone)
          absence ??= clock.after(ABSENCE_MS, () =>
            end(failed('AGENT_ABSENT', { agent, why: `${state} for ${ABSENCE_MS} ms` })),
          );
        if (!gone) absence = undefined;
      }),
    );
    cancels.push(caller.watchSession(agent, op, see));
    if (over) for (const cancel of cancels) cancel();
  });
}

/** One session by its id, finished or not. */
async function sessionOf(caller: Caller, agent: string, op: string, sessionId: string): Promise<Outcome<Session>> {
  const reply = await caller.call(agent, { method: 'wait', class: 'read', op, session: sessionId, forMs: 1 });
  if (!reply.ok)
    return reply.fault.code === 'SESSION_UNKNOWN' ? failed('OUTCOME_UNKNOWN', { agent, session: sessionId }) : reply;
  const session = Session.safeParse(reply.value.session);
  return session.success ? ok(session.data) : failed('OUTCOME_UNKNOWN', { agent, session: sessionId });
}

export interface InstanceOutcome {
  instance_id: string;
  ok: boolean;
  is: string;
  took_ms: number;
  fault: Fault | null;
}

export interface WaitedRows {
  caller: Caller;
  clock: Clock;
  manager: string;
  ids: readonly string[];
  wanted: 'up' | 'down';
  timeoutMs: number;
  onReached?: (outcome: InstanceOutcome) => void;
  signal?: AbortSignal;
}

/** Wait until each instance is in its target state, has failed for good, or time is up. An ended wait (`signal`) leaves the rest out. */
export function waitForRows(asked: WaitedRows): Promise<InstanceOutcome[]> {
  const { caller, clock, manager, ids, wanted, timeoutMs, signal } = asked;
  const beganMs = clock.monotonicMs();
  const beganAtMs = clock.nowMs();
  const open = new Map<string, Row | undefined>(ids.map((id) => [id, undefined]));
  const outcomes: InstanceOutcome[] = [];
  return new Promise((resolve) => {
    const cancels: Cancel[] = [];
    let over = false;
    const end = (): void => {
      over = true;
      for (const cancel of cancels) cancel();
      resolve(outcomes);
    };
    const settle = (id: string, is: string, why: Fault | null): void => {
      open.delete(id);
      const outcome = {
        instance_id: id,
        ok: why === null,
        is,
        took_ms: Math.round(clock.monotonicMs() - beganMs),
        fault: why,
      };
      outcomes.push(outcome);
      asked.onReached?.(outcome);
    };
    let newest: ManagerData;
    const see = (data: ManagerData): void => {
      if (over) return;
      newest = data;
      const { child_states } = data;
      for (const id of open.keys()) {
        const row = child_states.find(({ instance_id }) => instance_id === id);
        open.set(id, row);
        const reached = reachedBy(row, wanted);
        const youngMs = reached === 'yes' && wanted === 'up' ? provenInMs(row, clock.nowMs()) : 0;
        if (youngMs > 0) cancels.push(clock.after(youngMs, () => see(newest)));
        else if (reached === 'yes') settle(id, row?.is ?? 'gone', null);
        else if (reached === 'never' || (wanted === 'up' && failsAgain(row, beganAtMs)))
          settle(id, row?.is ?? 'gone', notReached(id, wanted, row, Math.round(clock.monotonicMs() - beganMs)));
      }
      if (open.size === 0) end();
    };
    signal?.addEventListener('abort', end, { once: true });
    cancels.push(() => signal?.removeEventListener('abort', end));
    cancels.push(
      clock.after(timeoutMs, () => {
        for (const [id, row] of open) settle(id, row?.is ?? 'unknown', notReached(id, wanted, row, timeoutMs));
        end();
      }),
    );
    cancels.push(watchManager(caller, manager, see));
    if (over) for (const cancel of cancels) cancel();
  });
}

/** A program of which only the process is seen may end as soon as it has begun: it counts as up when it has lasted so long. */
const PROVEN_MS = 1_000;
const FAILURES_MAX = 3;

const provenInMs = (row: Row | undefined, nowMs: number): number =>
  row === undefined || row.health !== 'unknown' || row.started_at === null
    ? 0
    : row.started_at * 1_000 + PROVEN_MS - nowMs;

/** It has failed now, and did so before: the next launch is no reason to hope. */
const failsAgain = (row: Row | undefined, sinceMs: number): boolean =>
  row?.phase === 'waiting' &&
  row.failures_in_row >= FAILURES_MAX &&
  row.exit !== null &&
  !row.exit.expected &&
  row.exit.at * 1_000 >= sinceMs;

/** Has the row come to what is wanted, or will it never by itself? */
export function reachedBy(row: Row | undefined, wanted: 'up' | 'down'): 'yes' | 'never' | 'not yet' {
  if (row === undefined) return wanted === 'down' ? 'yes' : 'not yet';
  if (wanted === 'down') {
    if (row.target_state === 'up') return 'not yet';
    return row.phase === 'down' || row.phase === 'inoperable' || row.phase === 'gave-up' ? 'yes' : 'not yet';
  }
  if (row.target_state === 'down') return 'not yet';
  if (row.phase === 'up') return row.ready === 'yes' ? 'yes' : 'not yet';
  return row.phase === 'inoperable' || row.phase === 'gave-up' ? 'never' : 'not yet';
}

const notReached = (instance: string, wanted: string, row: Row | undefined, waitedMs: number): Fault =>
  fault('NOT_REACHED', {
    instance,
    wanted,
    waitedMs,
    is: row === undefined ? 'not told of' : `${row.is} (${row.why})`,
  });
