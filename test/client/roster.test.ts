/** Who is here, as a reader of the bus sees it: presence, beats, and what silence makes of them. */
import test from 'ava';
import { fakeClock } from '../../base/fake-clock.ts';
import { SILENT_AFTER_MS, openRoster } from '../../client/roster.ts';
import { OpCode } from '../../protocol/session.ts';

const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const presence = (state: string, g = 5) =>
  bytes({
    state,
    g,
    generation: g,
    start: 1,
    since: 1,
    class: 'X',
    host: 'h1',
    pid: 7,
    version: '0',
    protocol: 1,
    api_hash: '',
  });
const beat = (k: number, g = 5) => bytes({ g, k, t: 1, codes: { acq: OpCode.RUNNING }, marks: {}, lag_ms: 0 });

function world() {
  const clock = fakeClock();
  const roster = openRoster(clock);
  const liveness = () => {
    const seen = roster.get('x');
    return seen && roster.liveness(seen);
  };
  return { clock, roster, liveness };
}

test('an agent is online from its presence on, silent after three missed beats, and online again with the next one', async (t) => {
  const { clock, roster, liveness } = world();
  roster.presence('x', presence('online'));
  roster.heartbeat('x', beat(1));
  t.is(liveness(), 'online');
  await clock.advance(SILENT_AFTER_MS + 1);
  t.is(liveness(), 'silent');
  const seen = roster.get('x');
  t.deepEqual(seen && roster.codes(seen), { acq: OpCode.EXPIRED });
  roster.heartbeat('x', beat(2));
  t.is(liveness(), 'online');
});

test('a will is a hint: it is no sign of life, and a later beat of the same generation outweighs it', async (t) => {
  const { clock, roster, liveness } = world();
  roster.presence('x', presence('online'));
  await clock.advance(3_000);
  roster.presence('x', presence('lost'));
  t.is(liveness(), 'lost');
  t.is(clock.monotonicMs() - (roster.get('x')?.lastSignMs ?? 0), 3_000);
  roster.heartbeat('x', beat(9));
  t.is(liveness(), 'online');
});

test('"offline" is the last word of a generation: a beat that comes late does not bring it back', (t) => {
  const { roster, liveness } = world();
  roster.presence('x', presence('offline'));
  roster.heartbeat('x', beat(9));
  t.is(liveness(), 'offline');
});

test('nothing of a lower generation counts, and an emptied topic forgets the agent', (t) => {
  const { roster, liveness } = world();
  roster.presence('x', presence('online', 5));
  t.false(roster.presence('x', presence('lost', 4)));
  t.false(roster.heartbeat('x', beat(99, 4)));
  t.is(liveness(), 'online');
  roster.presence('x', new Uint8Array());
  t.is(roster.get('x'), undefined);
});

test('bytes that are no presence and no beat change nothing', (t) => {
  const { roster } = world();
  for (const text of ['', 'x', '[]', '{"g":"five"}', '{}']) {
    t.false(roster.heartbeat('x', new TextEncoder().encode(text)));
    if (text !== '') t.false(roster.presence('x', new TextEncoder().encode(text)));
  }
  t.deepEqual(roster.all(), []);
});
