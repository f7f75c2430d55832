/** Which tasks of some agents run at this moment: what a stop of all would cut off. */
import type { Clock } from '../base/clock.ts';
import { Session } from '../protocol/session.ts';
import type { Reach } from './reach.ts';
import { within } from './within.ts';

/** An agent that does not answer within this has nothing that could be asked about. */
const LOOK_MS = 2_000;

/** Names `agent.op` of running tasks, in order of the agents. */
export async function runningTasks({
  reach,
  clock,
  agents,
}: {
  reach: Reach;
  clock: Clock;
  agents: readonly string[];
}): Promise<string[]> {
  const found = await Promise.all(agents.map((agent) => within(clock, LOOK_MS, tasksOf(reach, agent), () => [])));
  return found.flat();
}

async function tasksOf(reach: Reach, agent: string): Promise<string[]> {
  const caller = await reach.caller(agent);
  if (!caller.ok) return [];
  const api = await caller.value.describe(agent);
  if (!api.ok) return [];
  const tasks = Object.entries(api.value.operations).filter(([, { type }]) => type === 'task');
  const running = await Promise.all(
    tasks.map(async ([op]) => {
      const reply = await caller.value.call(agent, { method: 'status', class: 'read', op, ttlMs: LOOK_MS });
      const session = Session.safeParse(reply.ok ? reply.value.session : undefined);
      return session.success && ['starting', 'running', 'stopping'].includes(session.data.status)
        ? [`${agent}.${op}`]
        : [];
    }),
  );
  return running.flat();
}
