import test from 'ava';
import { fakeClock } from '../../base/fake-clock.ts';
import { keptInStore } from '../../host-manager/kept-store.ts';
import { memoryStore } from '../../store/memory-store.ts';

const KEPT = { target: null, failureTimesMs: [], endedInBoot: null, generation: 1 };

test('synced() tells the cause of a write that failed, once', async (t) => {
  const store = memoryStore();
  const kept = keptInStore(store, fakeClock());
  store.failNext('No space left on device');
  kept.keep('a', KEPT);
  t.true((await kept.synced())?.includes('No space left'));
  kept.keep('a', KEPT);
  t.is(await kept.synced(), undefined);
});

test('synced() waits 2 s for a disk that hangs, no longer', async (t) => {
  const clock = fakeClock();
  const kept = keptInStore({ ...memoryStore(), write: () => new Promise(() => {}) }, clock);
  kept.keep('a', KEPT);
  const said = kept.synced();
  await clock.advance(2_000);
  t.is(await said, 'the disk has not answered for 2000 ms');
});
