/** The state of a HostManager as it changes. */
import type { Cancel } from '../base/clock.ts';
import type { Caller } from '../client/caller.ts';
import { ManagerData } from '../protocol/rows.ts';
import { Session } from '../protocol/session.ts';

/** Now and at every change; whole also where the topic had to leave rows out. */
export function watchManager(
  caller: Caller,
  manager: string,
  listener: (data: ManagerData, session: Session) => void,
): Cancel {
  let over = false;
  let asking = false;
  const tell = (session: Session): boolean => {
    const data = ManagerData.safeParse(session.data);
    if (data.success && !over) listener(data.data, session);
    return data.success;
  };
  const askWhole = async (): Promise<void> => {
    asking = true;
    const reply = await caller.call(manager, { method: 'status', class: 'read', op: 'manager' });
    asking = false;
    const session = Session.safeParse(reply.ok ? reply.value.session : undefined);
    if (session.success) tell(session.data);
  };
  const cancel = caller.watchSession(manager, 'manager', (session) => {
    if (session !== null && !tell(session) && !asking && !over) void askWhole();
  });
  return () => {
    over = true;
    cancel();
  };
}
