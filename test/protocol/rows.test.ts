import test from 'ava';
import { Is, ManagerData, Row, SHAPES, Why } from '../../protocol/rows.ts';

const row = {
  next_action: 'up',
  target_state: 'up',
  stability: 1,
  agent_class: 'FakeDataAgent',
  instance_id: 'faker1',
  operable: true,
  restart_required: false,
  is: 'up',
  phase: 'up',
  since: 1,
  why: 'wanted up',
  actor: 'config',
  management: 'host',
  config: { file: 'site.yaml', line: 3 },
  config_state: 'up',
  pid: 4711,
  generation: 8,
  started_at: 1,
  adopted: false,
  watch: 'lifeline',
  draining: [],
  ready: 'yes',
  health: 'ok',
  degraded: false,
  restarts_1h: 0,
  restarts_24h: 0,
  failures_in_row: 0,
  retry_at: null,
  unstable: false,
  exit: null,
  restart_reasons: [],
  waits_for: [],
};

test('Row takes a managed instance, with fields of a later version', (t) => {
  t.deepEqual(Row.parse({ ...row, mood: 'good' }), { ...row, mood: 'good' });
});

test('Row takes a passive target, and no other word than the three', (t) => {
  t.true(Row.safeParse({ ...row, target_state: 'passive' }).success);
  t.false(Row.safeParse({ ...row, target_state: 'sideways' }).success);
});

test('ManagerData takes what a HostManager shows', (t) => {
  const data = {
    child_states: [row],
    config_parse_status: { 'site.yaml': [true, 1, 'ok'] },
    orphans: {},
    new_tags: {},
    pending: null,
    engine: { state: 'absent' },
    store: 'ok',
    revision: 'sha256:0',
    host: { name: 'lab-a' },
  };
  t.deepEqual(ManagerData.parse(data), data);
  t.false(ManagerData.safeParse({ ...data, child_states: [{}] }).success);
});

test('Why takes a cause of unknown time', (t) => {
  const why = {
    target: 'faker1',
    because: [{ at: null, text: 'wanted up' }],
    next: { act: 'none', at: null },
    remedy: '',
  };
  t.deepEqual(Why.parse(why), why);
});

test('SHAPES has one shape for each word', (t) => {
  t.deepEqual(Object.keys(SHAPES).toSorted(), [...Is.options].toSorted());
  for (const shape of Object.values(SHAPES)) t.is([...shape].length, 1);
});
