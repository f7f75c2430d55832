/** `cupola status`: hosts and instances, one instance in detail, or the session of an operation. */
import { fault, failed } from '../../base/fault.ts';
import { OpCode, Session } from '../../protocol/session.ts';
import { type Fleet, fleetDocument } from '../fleet.ts';
import { instanceText } from '../instance-text.ts';
import type { Result } from '../output.ts';
import { sessionText } from '../session-text.ts';
import { type Shell, chooseInstances, filterOf, fleetOf } from '../shell.ts';
import type { Site } from '../site.ts';
import { notAsWanted, statusText } from '../status-table.ts';
import { filters, readTarget } from '../targets.ts';

export async function status(shell: Shell, words: readonly string[]): Promise<Result> {
  const site = await shell.site();
  if (!site.ok) return site;
  const parts = words.map(readTarget);
  const [only] = parts;
  if (only?.kind === 'part') {
    if (words.length > 1)
      return failed('USAGE', { problem: 'One operation at a time', remedy: `Run "cupola status ${words[0]}"` });
    return operationStatus(shell, site.value, only.agent, only.name);
  }
  if (words.length === 0 && !filters(filterOf(shell.options)))
    return shown(shell, site.value, await fleetOf(shell, site.value));
  const chosen = await chooseInstances(shell, site.value, words);
  if (!chosen.ok) return chosen;
  return shown(
    shell,
    site.value,
    narrowed(chosen.value.fleet, chosen.value.ids),
    words.length === 1 && chosen.value.ids.length === 1,
  );
}

function shown(shell: Shell, site: Site, fleet: Fleet, detail = false): Result {
  const unwanted = notAsWanted(fleet);
  const row = detail ? fleet.hosts.flatMap(({ instances }) => instances)[0] : undefined;
  const table = statusText(fleet, shell.view()) || 'no instance is so';
  const text = row === undefined ? table : instanceText(row, shell.view());
  const told =
    unwanted.length === 0
      ? {}
      : { fault: fault('NOT_WANTED', { which: unwanted.map((name) => `"${name}"`) }), told: true };
  const dead = fleet.source === 'disk' ? fleet.hosts.find((host) => host.fault !== undefined)?.fault : undefined;
  return {
    text: dead === undefined ? text : `${text}\n  next: ${dead.remedy}`,
    ids: fleet.hosts.flatMap(({ instances }) => instances.map(({ instance_id }) => instance_id)),
    document: fleetDocument(fleet, site),
    ...told,
    ...(dead === undefined ? {} : { fault: dead, told: true, exit: 3 }),
  };
}

/** Only the chosen instances, and only hosts that have one. */
function narrowed(fleet: Fleet, ids: readonly string[]): Fleet {
  const hosts = fleet.hosts.map((host) => ({
    ...host,
    instances: host.instances.filter(({ instance_id }) => ids.includes(instance_id)),
    records: host.records.filter(({ instance_id }) => ids.includes(instance_id)),
  }));
  return { ...fleet, hosts: hosts.filter(({ instances, manager }) => instances.length > 0 || manager === null) };
}

async function operationStatus(shell: Shell, site: Site, agent: string, op: string): Promise<Result> {
  const caller = await shell.reach(site).caller(agent);
  if (!caller.ok) return caller;
  const reply = await caller.value.call(agent, { method: 'status', class: 'read', op });
  if (!reply.ok) return reply;
  const { code, message } = reply.value;
  const session = Session.safeParse(reply.value.session);
  const document = { code, message, session: reply.value.session };
  if (!session.success) return { text: `${agent}.${op} never ran`, document };
  const wrong = session.data.op_code === OpCode.FAILED || session.data.op_code === OpCode.DEGRADED;
  const told = wrong ? { fault: fault('NOT_WANTED', { which: `${agent}.${op}` }), told: true } : {};
  return { text: sessionText(agent, session.data, shell.view()), document, ids: [session.data.session_id], ...told };
}
