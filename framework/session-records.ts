/** What the store keeps of sessions: enough that a repeated start is never done twice, also after `kill -9`. */
import type { Clock } from '../base/clock.ts';
import { type Outcome, fault } from '../base/fault.ts';
import { OpCode, Session } from '../protocol/session.ts';
import type { Store } from '../store/store.ts';

export interface SessionRecords {
  /** Sessions of an operation that the store has, oldest first, and how many were ever started. */
  of(op: string): { ended: Session[]; started: number };
  knows(session: string): boolean;
  /** Resolves when the start would survive `kill -9`. */
  began(session: Session): Promise<Outcome<void>>;
  ended(session: Session): void;
}

const KEPT = 20;

export function sessionRecords(store: Store): SessionRecords {
  const keyOf = (op: string, number: number) => `session/${op}/${String(number).padStart(12, '0')}`;
  const all = store.keys('session/').flatMap((key) => {
    const parsed = Session.safeParse(store.get(key));
    return parsed.success ? [parsed.data] : [];
  });
  const known = new Set(all.map((session) => session.session_id));
  const surplus = (op: string) =>
    store
      .keys(`session/${op}/`)
      .slice(0, -KEPT)
      .map((key) => ({ key, remove: true }) as const);

  return {
    of(op) {
      const ended = all.filter((session) => session.op_name === op);
      return { ended, started: ended.at(-1)?.number ?? 0 };
    },
    knows: (session) => known.has(session),
    began(session) {
      const old = surplus(session.op_name);
      // One that the store forgets must not count as known: its start would be done again, not refused.
      for (const { key } of old) known.delete(Session.safeParse(store.get(key)).data?.session_id ?? '');
      known.add(session.session_id);
      return store.write([{ key: keyOf(session.op_name, session.number), value: session }, ...old]);
    },
    ended(session) {
      // The store alone decides what is kept; a lost end reads as a crash, which is the safe side.
      void store.write([
        {
          key: keyOf(session.op_name, session.number),
          value: { ...session, data: {}, messages: session.messages.slice(-5) },
        },
      ]);
    },
  };
}

/** A session that was open when its generation died. */
export function interrupted(session: Session, clock: Clock): Session {
  const why = fault('GENERATION_CRASHED', { op: session.op_name, g: session.g });
  const at = clock.nowMs() / 1_000;
  return {
    ...session,
    status: 'done',
    op_code: OpCode.FAILED,
    success: false,
    end_time: at,
    fault: why,
    messages: [...session.messages, [at, why.message]],
  };
}
