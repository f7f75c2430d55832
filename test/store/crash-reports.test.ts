import { mkdirSync, readdirSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { must } from '../../base/fault.ts';
import { type CrashFacts, crashReports } from '../../store/crash-reports.ts';
import { tempFolder } from '../fixtures/temp.ts';

const AT = Date.UTC(2026, 10, 21, 4, 25, 55) / 1000;

const crash = (given: Partial<CrashFacts> = {}): CrashFacts => ({
  instance_id: 'thermo1',
  agent_class: 'DummyAgent',
  generation: 8,
  at: AT,
  cause: 'exit',
  code: 3,
  signal: null,
  uptime_s: 12.5,
  failures_in_row: 1,
  stability: 0.5,
  next_launch: AT,
  stderr: ['boom'],
  stdout: [],
  sessions: [{ op: 'acquire', session_id: 's1' }],
  command_hash: 'sha256:c',
  config_revision: null,
  code_revision: null,
  host: { load1: 0.1, memory_free: 1e9 },
  ...given,
});

test('write() names the report by instance, time and number, for this user alone', async (t) => {
  const folder = tempFolder(t);
  const reports = crashReports(folder);
  t.is(must(await reports.write(crash())).id, 'thermo1/20261121T042555Z-1');
  t.is(must(await reports.write(crash())).id, 'thermo1/20261121T042555Z-2');
  t.deepEqual(readdirSync(join(folder, 'thermo1')), ['20261121T042555Z-1.json', '20261121T042555Z-2.json']);
  t.is(statSync(join(folder, 'thermo1', '20261121T042555Z-1.json')).mode & 0o777, 0o600);
  t.deepEqual(await reports.read('thermo1/20261121T042555Z-2'), { ...crash(), id: 'thermo1/20261121T042555Z-2' });
});

test('write() says why it cannot', async (t) => {
  const folder = tempFolder(t);
  writeFileSync(join(folder, 'thermo1'), 'a file in the way');
  t.like(await crashReports(folder).write(crash()), { ok: false, fault: { code: 'FOLDER_UNUSABLE' } });
});

test('list() gives the newest first, of one instance or of all', async (t) => {
  const reports = crashReports(tempFolder(t));
  for (const [instance_id, later] of [
    ['a', 0],
    ['b', 1],
    ['a', 2],
    ['b', 3],
  ] as const) {
    await reports.write(crash({ instance_id, at: AT + later }));
  }
  const told = async (filter: Parameters<typeof reports.list>[0]) =>
    (await reports.list(filter)).map((report) => `${report.instance_id}${report.at - AT}`);
  t.deepEqual(await told({}), ['b3', 'a2', 'b1', 'a0']);
  t.deepEqual(await told({ last: 2 }), ['b3', 'a2']);
  t.deepEqual(await told({ instanceId: 'a' }), ['a2', 'a0']);
  t.deepEqual(await told({ instanceId: 'none' }), []);
});

test('list() passes over what is no report', async (t) => {
  const folder = tempFolder(t);
  mkdirSync(join(folder, 'a'));
  writeFileSync(join(folder, 'a', '20261121T042555Z-1.json'), '{"torn');
  writeFileSync(join(folder, 'a', 'notes.txt'), '');
  t.deepEqual(await crashReports(folder).list(), []);
});

const noReport = test.macro(async (t, id: string) => {
  const folder = tempFolder(t);
  writeFileSync(join(folder, 'secret.json'), '{}');
  t.is(await crashReports(join(folder, 'crash')).read(id), undefined);
});
test('read() knows no report outside its folder', noReport, '../secret');
test('read() knows no report that is not there', noReport, 'a/20261121T042555Z-1');

test('prune() keeps the newest 20 of each instance', async (t) => {
  const reports = crashReports(tempFolder(t));
  for (let k = 0; k < 23; k++) await reports.write(crash({ at: AT + k }));
  await reports.write(crash({ instance_id: 'other' }));
  t.is(await reports.prune(AT * 1000), 3);
  const kept = await reports.list({ instanceId: 'thermo1', last: 100 });
  t.deepEqual([kept.length, kept.at(-1)?.at], [20, AT + 3]);
  t.is((await reports.list({ instanceId: 'other' })).length, 1);
});

test('prune() removes what is older than 30 days', async (t) => {
  const folder = tempFolder(t);
  const reports = crashReports(folder);
  const { id } = must(await reports.write(crash()));
  utimesSync(join(folder, `${id}.json`), AT, AT);
  t.is(await reports.prune((AT + 30 * 86_400 - 1) * 1000), 0);
  t.is(await reports.prune((AT + 30 * 86_400 + 1) * 1000), 1);
});

test('prune() removes the oldest beyond 200 MiB in all', async (t) => {
  const folder = tempFolder(t);
  const reports = crashReports(folder);
  for (let k = 0; k < 3; k++) {
    const { id } = must(await reports.write(crash({ at: AT + k })));
    truncateSync(join(folder, `${id}.json`), 90 * 1024 * 1024);
  }
  t.is(await reports.prune(AT * 1000), 1);
  t.deepEqual(readdirSync(join(folder, 'thermo1')), ['20261121T042556Z-1.json', '20261121T042557Z-1.json']);
});

test('prune() passes over a report that cannot be removed', async (t) => {
  const folder = tempFolder(t);
  const reports = crashReports(folder);
  await reports.write(crash());
  // A folder of that name: what even root cannot unlink.
  mkdirSync(join(folder, 'thermo1', '20200101T000000Z-1.json'));
  for (const name of readdirSync(join(folder, 'thermo1'))) utimesSync(join(folder, 'thermo1', name), 1, 1);
  t.is(await reports.prune(AT * 1000), 1);
});
