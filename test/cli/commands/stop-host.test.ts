import test from 'ava';
import { fault } from '../../../base/fault.ts';
import { ended, session, world } from '../world.ts';

/** The HostManager's process lives until `die` was asked, and 200 ms longer. */
function dying(given: Parameters<typeof world>[0] = {}) {
  const w = world(given);
  let endsAtMs = Number.POSITIVE_INFINITY;
  w.parts.launcher = { ...w.parts.launcher, alive: () => w.clock.monotonicMs() < endsAtMs };
  w.answers.set('hm-lab-a.start.die', () => {
    endsAtMs = w.clock.monotonicMs() + 200;
    return ended('die', true);
  });
  return w;
}

test('stop asks the HostManager to die, as admin, and waits until its process has ended', async (t) => {
  const w = dying();
  const run = w.run('stop');
  await w.clock.advance(300);
  t.is(await run, 0);
  t.like(w.asks.find(({ ask }) => ask.op === 'die')?.ask, {
    class: 'admin',
    params: { disown_dockers: false, disown_hosts: false },
  });
  t.regex(w.out.join(''), /hm-lab-a stopped in 0\.2 s/);
});
test('stop --leave all disowns the children', async (t) => {
  const w = dying();
  const run = w.run('stop', '--leave', 'all');
  await w.clock.advance(300);
  t.is(await run, 0);
  t.like(w.asks.find(({ ask }) => ask.op === 'die')?.ask, { params: { disown_dockers: true, disown_hosts: true } });
});
test('stop exits 6 off a terminal while a task runs', async (t) => {
  const w = dying();
  w.push('thermo1', session('set_range'));
  t.is(await w.run('stop'), 6);
  t.regex(w.notes.join(''), /CONFIRM: Not done: thermo1.set_range would be cut off/);
  t.false(w.asks.some(({ ask }) => ask.op === 'die'));
});
test('stop --yes stops all the same', async (t) => {
  const w = dying();
  w.push('thermo1', session('set_range'));
  const run = w.run('stop', '--yes');
  await w.clock.advance(300);
  t.is(await run, 0);
});
test('stop asks a person while a task runs', async (t) => {
  const w = dying({ interactive: true, typed: ['y'] });
  w.push('thermo1', session('set_range'));
  const run = w.run('stop');
  await w.clock.advance(300);
  t.is(await run, 0);
});
test('stop exits 0 where nothing runs', async (t) => {
  const w = world({ hostManager: false });
  t.is(await w.run('stop'), 0);
  t.regex(w.out.join(''), /does not run/);
});
test('stop exits 6 without the key', async (t) => {
  const w = world();
  w.answers.set('hm-lab-a.start.die', fault('NOT_AUTHORIZED', { problem: 'no key', keyFile: 'authkeys.json' }));
  t.is(await w.run('stop'), 6);
});
test('stop exits 7 when the process does not end', async (t) => {
  const w = world();
  w.parts.launcher = { ...w.parts.launcher, alive: () => true };
  w.answers.set('hm-lab-a.start.die', ended('die', true));
  const run = w.run('stop', '--timeout', '1s');
  await w.clock.advance(1_100);
  t.is(await run, 7);
  t.regex(w.notes.join(''), /NOT_ENDED.*pid 42/);
});
