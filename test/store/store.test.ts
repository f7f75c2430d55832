import { spawn } from 'node:child_process';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { must } from '../../base/fault.ts';
import { openLevelStore } from '../../store/level-store.ts';
import { memoryStore } from '../../store/memory-store.ts';
import type { Store } from '../../store/store.ts';
import { tempFolder } from '../fixtures/temp.ts';

const kinds: Record<string, (t: ExecutionContext) => Promise<Store>> = {
  'memory store': async () => memoryStore(),
  'level store': async (t) => {
    const store = must(await openLevelStore(join(tempFolder(t), 'state')));
    t.teardown(() => store.close());
    return store;
  },
};

for (const [kind, open] of Object.entries(kinds)) {
  test(`${kind}: get() reads what was written, at once and after it is on disk`, async (t) => {
    const store = await open(t);
    const written = store.write([{ key: 'target/a', value: { target: 'up', at: 1.5, list: [null, 'ü'] } }]);
    t.deepEqual(store.get('target/a'), { target: 'up', at: 1.5, list: [null, 'ü'] });
    t.deepEqual(await written, { ok: true, value: undefined });
    t.deepEqual(store.get('target/a'), { target: 'up', at: 1.5, list: [null, 'ü'] });
    t.is(store.get('target/b'), undefined);
  });

  test(`${kind}: keys() tells those with a prefix, in order`, async (t) => {
    const store = await open(t);
    await store.write(['b/2', 'a/1', 'b/1', 'c'].map((key) => ({ key, value: 0 })));
    t.deepEqual(store.keys(), ['a/1', 'b/1', 'b/2', 'c']);
    t.deepEqual(store.keys('b/'), ['b/1', 'b/2']);
  });

  test(`${kind}: write() removes, and the last change of a key counts`, async (t) => {
    const store = await open(t);
    await store.write([
      { key: 'a', value: 1 },
      { key: 'b', value: 1 },
    ]);
    await store.write([
      { key: 'a', remove: true },
      { key: 'b', remove: true },
      { key: 'b', value: 2 },
    ]);
    t.deepEqual(store.keys(), ['b']);
    t.is(store.get('b'), 2);
  });

  test(`${kind}: a value cannot be changed by what was written or read`, async (t) => {
    const store = await open(t);
    const value = { list: [1] };
    await store.write([{ key: 'a', value }]);
    value.list.push(2);
    t.deepEqual(store.get('a'), { list: [1] });
    t.not(store.get('a'), store.get('a'));
  });

  test(`${kind}: write() of what is no JSON throws and changes nothing`, async (t) => {
    const store = await open(t);
    await t.throwsAsync(
      async () =>
        store.write([
          { key: 'a', value: 1 },
          { key: 'b', value: undefined },
        ]),
      { instanceOf: TypeError },
    );
    t.deepEqual(store.keys(), []);
  });

  test(`${kind}: many writes at once are all there`, async (t) => {
    const store = await open(t);
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, (_, k) => store.write([{ key: `k${k}`, value: k }])),
    );
    t.true(outcomes.every(({ ok }) => ok));
    t.is(store.keys().length, 200);
  });
}

test('memory store: failNext() and `full` say STORE_FAILED, and reads see the values all the same', async (t) => {
  const store = memoryStore();
  store.failNext('disk is gone');
  t.like(await store.write([{ key: 'a', value: 1 }]), {
    ok: false,
    fault: { code: 'STORE_FAILED', facts: { cause: 'disk is gone' } },
  });
  t.is(store.get('a'), 1);
  t.true((await store.write([{ key: 'a', value: 2 }])).ok);
  store.full = true;
  t.false((await store.write([{ key: 'a', value: 3 }])).ok);
});

test('level store: what was written is there after it is opened again', async (t) => {
  const folder = tempFolder(t);
  const first = must(await openLevelStore(folder));
  void first.write([
    { key: 'a', value: 1 },
    { key: 'b', value: 1 },
  ]);
  void first.write([{ key: 'a', remove: true }]);
  await first.close();
  t.like(await first.write([{ key: 'c', value: 1 }]), { ok: false, fault: { code: 'STORE_FAILED' } });
  const second = must(await openLevelStore(folder));
  t.teardown(() => second.close());
  t.deepEqual(second.keys(), ['b']);
});

test('level store: a second opener is told STORE_LOCKED', async (t) => {
  const folder = tempFolder(t);
  const store = must(await openLevelStore(folder));
  t.teardown(() => store.close());
  t.like(await openLevelStore(folder), { ok: false, fault: { code: 'STORE_LOCKED' } });
});

test('level store: what was acknowledged survives kill -9 of its owner, and the lock does not', async (t) => {
  const folder = tempFolder(t);
  const path = join(import.meta.dirname, '..', '..', 'store', 'level-store.js');
  const code = `
    const { openLevelStore } = await import(${JSON.stringify(path)});
    const { value: store } = await openLevelStore(${JSON.stringify(folder)});
    for (let k = 0; k < 20; k++) await store.write([{ key: 'n', value: k }]);
    process.kill(process.pid, 'SIGKILL');`;
  const owner = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: 'inherit' });
  t.is(await new Promise((resolve) => owner.once('exit', (_, signal) => resolve(signal))), 'SIGKILL');
  const store = must(await openLevelStore(folder));
  t.teardown(() => store.close());
  t.is(store.get('n'), 19);
});
