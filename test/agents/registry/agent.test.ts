/** `RegistryAgent`: what it tells of the others, under OCS's names. */
import test from 'ava';
import { fakeData } from '../../../agents/fake-data/agent.ts';
import { registry } from '../../../agents/registry/agent.ts';
import { type Harness, harness } from '../../../framework/testing.ts';
import { OpCode } from '../../../protocol/session.ts';

async function both() {
  const faker = await harness(fakeData, { instanceId: 'faker1', settings: { mode: 'acq' } });
  const h = await harness(registry, { instanceId: 'registry', bus: faker.bus, clock: faker.clock });
  await h.advance(3_000);
  const entry = async (id = 'faker1'): Promise<Record<string, unknown>> => {
    const data = (await h.ask('status', 'main'))[2]?.data ?? {};
    return Object(data[id]);
  };
  return { faker, h, entry };
}
const endBoth = async (...all: Harness[]) => {
  for (const one of all) await one.end();
};

test('it starts by itself and lists everyone who is here, itself too', async (t) => {
  const { faker, h, entry } = await both();
  const listed = Object.keys((await h.ask('status', 'main'))[2]?.data ?? {});
  t.deepEqual(listed, ['faker1', 'registry']);
  t.like(await entry(), {
    expired: false,
    time_expired: null,
    agent_class: 'FakeDataAgent',
    agent_address: 'observatory.faker1',
    host: 'h1',
    op_codes: { acq: OpCode.RUNNING, count: OpCode.RUNNING, delay_task: OpCode.NONE, set_heartbeat: OpCode.NONE },
  });
  t.true(Math.abs(Number((await entry())['last_updated']) - h.clock.nowMs() / 1_000) <= 2.2);
  await endBoth(h, faker);
});

test('an agent that is lost is expired at once, its op codes read 7, and it keeps the time of that', async (t) => {
  const { faker, h, entry } = await both();
  faker.bus.lose(faker.bus.clientIds().find((id) => id.startsWith('faker1-')) ?? '');
  await h.advance(150);
  const atS = h.clock.nowMs() / 1_000;
  const lost = await entry();
  t.true(lost['expired'] === true && Math.abs(Number(lost['time_expired']) - atS) <= 0.2);
  t.true(Object.values(Object(lost['op_codes'])).every((code) => code === OpCode.EXPIRED));
  await h.advance(12_000);
  t.like(await entry(), { expired: false, time_expired: null });
  await endBoth(h, faker);
});

test('an agent that beats no more is expired after three beats, and back with the next', async (t) => {
  const { faker, h, entry } = await both();
  await faker.ask('start', 'set_heartbeat', { params: { heartbeat: false } });
  await h.advance(4_000);
  t.is((await entry())['expired'], false);
  await h.advance(5_000);
  const silent = await entry();
  t.is(silent['expired'], true);
  t.is(Object(silent['op_codes'])['acq'], OpCode.EXPIRED);
  const atS = silent['time_expired'];
  await h.advance(5_000);
  t.is((await entry())['time_expired'], atS, 'the time is that of the change');
  await faker.ask('start', 'set_heartbeat');
  await h.advance(3_500);
  t.is((await entry())['expired'], false);
  await endBoth(h, faker);
});

test('an agent that has ended is expired, and still listed', async (t) => {
  const { faker, h, entry } = await both();
  await h.settle(faker.agent.end('down'));
  await h.advance(1_200);
  t.like(await entry(), { expired: true, agent_class: 'FakeDataAgent' });
  await endBoth(h, faker);
});
