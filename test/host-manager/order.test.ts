import test from 'ava';
import type { Instance } from '../../host-manager/instance.ts';
import { launchOrder, stopTiers, unmetOf } from '../../host-manager/order.ts';
import type { After } from '../../host-manager/wanted.ts';
import { inPhase, up, wanted } from './makers.ts';

const row = (id: string, after: string[] = [], over: Partial<Instance> = {}, agentClass = 'DummyAgent'): Instance => ({
  ...inPhase({ name: 'down' }),
  id,
  wanted: wanted(id, {
    agentClass,
    after: after.map((instance): After => ({ instance, until: 'ready', atMostMs: 30_000 })),
  }),
  ...over,
});
const table = (...rows: Instance[]) => new Map(rows.map((one) => [one.id, one]));
const site = table(row('c', ['b']), row('b', ['a']), row('a'), row('broker', [], {}, 'Broker'), row('d', ['gone']));

test('launchOrder() is the broker, then `after` first', (t) =>
  t.deepEqual(launchOrder(site), ['broker', 'a', 'd', 'b', 'c']));
test('stopTiers() is the reverse, the broker last', (t) =>
  t.deepEqual(stopTiers(site), [['c'], ['b'], ['a', 'd'], ['broker']]));
test('launchOrder() ends also where two wait for each other', (t) => {
  t.deepEqual(launchOrder(table(row('a', ['b']), row('b', ['a']))).toSorted(), ['a', 'b']);
});

const waits = test.macro((t, mux: Partial<Instance>, want: string[]) => {
  t.deepEqual(unmetOf(row('a', ['mux1']), table(row('a', ['mux1']), row('mux1', [], mux)), false).ids, want);
});
test('unmetOf() names one that is down and wanted up', waits, {}, ['mux1']);
test('unmetOf() names one that is not ready yet', waits, { phase: up({ ready: 'waiting' }) }, ['mux1']);
test('unmetOf() leaves out one that is ready', waits, { phase: up() }, []);
test('unmetOf() leaves out one that is late', waits, { phase: up({ ready: 'late' }) }, []);
test('unmetOf() leaves out one whose target is down', waits, { target: 'down' }, []);
test('unmetOf() leaves out one that has done its work', waits, { ended: true }, []);
test('unmetOf() leaves out one that is not operable', waits, { operable: false }, []);

test('unmetOf() adds the broker of the host while the host starts', (t) => {
  const rows = table(row('a'), row('broker', [], {}, 'Broker'));
  t.deepEqual(unmetOf(row('a'), rows, true), { ids: ['broker'], atMostMs: 30_000 });
  t.deepEqual(unmetOf(row('a'), rows, false).ids, []);
});
