import test from 'ava';
import type { Fleet } from '../../cli/fleet.ts';
import { asWanted, notAsWanted, statusText } from '../../cli/status-table.ts';
import { painter } from '../../cli/terminal.ts';
import { T, downRow, managerData, row, waitingRow } from './world.ts';

const rows = [
  row('thermo1', { cpu: 1, memory: 64_000_000 }),
  waitingRow('cam1'),
  downRow('spare', { config_state: 'down' }),
];
const fleet = (): Fleet => ({
  source: 'socket',
  hosts: [
    {
      host: 'lab-a',
      instance_id: 'hm-lab-a',
      is: 'up',
      since: T - 86_400 * 14,
      seen_at: T,
      manager: managerData(rows, { orphans: { c1: {} } }),
      instances: rows,
      records: [],
    },
    {
      host: 'lab-b',
      instance_id: 'hm-lab-b',
      is: 'lost',
      since: T - 221,
      seen_at: T - 221,
      manager: null,
      instances: [],
      records: [],
      problem: '8 instances unknown',
    },
  ],
});
const at = (columns: number): string[] =>
  statusText(fleet(), { columns, paint: painter(false), nowMs: T * 1_000, utc: true, wide: false }).split('\n');

test('statusText() shows a host, its instances by id, what is waited for and the last exit', (t) => {
  t.deepEqual(at(200), [
    'lab-a ● up 14 d  1 up · 1 waiting · 1 down  orphans 1  site config ✓ 07:59:00Z',
    '  INSTANCE  CLASS        WANTS  IS                          RESTARTS 1h/24h  CPU   MEM  SINCE',
    '  cam1 [d]  Camera       up     ▲ waiting, retry 3 in 12 s  4/11               –     –  1 h    exit 1: ENODEV /dev/video0',
    '  spare     Thermometer  down   ○ down                      0/0                –     –  1 h',
    '  thermo1   Thermometer  up     ● up                        0/0              1 %  61 M  1 h',
    'lab-b ✕ lost 3 min 41 s  8 instances unknown',
  ]);
});
test('statusText() drops columns from the right at 80', (t) => {
  t.is(at(80)[1], '  INSTANCE  CLASS        WANTS  IS                          RESTARTS 1h/24h  CPU');
});
test('statusText() keeps ids and states whole at 40', (t) => {
  t.deepEqual(at(40).slice(1, 5), [
    '  INSTANCE  CLASS        IS',
    '  cam1 [d]  Camera       ▲ waiting',
    '  spare     Thermometer  ○ down',
    '  thermo1   Thermometer  ● up',
  ]);
});
for (const columns of [40, 80, 200]) {
  test(`statusText() stays within ${columns} columns`, (t) => {
    for (const line of at(columns).slice(0, 5)) t.true([...line].length <= columns, line);
  });
}
test('statusText() shows records of a host whose HostManager is dead', (t) => {
  const records = [{ instance_id: 'thermo1', pid: 7, generation: 1, target: 'up', alive: true }];
  const dead: Fleet = {
    source: 'disk',
    hosts: [
      {
        host: 'lab-a',
        instance_id: 'hm-lab-a',
        is: 'down',
        since: null,
        seen_at: null,
        manager: null,
        instances: [],
        records,
      },
    ],
  };
  const text = statusText(dead, { columns: 80, paint: painter(false), nowMs: T * 1_000, utc: true, wide: false });
  t.regex(text, /lab-a ○ down/);
  t.regex(text, /thermo1 +up +● pid 7, unsupervised/);
});
test('statusText() colours the state on a terminal and its shape and word stay', (t) => {
  const text = statusText(fleet(), { columns: 200, paint: painter(true), nowMs: T * 1_000, utc: true, wide: false });
  t.true(text.includes('\u001b[32m● up\u001b[39m'));
});

test('notAsWanted() names instances and hosts that are not', (t) =>
  t.deepEqual(notAsWanted(fleet()), ['cam1', '@lab-b']));
test('asWanted() takes a running one that is wanted down for unwanted', (t) =>
  t.false(asWanted(row('a', { target_state: 'down' }))));
test('asWanted() takes a degraded one for unwanted', (t) => t.false(asWanted(row('a', { is: 'degraded' }))));
