import test from 'ava';
import { OpCode, Session, type SessionStatus, opCodeName, opCodeOf } from '../../protocol/session.ts';

const codes = test.macro(
  (t, status: SessionStatus, success: boolean | null, degraded: boolean | string, want: OpCode) => {
    t.is(opCodeOf(status, success, degraded), want);
  },
);
test('opCodeOf() is NONE before the first session', codes, 'none', null, false, OpCode.NONE);
test('opCodeOf() is STARTING until it runs', codes, 'starting', null, false, OpCode.STARTING);
test('opCodeOf() is RUNNING', codes, 'running', null, false, OpCode.RUNNING);
test('opCodeOf() is DEGRADED while it runs with a reason', codes, 'running', null, 'one input silent', OpCode.DEGRADED);
test('opCodeOf() is STOPPING even when degraded', codes, 'stopping', null, true, OpCode.STOPPING);
test('opCodeOf() is SUCCEEDED at a good end', codes, 'done', true, false, OpCode.SUCCEEDED);
test('opCodeOf() is FAILED at a bad end', codes, 'done', false, false, OpCode.FAILED);
test('opCodeOf() is FAILED where the end said nothing', codes, 'done', null, false, OpCode.FAILED);

test('opCodeName() knows every code and says UNKNOWN for others', (t) => {
  for (const [name, code] of Object.entries(OpCode)) t.is(opCodeName(code), name);
  t.is(opCodeName(99), 'UNKNOWN');
});

test('Session takes fields of a later version along', (t) => {
  const later = {
    g: 1,
    n: 2,
    op_name: 'acquire',
    session_id: 'S',
    number: 1,
    op_code: 3,
    status: 'running',
    success: null,
    degraded: false,
    start_time: 1,
    end_time: null,
    user: 'local',
    params: {},
    progress: {},
    messages: [[1, 'begun']],
    data: {},
    mood: 'good',
  };
  t.deepEqual(Session.parse(later), later);
  t.false(Session.safeParse({ ...later, messages: [['begun']] }).success);
});
