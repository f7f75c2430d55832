/** `FakeDataAgent`: its operations, its feed and its settings (framework §11). */
import test from 'ava';
import { Settings, fakeData } from '../../../agents/fake-data/agent.ts';
import { fakeClock } from '../../../base/fake-clock.ts';
import { harness } from '../../../framework/testing.ts';
import { type Block, Heartbeat } from '../../../protocol/envelope.ts';
import { settingsOf } from '../../../site-config/settings.ts';

/** Started, with the blocks of its feed. */
async function faker(settings: Record<string, unknown> = {}) {
  const h = await harness(fakeData, { settings });
  const blocks: Block[] = [];
  h.caller.watchFeed('x', 'false_temperatures', (block) => blocks.push(block));
  await h.advance(0);
  return { ...h, blocks };
}

test('acq publishes each second the samples that are due, sample k exactly at k / rate after its start', async (t) => {
  const h = await faker({ sampleRate: 9.5, numChannels: 3 });
  await h.ask('start', 'acq');
  const startS = (await h.ask('status', 'acq'))[2]?.start_time ?? 0;
  await h.advance(20_000);
  const ts = h.blocks.flatMap((block) => block.ts);
  t.is(h.blocks.length, 20);
  t.is(ts.length, 191);
  for (const [k, at] of ts.entries()) t.true(Math.abs(at - (startS + k / 9.5)) < 1e-6, `sample ${k}`);
  t.deepEqual(Object.keys(h.blocks[0]?.fields ?? {}), ['channel_00', 'channel_01', 'channel_02']);
  t.true(
    h.blocks.every(({ ts: times, fields }) => Object.values(fields).every((column) => column.length === times.length)),
  );
  await h.end();
});

test('acq shows the newest value of each channel and its time, and ends with its text', async (t) => {
  const h = await faker();
  await h.ask('start', 'acq');
  await h.advance(5_000);
  const shown = (await h.ask('status', 'acq'))[2]?.data;
  const last = h.blocks.at(-1);
  t.deepEqual(shown, {
    fields: { channel_00: last?.fields['channel_00']?.at(-1), channel_01: last?.fields['channel_01']?.at(-1) },
    timestamp: last?.ts.at(-1),
  });
  await h.ask('stop', 'acq');
  const ended = (await h.ask('wait', 'acq'))[2];
  t.deepEqual([ended?.success, ended?.messages.at(-2)?.[1]], [true, 'Acquisition exited cleanly.']);
  await h.end();
});

test('acq with test_mode publishes one block and ends by itself', async (t) => {
  const h = await faker();
  await h.ask('start', 'acq', { params: { test_mode: true } });
  const ended = (await h.ask('wait', 'acq'))[2];
  t.deepEqual([ended?.success, h.blocks.length], [true, 1]);
  t.is(ended?.messages.at(-2)?.[1], 'Acquisition exited cleanly.');
  await h.end();
});

test('acq with degradation_period is degraded and well by turns', async (t) => {
  const h = await faker();
  await h.ask('start', 'acq', { params: { degradation_period: 10 } });
  const seen: boolean[] = [];
  for (let i = 0; i < 4; i++) {
    await h.advance(i === 0 ? 5_000 : 10_000);
    seen.push((await h.ask('status', 'acq'))[2]?.degraded !== false);
  }
  t.deepEqual(seen, [false, true, false, true]);
  await h.end();
});

test('acq that falls more than 3 s behind drops what it missed, tells it, and goes on in time', async (t) => {
  const inner = fakeClock();
  // A machine that sleeps for a minute: time jumps without a timer having run.
  let jumpMs = 0;
  const clock = { ...inner, nowMs: () => inner.nowMs() + jumpMs, monotonicMs: () => inner.monotonicMs() + jumpMs };
  const h = await harness(fakeData, { clock, settings: { sampleRate: 10 } });
  const blocks: Block[] = [];
  h.caller.watchFeed('x', 'false_temperatures', (block) => blocks.push(block));
  await h.ask('start', 'acq');
  const startS = (await h.ask('status', 'acq'))[2]?.start_time ?? 0;
  await h.advance(5_000);
  const before = blocks.length;
  jumpMs = 60_000;
  await h.advance(2_000);
  const told = (await h.ask('status', 'acq'))[2]?.messages
    .map(([, text]) => text)
    .filter((text) => text.startsWith('Dropped'));
  t.is(told?.length, 1);
  t.regex(told?.[0] ?? '', /^Dropped (59|60)\d samples: 3 s behind\.$/);
  const dropped = Number(/\d+/.exec(told?.[0] ?? '')?.[0]);
  const after = blocks[before]?.ts[0] ?? 0;
  const previous = blocks[before - 1]?.ts.at(-1) ?? 0;
  t.is(Math.round((after - previous) * 10), dropped + 1);
  t.true(Math.abs(((after - startS) * 10) % 1) < 1e-3 || Math.abs((((after - startS) * 10) % 1) - 1) < 1e-3);
  await h.end();
});

test('acq at less than one sample in 3 s drops none', async (t) => {
  const h = await faker({ sampleRate: 0.1 });
  await h.ask('start', 'acq');
  await h.advance(60_500);
  t.deepEqual(
    h.blocks.map(({ ts }) => ts.length),
    [1, 1, 1, 1, 1, 1, 1],
  );
  const said = (await h.ask('status', 'acq'))[2]?.messages.map(([, text]) => text) ?? [];
  t.false(
    said.some((text) => text.startsWith('Dropped')),
    said.join(),
  );
  await h.end();
});

test('count counts the seconds', async (t) => {
  const h = await faker();
  await h.ask('start', 'count');
  await h.advance(0);
  const first = (await h.ask('status', 'count'))[2]?.data;
  await h.advance(10_000);
  const later = (await h.ask('status', 'count'))[2]?.data;
  t.is(Number(later?.['counter']) - Number(first?.['counter']), 10);
  t.is(Math.round(Number(later?.['last_update']) - Number(first?.['last_update'])), 10);
  await h.end();
});

const delays = test.macro(
  async (t, params: Record<string, unknown>, abortAfterMs: number | null, wanted: [boolean, string]) => {
    const h = await faker();
    await h.ask('start', 'acq');
    await h.ask('start', 'delay_task', { params });
    if (abortAfterMs !== null) {
      const { start_time: startS = 0 } = (await h.ask('status', 'delay_task'))[2] ?? {};
      await h.advance(startS * 1_000 + abortAfterMs - h.clock.nowMs());
      await h.caller.call('x', { method: 'abort', class: 'operate', op: 'delay_task' });
    }
    const ended = (await h.ask('wait', 'delay_task'))[2];
    t.deepEqual([ended?.success, ended?.messages.at(-2)?.[1]], wanted);
    t.is(ended?.data['requested_delay'], params['delay'] ?? 5);
    t.is((await h.ask('status', 'acq'))[2]?.status, 'running', 'acq goes on beside it');
    await h.end();
  },
);
test('delay_task takes 5 s unless told', delays, {}, null, [true, 'Exited after 5.0 seconds']);
test('delay_task takes the time asked for', delays, { delay: 1.5 }, null, [true, 'Exited after 1.5 seconds']);
test('delay_task of 0 s ends at once', delays, { delay: 0 }, null, [true, 'Exited after 0.0 seconds']);
test('delay_task fails when asked to', delays, { delay: 2, succeed: false }, null, [false, 'Exited after 2.0 seconds']);
test('delay_task that is aborted tells after how long', delays, { delay: 60 }, 1_200, [
  false,
  'Aborted after 1.2 seconds',
]);

test('delay_task shows how far it is', async (t) => {
  const h = await faker();
  await h.ask('start', 'delay_task', { params: { delay: 10 } });
  await h.advance(5_050);
  const shown = (await h.ask('status', 'delay_task'))[2];
  t.deepEqual([shown?.data, shown?.progress.fraction], [{ requested_delay: 10, delay_so_far: 5 }, 0.5]);
  await h.end();
});

test('set_heartbeat turns the heartbeats on the bus off and on again', async (t) => {
  const h = await faker();
  const beats: number[] = [];
  h.bus.tap(({ topic, payload }) => {
    if (topic === 'observatory/agents/x/heartbeat')
      beats.push(Heartbeat.parse(JSON.parse(new TextDecoder().decode(payload))).k);
  });
  await h.advance(10_000);
  t.is(beats.length, 5);
  await h.ask('start', 'set_heartbeat', { params: { heartbeat: false } });
  beats.length = 0;
  await h.advance(20_000);
  t.is(beats.length, 0);
  t.is((await h.ask('status', 'acq'))[0], 0, 'it still answers');
  await h.ask('start', 'set_heartbeat');
  await h.advance(10_000);
  t.is(beats.length, 5);
  await h.end();
});

test('mode acq starts both processes with the agent, idle none', async (t) => {
  for (const [mode, status] of [
    ['acq', 'running'],
    ['idle', undefined],
  ] as const) {
    const h = await faker({ mode });
    for (const op of ['acq', 'count']) t.is((await h.ask('status', op))[2]?.status, status);
    await h.end();
  }
});

test('the same seed gives the same walk, another seed another', async (t) => {
  const walk = async (seed: number) => {
    const h = await faker({ seed, mode: 'acq' });
    await h.advance(5_000);
    const values = h.blocks.flatMap(({ fields }) => fields['channel_00'] ?? []);
    await h.end();
    return values;
  };
  const [one, same, other] = [await walk(3), await walk(3), await walk(4)];
  t.true(one.length > 30);
  t.deepEqual(one, same);
  t.notDeepEqual(one, other);
  t.true(one.every((value) => Math.abs(Number(value) - 273.15) < 1));
});

const reads = test.macro((t, args: string[], wanted: Record<string, unknown>) => {
  const read = settingsOf({
    schema: Settings.strict(),
    instanceId: 'faker1',
    agentClass: 'FakeDataAgent',
    args,
    settings: {},
    set: [],
  });
  t.true(read.ok);
  if (read.ok) t.like(read.value.value, wanted);
});
test('settings: none given are the defaults', reads, [], {
  mode: 'idle',
  numChannels: 2,
  sampleRate: 9.5,
  frameLength: 60,
});
test(
  'settings: flags in the style of OCS',
  reads,
  ['--mode', 'acq', '--num-channels', '16', '--sample-rate=4.5', '--frame-length', '10'],
  {
    mode: 'acq',
    numChannels: 16,
    sampleRate: 4.5,
    frameLength: 10,
  },
);

const refuses = test.macro((t, args: string[], said: string) => {
  const read = settingsOf({
    schema: Settings.strict(),
    instanceId: 'faker1',
    agentClass: 'FakeDataAgent',
    args,
    settings: {},
    set: [],
  });
  t.true(!read.ok && JSON.stringify(read.fault).includes(said), JSON.stringify(read));
});
test('settings: a mode that is none is refused', refuses, ['--mode', 'run'], 'mode');
test('settings: a flag that is none is refused with the nearest', refuses, ['--num-chanels', '3'], 'num-channels');
test('settings: more than 1 000 channels are refused', refuses, ['--num-channels', '1001'], '1000');
test('settings: a rate of 0 is refused', refuses, ['--sample-rate', '0'], 'ample');
