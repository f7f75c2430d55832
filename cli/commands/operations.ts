/** Verbs on operations: `start OP`, `stop OP`, `abort OP`, `wait OP`, `run OP`. */
import { type Outcome, exitOf, failed, fault, ok } from '../../base/fault.ts';
import type { Caller } from '../../client/caller.ts';
import type { Api, OperationApi } from '../../protocol/envelope.ts';
import { Session } from '../../protocol/session.ts';
import { didYouMean } from '../../base/nearest.ts';
import { askOnInterrupt } from '../interrupt.ts';
import type { Result } from '../output.ts';
import { readParams } from '../params.ts';
import { progressOf } from '../progress.ts';
import { endText } from '../session-text.ts';
import type { Shell } from '../shell.ts';
import { readTarget, wrongForm } from '../targets.ts';
import { waitForSession } from '../wait.ts';

interface Operation {
  caller: Caller;
  agent: string;
  op: string;
  api: OperationApi;
}

/** `start OP [arg…]`: start it; wait only where that is asked. */
export async function startOperation(
  shell: Shell,
  verb: 'start' | 'run',
  target: string,
  words: readonly string[],
  wait: boolean,
): Promise<Result> {
  const found = await operationOf(shell, verb, target);
  if (!found.ok) return found;
  const { caller, agent, op, api } = found.value;
  const params = await readParams(words, api.params, {
    readText: shell.parts.readText,
    readStdin: shell.terminal.readStdin,
  });
  if (!params.ok) return { fault: { ...params.fault, remedy: usageOf(agent, op, api, verb) } };
  if (shell.options.dryRun)
    return { text: `${agent}.${op} ${JSON.stringify(params.value)}`, document: { agent, op, params: params.value } };
  const reply = await caller.call(agent, { method: 'start', class: api.class, op, params: params.value });
  if (!reply.ok) return reply;
  const session = Session.safeParse(reply.value.session);
  const document = { code: reply.value.code, message: reply.value.message, session: reply.value.session };
  if (!session.success) return { text: reply.value.message, document };
  if (!wait) {
    return {
      text: `${agent}.${op} started: session ${session.data.session_id}`,
      ids: [session.data.session_id],
      document,
    };
  }
  return toTheEnd(shell, found.value, session.data);
}

/** `wait OP`: wait for the end of the session that runs now. */
export async function waitOperation(shell: Shell, target: string): Promise<Result> {
  const found = await operationOf(shell, 'wait', target);
  if (!found.ok) return found;
  const session = await newest(found.value);
  if (!session.ok) return session;
  if (session.value === null)
    return { text: `${target} never ran`, document: { code: 0, message: 'never ran', session: {} } };
  return toTheEnd(shell, found.value, session.value);
}

/** `stop OP` of a process, `abort OP` of a task; with `wait` until it has ended. */
export async function endOperation(
  shell: Shell,
  verb: 'stop' | 'abort',
  target: string,
  wait: boolean,
): Promise<Result> {
  const found = await operationOf(shell, verb, target);
  if (!found.ok) return found;
  const { caller, agent, op, api } = found.value;
  const needed = api.type === 'task' ? 'abort' : 'stop';
  if (needed !== verb)
    return failed('OPERATION_KIND', { op: target, type: api.type, verb: `cupola ${needed} ${target}` });
  const current = await newest(found.value);
  if (!current.ok) return current;
  if (current.value === null || current.value.status === 'done') {
    return {
      text: `${target} does not run`,
      document: { code: 0, message: 'does not run', session: current.value ?? {} },
    };
  }
  const reply = await caller.call(agent, { method: verb, class: api.class, op, session: current.value.session_id });
  if (!reply.ok) return reply;
  const { code, message, session } = reply.value;
  if (wait) return toTheEnd(shell, found.value, current.value, true);
  return {
    text: message || `${target} asked to ${verb}`,
    ids: [current.value.session_id],
    document: { code, message, session },
  };
}

/** Follow a session to its end with progress on stderr; Ctrl-C asks. */
async function toTheEnd(shell: Shell, operation: Operation, session: Session, asked = false): Promise<Result> {
  // An immediate task is over when its start is answered.
  if (session.status === 'done') return endResult(shell, session, asked);
  const { caller, agent, op, api } = operation;
  const timeout = shell.timeoutMs(undefined);
  if (!timeout.ok) return timeout;
  const verb = api.type === 'task' ? 'abort' : 'stop';
  const abort = () => void caller.call(agent, { method: verb, class: api.class, op, session: session.session_id });
  const leaving = askOnInterrupt(shell, abort, api.type);
  const progress = progressOf(shell, `${agent}.${op}`);
  const { clock } = shell.parts;
  const ended = await waitForSession({
    caller,
    clock,
    agent,
    op,
    sessionId: session.session_id,
    timeoutMs: timeout.value,
    onChange: progress.show,
    signal: leaving.signal,
  });
  leaving.end();
  progress.end();
  const line = `cupola ${verb} ${agent}.${op}`;
  if (!ended.ok) return { fault: ended.fault, document: { code: 1, message: ended.fault.message, session } };
  if (ended.value === undefined) {
    shell.note(`${agent}.${op} runs on; "${line}" ends it`);
    return { exit: 130, document: { code: 1, message: 'detached', session } };
  }
  return endResult(shell, ended.value, asked);
}

/** What was asked to end may end as failed: that is what was asked for. */
function endResult(shell: Shell, session: Session, asked: boolean): Result {
  const text = endText(session, shell.view(), asked);
  const document = { code: 0, message: session.messages.at(-1)?.[1] ?? '', session };
  const ids = [session.session_id];
  if (session.success === true || asked) return { text, document, ids };
  const told = session.fault;
  const says = told?.message ?? session.messages.at(-1)?.[1] ?? 'failed without a word';
  const why = {
    ...fault('SESSION_FAILED', { text: says }),
    ...(told === undefined ? {} : { code: told.code, remedy: told.remedy, facts: told.facts }),
  };
  return { text, document, ids, fault: why, told: true, exit: exitOf(why.code) === 7 ? 7 : 1 };
}

/** Several operations of one verb, one after another; exit as for several targets. */
export async function each(targets: readonly string[], act: (target: string) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (const target of targets) results.push(await act(target));
  return results;
}

async function newest({ caller, agent, op }: Operation): Promise<Outcome<Session | null>> {
  const reply = await caller.call(agent, { method: 'status', class: 'read', op });
  if (!reply.ok) return reply;
  const session = Session.safeParse(reply.value.session);
  return ok(session.success && session.data.status !== 'none' ? session.data : null);
}

async function operationOf(shell: Shell, verb: string, text: string): Promise<Outcome<Operation>> {
  const target = readTarget(text);
  const site = await shell.site();
  if (!site.ok) return site;
  if (target.kind === 'host')
    return failed('USAGE', { problem: `"${text}" is a host`, remedy: `Run "cupola ${verb} ID.OPERATION"` });
  const agent = target.kind === 'part' ? target.agent : target.word;
  const caller = await shell.reach(site.value).caller(agent);
  if (!caller.ok) return target.kind === 'instance' ? wrongForm.agentGiven(agent, verb, '<operation>') : caller;
  const api = await caller.value.describe(agent);
  if (target.kind === 'instance')
    return wrongForm.agentGiven(agent, verb, api.ok ? usualOp(api.value, verb) : '<operation>');
  if (!api.ok) return api;
  const found = api.value.operations[target.name];
  const known = Object.keys(api.value.operations);
  if (found === undefined)
    return failed('OPERATION_UNKNOWN', { op: `${text}${didYouMean(target.name, known)}`, known });
  return ok({ caller: caller.value, agent, op: target.name, api: found });
}

/** The operation most likely meant: the first process for `stop`, the first task for `abort`, else the first. */
function usualOp({ operations }: Api, verb: string): string {
  const wanted = verb === 'abort' ? 'task' : 'process';
  const names = Object.entries(operations);
  return (names.find(([, { type }]) => type === wanted) ?? names[0])?.[0] ?? '<operation>';
}

function usageOf(agent: string, op: string, { params }: OperationApi, verb: string): string {
  const properties = params['properties'];
  const keys = typeof properties === 'object' && properties !== null ? Object.keys(properties) : [];
  return `Run "cupola ${verb} ${agent}.${op}${keys.map((key) => ` ${key}=…`).join('')}"`;
}
