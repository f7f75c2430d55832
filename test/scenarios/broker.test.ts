/** The broker dies under a running site: processes run on, sessions keep their ids, feeds have no hole, and all is there again. */
import test from 'ava';
import { systemClock } from '../../base/clock.ts';
import { must } from '../../base/fault.ts';
import { mqttDialer } from '../../bus/mqtt-connection.ts';
import { busCaller } from '../../client/bus-caller.ts';
import { feedReader } from '../../client/feed-reader.ts';
import type { Row } from '../../protocol/rows.ts';
import { Session } from '../../protocol/session.ts';
import { startSite } from './site.ts';

const BLOCKS = 8;
const isUp = (rows: Map<string, Row>, ...ids: string[]) =>
  ids.every((id) => rows.get(id)?.next_action === 'up' && rows.get(id)?.ready === 'yes');

test('kill -9 of the broker: every process runs on, sessions keep their ids, the feed goes on without a hole', async (t) => {
  const clock = systemClock();
  const site = await startSite(t, '- {agent-class: FakeDataAgent, instance-id: data1, settings: {mode: acq}}', {
    broker: true,
  });
  const before = await site.until('broker and data1 are up', (rows) => isUp(rows, 'broker', 'data1'));
  const dialer = mqttDialer({ urls: [`mqtt://127.0.0.1:${site.port}`], user: 'local', protocol: 4, clock });
  const caller = must(await busCaller({ dialer, root: 'observatory', clock, connectMs: 15_000 }));
  t.teardown(() => caller.close());
  const status = async () =>
    Session.parse(
      must(await caller.call('data1', { method: 'status', class: 'read', op: 'acq', ttlMs: 30_000 })).session,
    );
  const first = await status();

  const reader = feedReader(caller, 'data1', 'false_temperatures').since(1);
  const numbers: number[] = [];
  let lastT = 0;
  let holes = 0;
  for await (const block of reader) {
    numbers.push(block.n);
    if (numbers.length === 2) process.kill(before.get('broker')?.pid ?? 0, 'SIGKILL');
    for (const ts of block.ts) {
      if (lastT !== 0 && ts - lastT > 1.5 / 9.5) holes++;
      lastT = ts;
    }
    if (numbers.length >= BLOCKS) break;
  }
  t.deepEqual(
    numbers,
    Array.from({ length: BLOCKS }, (_, i) => i + 1),
  );
  t.is(holes, 0);
  const rows = await site.until(
    'the broker is back',
    (seen) => isUp(seen, 'broker', 'data1') && seen.get('broker')?.pid !== before.get('broker')?.pid,
  );
  t.is(rows.get('data1')?.pid, before.get('data1')?.pid);
  const later = await status();
  t.deepEqual([later.session_id, later.status], [first.session_id, 'running']);
  t.is(caller.roster.get('data1')?.presence?.state, 'online');
});

test('a site without a broker is supervised all the same', async (t) => {
  const site = await startSite(t, '- {agent-class: FakeDataAgent, instance-id: data1, settings: {mode: acq}}');
  const first = (await site.until('data1 is up', (rows) => isUp(rows, 'data1'))).get('data1')?.pid ?? 0;
  process.kill(first, 'SIGKILL');
  await site.until('it is up again', (rows) => isUp(rows, 'data1') && rows.get('data1')?.pid !== first);
  await site.op('update', { requests: [['data1', 'down']] });
  await site.until('it is down', (rows) => rows.get('data1')?.next_action === 'down');
  t.pass();
});
