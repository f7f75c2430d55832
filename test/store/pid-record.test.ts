import { readdirSync, statSync, writeFileSync } from 'node:fs';
import test from 'ava';
import {
  type PidRecord,
  identityOf,
  liveProcess,
  ownIdentity,
  readPidRecord,
  recordPath,
  recordedIds,
  removePidRecord,
  writePidRecord,
} from '../../store/pid-record.ts';
import { tempFolder } from '../fixtures/temp.ts';

function ownRecord(given: Partial<PidRecord> = {}): PidRecord {
  const { pid, startTicks, bootId, pidNamespace } = ownIdentity();
  return {
    record: 1,
    instance_id: 'thermo1',
    pid,
    start_ticks: startTicks,
    boot_id: bootId,
    pid_namespace: pidNamespace,
    generation: 8,
    life: 'thermo1:8:x',
    command_hash: 'sha256:c',
    definition_hash: 'sha256:d',
    target: 'up',
    draining: [],
    at: 1_795_226_400.12,
    ...given,
  };
}

test('writePidRecord() writes for this user alone, leaves no other file, and readPidRecord() reads it', (t) => {
  const run = tempFolder(t);
  writePidRecord(run, ownRecord());
  writePidRecord(run, ownRecord({ generation: 9 }));
  t.deepEqual(readPidRecord(run, 'thermo1'), ownRecord({ generation: 9 }));
  t.is(statSync(recordPath(run, 'thermo1')).mode & 0o777, 0o600);
  t.deepEqual(readdirSync(run), ['thermo1.pid']);
  t.deepEqual(recordedIds(run), ['thermo1']);
});

const names = test.macro((t, given: Partial<PidRecord>, want: boolean) =>
  t.is(liveProcess(ownRecord(given)) !== undefined, want),
);
test('liveProcess() is the process whose pid, start, boot and namespace agree', names, {}, true);
test('liveProcess() is none with another start time', names, { start_ticks: 1 }, false);
test('liveProcess() is none after a reboot', names, { boot_id: 'another' }, false);
test('liveProcess() is none in another pid namespace', names, { pid_namespace: 1 }, false);
test('liveProcess() is none with a pid that is free', names, { pid: 4_194_305 }, false);

test('an intent names no process', (t) => {
  const { pid: _, start_ticks: __, ...intent } = ownRecord();
  const run = tempFolder(t);
  writePidRecord(run, intent);
  t.deepEqual(readPidRecord(run, 'thermo1'), intent);
  t.is(identityOf(intent), undefined);
  t.is(liveProcess(intent), undefined);
});

const unreadable = test.macro((t, text: string) => {
  const run = tempFolder(t);
  writeFileSync(recordPath(run, 'thermo1'), text);
  t.is(readPidRecord(run, 'thermo1'), undefined);
  removePidRecord(run, 'thermo1', 'thermo1:8:x');
  t.deepEqual(recordedIds(run), ['thermo1']);
});
test('a torn record is none, and is not removed in the name of a life', unreadable, '{"record": 1');
test('a record of another instance is none', unreadable, JSON.stringify(ownRecord({ instance_id: 'thermo2' })));
test('a record of another version is none', unreadable, JSON.stringify({ ...ownRecord(), record: 2 }));

test('removePidRecord() removes only the record of that life', (t) => {
  const run = tempFolder(t);
  writePidRecord(run, ownRecord({ life: 'thermo1:9:y' }));
  removePidRecord(run, 'thermo1', 'thermo1:8:x');
  t.truthy(readPidRecord(run, 'thermo1'));
  removePidRecord(run, 'thermo1', 'thermo1:9:y');
  t.deepEqual(readdirSync(run), []);
});
