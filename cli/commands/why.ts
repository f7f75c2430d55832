/** `cupola why ID`: the chain from what is wanted to what is, and what comes next. */
import { failed } from '../../base/fault.ts';
import { didYouMean } from '../../base/nearest.ts';
import { Why } from '../../protocol/rows.ts';
import { Session } from '../../protocol/session.ts';
import { sayDuration, sayTime } from '../duration.ts';
import { readFleet } from '../fleet.ts';
import type { Result } from '../output.ts';
import { type Shell, chooseInstances, hostOf, managerOf } from '../shell.ts';
import { type Site, hostNamed } from '../site.ts';
import { type View, notAsWanted } from '../status-table.ts';
import { readTarget } from '../targets.ts';

export async function why(shell: Shell, word: string): Promise<Result> {
  const site = await shell.site();
  if (!site.ok) return site;
  const host = hostNamed(site.value, word);
  if (host !== undefined) return whyHost(shell, site.value, host);
  const target = readTarget(word);
  const chosen = await chooseInstances(shell, site.value, [target.kind === 'part' ? target.agent : word]);
  if (!chosen.ok) return chosen;
  const [id, ...others] = chosen.value.ids;
  if (id === undefined || others.length > 0)
    return failed('USAGE', { problem: `"${word}" is not one instance`, remedy: 'Run "cupola why ID"' });
  const manager = await managerOf(shell, site.value, chosen.value.fleet, id);
  if (!manager.ok)
    return hostOf(chosen.value.fleet, site.value, id) === site.value.host ? fromDisk(shell, site.value, id) : manager;
  const reply = await manager.value.caller.call(manager.value.manager, {
    method: 'start',
    class: 'read',
    op: 'why',
    params: { instance: id },
  });
  if (!reply.ok) return reply;
  const session = Session.safeParse(reply.value.session);
  const told = Why.safeParse(session.success ? session.data.data : undefined);
  if (!told.success)
    return failed('SESSION_FAILED', {
      text: session.success ? (session.data.messages.at(-1)?.[1] ?? 'no answer') : reply.value.message,
    });
  return { text: whyText(told.data, shell.view()), document: { ...told.data } };
}

/** Of a host: what its HostManager says, or why nobody does. */
async function whyHost(shell: Shell, site: Site, host: string): Promise<Result> {
  const { disk, clock } = shell.parts;
  const fleet = await readFleet({ site, reach: shell.reach(site), disk, clock, hosts: [host] });
  const [state] = fleet.hosts;
  if (state === undefined)
    return failed('HOST_UNKNOWN', { host, near: didYouMean(host, [site.host, ...site.hostManagers.keys()]) });
  const unwanted = notAsWanted(fleet);
  const { fault: dead, instance_id } = state;
  const [good, , complaints] = state.manager?.config_parse_status['[SCF]'] ?? [true, 0, ''];
  const because = [
    dead === undefined
      ? { at: state.since, text: `${instance_id} runs and supervises` }
      : { at: null, text: dead.message },
    ...(state.problem === undefined ? [] : [{ at: null, text: state.problem }]),
    ...(complaints === ''
      ? []
      : [{ at: null, text: `site config ${good ? 'has complaints' : 'is not usable'}: ${complaints}` }]),
    ...(dead === undefined && unwanted.length > 0 ? [{ at: null, text: `not as wanted: ${unwanted.join(', ')}` }] : []),
    ...state.records.map(({ instance_id: id, pid, alive }) => ({
      at: null,
      text: `${id}: pid ${pid} ${alive ? 'runs, unsupervised' : 'is gone'}`,
    })),
  ];
  const [worst] = unwanted;
  const remedy = dead?.remedy ?? (worst === undefined ? '' : `Run "cupola why ${worst}"`);
  const told: Why = { target: `@${host}`, because, next: { act: '', at: null }, remedy };
  const text = whyText(told, shell.view());
  return { text, document: { ...told }, ...(dead === undefined ? {} : { fault: dead, told: true, exit: 3 }) };
}

/** The chain in lines: when, what, by whom, where; then what comes next. */
export function whyText({ target, because, next, remedy }: Why, view: View): string {
  const { nowMs, utc, paint } = view;
  const lines = because.map(({ at, text, actor, file, line }) => {
    const when = at === null ? '' : `${sayTime(at * 1_000, nowMs, utc)} `;
    const where = file === undefined ? '' : `${file}${line === undefined ? '' : `:${line}`}`;
    const source = [actor === undefined || text.endsWith(`by ${actor}`) ? '' : `by ${actor}`, where]
      .filter((part) => part !== '')
      .join(', ');
    return `  ${when}${text}${source === '' ? '' : ` (${source})`}`;
  });
  const soon = next.at === null ? '' : ` in ${sayDuration(next.at * 1_000 - nowMs)}`;
  const then = next.act === '' ? [] : [`  then: ${next.act}${soon}`];
  const todo = remedy === '' && then.length === 0 ? 'nothing to do' : remedy;
  return [paint('bold', target), ...lines, ...then, ...(todo === '' ? [] : [`  next: ${todo}`])].join('\n');
}

async function fromDisk(shell: Shell, site: Site, id: string): Promise<Result> {
  const { disk } = shell.parts;
  const record = (await disk.records(site.folder)).find(({ instance_id }) => instance_id === id);
  const reports = await disk.reports(site.folder, id);
  const absent = failed('HOST_MANAGER_ABSENT', { host: site.host }).fault;
  const state =
    record === undefined
      ? 'no pid record: nothing of it was left running'
      : record.alive
        ? `pid ${record.pid} runs, unsupervised`
        : `pid ${record.pid} is gone`;
  const because = [
    { at: null, text: `HostManager of "${site.host}" does not run; read from ${site.folder.root}` },
    { at: null, text: `${id}: ${state}` },
    ...reports.slice(0, 3).map((report) => ({
      at: timeOf(report['at']),
      text: `ended by itself: ${String(report['cause'] ?? 'exit')} ${String(report['signal'] ?? report['code'] ?? '')}`.trim(),
    })),
  ];
  const told: Why = { target: id, because, next: { act: '', at: null }, remedy: absent.remedy };
  return {
    text: whyText(told, shell.view()),
    document: { ...told, source: 'disk' },
    fault: absent,
    told: true,
    exit: 3,
  };
}

const timeOf = (at: unknown): number | null =>
  typeof at === 'number'
    ? at
    : typeof at === 'string' && Number.isFinite(Date.parse(at))
      ? Date.parse(at) / 1_000
      : null;
