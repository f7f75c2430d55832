/** The promises of every bus, told once: run against the bus in memory, the embedded broker and others. */
import type { ExecutionContext, TestFn } from 'ava';
import { must } from '../../base/fault.ts';
import type { Connection, Dialer, EndCause, Message } from '../../bus/bus.ts';

export interface Bench {
  dialer: Dialer;
  /** Cut the socket of a client, without DISCONNECT. */
  lose(clientId: string): void;
  /** A denied filter is told in the SUBACK. */
  tellsDenied: boolean;
  /** Real time passes here: figures mean something. */
  real: boolean;
}

export interface Contract {
  test: TestFn;
  name: string;
  /** Undefined: this broker is not installed here. */
  bench: () => Promise<Bench | undefined>;
}

/** Tests of one kind of bus. Topics are made distinct, so that they may run side by side. */
export function contract({ test, name, bench }: Contract): void {
  let seen = 0;
  const told = (title: string, run: (t: ExecutionContext, bench: Bench, root: string) => Promise<void>) =>
    test(`${name}: ${title}`, async (t) => {
      const made = await bench();
      if (!made) {
        t.log('not installed here: skipped');
        t.pass();
        return;
      }
      await run(t, made, `c${++seen}`);
    });

  told(
    'replays the newest retained message of each topic to a new subscription, marked as retained',
    async (t, { dialer }, root) => {
      const [writer, reader] = await both(dialer, root);
      for (const payload of ['1', '2']) await writer.publish(`${root}/agents/a/op`, payload, { qos: 1, retain: true });
      await writer.publish(`${root}/agents/b/op`, '3', { qos: 1, retain: true });
      const messages = inbox(reader);
      must(await reader.subscribe([`${root}/agents/+/op`], 0));
      await messages.until(2);
      t.deepEqual(messages.all.toSorted(byTopic), [`${root}/agents/a/op=2 retained`, `${root}/agents/b/op=3 retained`]);
      await closeAll(writer, reader);
    },
  );

  told('gives a live message without the retained mark', async (t, { dialer }, root) => {
    const [writer, reader] = await both(dialer, root);
    const messages = inbox(reader);
    must(await reader.subscribe([`${root}/agents/x`], 1));
    await writer.publish(`${root}/agents/x`, 'now', { qos: 1, retain: true });
    await messages.until(1);
    t.deepEqual(messages.all, [`${root}/agents/x=now`]);
    await closeAll(writer, reader);
  });

  told('forgets a retained message that is overwritten by an empty one', async (t, { dialer }, root) => {
    const [writer, reader] = await both(dialer, root);
    await writer.publish(`${root}/agents/x`, 'old', { qos: 1, retain: true });
    await writer.publish(`${root}/agents/x`, '', { qos: 1, retain: true });
    const messages = inbox(reader);
    must(await reader.subscribe([`${root}/agents/x`, `${root}/agents/end`], 1));
    await writer.publish(`${root}/agents/end`, '', { qos: 1 });
    await messages.until(1);
    t.deepEqual(messages.all, [`${root}/agents/end=`]);
    await closeAll(writer, reader);
  });

  told('delivers 500 messages of QoS 1 in order', async (t, { dialer }, root) => {
    const [writer, reader] = await both(dialer, root);
    const messages = inbox(reader);
    must(await reader.subscribe([`${root}/agents/n`], 1));
    for (let i = 0; i < 500; i += 20) {
      await Promise.all(
        Array.from({ length: 20 }, (_, j) => writer.publish(`${root}/agents/n`, String(i + j), { qos: 1 })),
      );
    }
    await messages.until(500);
    t.deepEqual(
      messages.all,
      Array.from({ length: 500 }, (_, i) => `${root}/agents/n=${i}`),
    );
    await closeAll(writer, reader);
  });

  told('publishes the will of a client whose socket is lost', async (t, { dialer, lose }, root) => {
    const reader = await open(dialer, `${root}-r`);
    const messages = inbox(reader);
    must(await reader.subscribe([`${root}/agents/presence`], 1));
    const clientId = `${root}w-1`;
    await dialer.dial({ clientId, will: { topic: `${root}/agents/presence`, payload: 'lost', retain: true } });
    lose(clientId);
    await messages.until(1);
    t.deepEqual(messages.all, [`${root}/agents/presence=lost`]);
    await closeAll(reader);
  });

  told('publishes no will after close()', async (t, { dialer }, root) => {
    const [writer, reader] = await both(dialer, root);
    const messages = inbox(reader);
    must(await reader.subscribe([`${root}/agents/presence`, `${root}/agents/end`], 1));
    const will = { topic: `${root}/agents/presence`, payload: 'lost', retain: false };
    const leaver = must(await dialer.dial({ clientId: `${root}w-1`, will }));
    await leaver.close();
    await writer.publish(`${root}/agents/end`, '', { qos: 1 });
    await messages.until(1);
    t.deepEqual(messages.all, [`${root}/agents/end=`]);
    await closeAll(writer, reader);
  });

  told('ends the older of two connections of one client id, and publishes its will', async (t, { dialer }, root) => {
    const reader = await open(dialer, `${root}-r`);
    const messages = inbox(reader);
    must(await reader.subscribe([`${root}/agents/presence`], 1));
    const clientId = `${root}w-1`;
    const older = must(
      await dialer.dial({ clientId, will: { topic: `${root}/agents/presence`, payload: 'lost', retain: false } }),
    );
    const end = endOf(older);
    const newer = must(await dialer.dial({ clientId }));
    t.is((await end).cause, 'lost');
    await messages.until(1);
    t.true((await newer.publish(`${root}/agents/alive`, '', { qos: 1 })).ok);
    await closeAll(reader, newer);
  });

  told('tells the end "closed" to who closes, and refuses everything from then on', async (t, { dialer }, root) => {
    const connection = await open(dialer, `${root}-c`);
    const end = endOf(connection);
    await connection.close();
    t.is((await end).cause, 'closed');
    const refused = [
      await connection.publish(`${root}/agents/x`, ''),
      await connection.subscribe([`${root}/agents/x`], 1),
    ];
    t.deepEqual(refused.map(codeOf), ['BUS_DOWN', 'BUS_DOWN']);
  });

  told(
    'queues nothing while a client is away: a lost connection sends nothing later',
    async (t, { dialer, lose }, root) => {
      const reader = await open(dialer, `${root}-r`);
      const messages = inbox(reader);
      must(await reader.subscribe([`${root}/agents/#`], 1));
      const clientId = `${root}w-1`;
      const writer = must(await dialer.dial({ clientId }));
      const end = endOf(writer);
      lose(clientId);
      t.is((await end).cause, 'lost');
      t.is(codeOf(await writer.publish(`${root}/agents/x`, 'stale', { qos: 1 })), 'BUS_DOWN');
      const again = must(await dialer.dial({ clientId }));
      await again.publish(`${root}/agents/x`, 'fresh', { qos: 1 });
      await messages.until(1);
      t.deepEqual(messages.all, [`${root}/agents/x=fresh`]);
      await closeAll(reader, again);
    },
  );

  told('subscribes 30 filters in parcels of 8', async (t, { dialer }, root) => {
    const [writer, reader] = await both(dialer, root);
    const messages = inbox(reader);
    must(
      await reader.subscribe(
        Array.from({ length: 30 }, (_, i) => `${root}/agents/f${i}`),
        1,
      ),
    );
    for (let i = 0; i < 30; i++) await writer.publish(`${root}/agents/f${i}`, '', { qos: 1 });
    await messages.until(30);
    t.is(new Set(messages.all).size, 30);
    await closeAll(writer, reader);
  });

  told('gives nothing more after unsubscribe()', async (t, { dialer }, root) => {
    const [writer, reader] = await both(dialer, root);
    const messages = inbox(reader);
    must(await reader.subscribe([`${root}/agents/x`, `${root}/agents/end`], 1));
    await reader.unsubscribe([`${root}/agents/x`]);
    await writer.publish(`${root}/agents/x`, '', { qos: 1 });
    await writer.publish(`${root}/agents/end`, '', { qos: 1 });
    await messages.until(1);
    t.deepEqual(messages.all, [`${root}/agents/end=`]);
    await closeAll(writer, reader);
  });

  told('refuses 98 305 bytes before a broker does, and takes 98 304', async (t, { dialer }, root) => {
    const [writer, reader] = await both(dialer, root);
    const messages = inbox(reader);
    must(await reader.subscribe([`${root}/agents/x`], 1));
    t.is(codeOf(await writer.publish(`${root}/agents/x`, 'a'.repeat(98_305), { qos: 1 })), 'TOO_LARGE');
    t.is(codeOf(await writer.publish(`${root}/agents/${'a'.repeat(200)}`, '', { qos: 1 })), 'TOO_LARGE');
    t.is(codeOf(await writer.publish(`${root}/agents/x`, 'a'.repeat(98_304), { qos: 1 })), 'ok');
    await messages.until(1);
    t.is(messages.all[0]?.length, `${root}/agents/x=`.length + 98_304);
    await closeAll(writer, reader);
  });

  told('names a denied filter, where the broker tells', async (t, { dialer, tellsDenied }, root) => {
    const connection = await open(dialer, `${root}-c`);
    const outcome = await connection.subscribe([`${root}/agents/ok`, '$SYS/#'], 1);
    if (tellsDenied) t.like(outcome, { ok: false, fault: { code: 'FILTER_DENIED', facts: { filter: '$SYS/#' } } });
    else t.true(outcome.ok);
    t.true((await connection.publish(`${root}/agents/x`, '', { qos: 1 })).ok, 'the connection stays');
    await closeAll(connection);
  });

  told(
    'answers a QoS 1 round trip without delay: the median of 50 is below 20 ms',
    async (t, { dialer, real }, root) => {
      const [caller, server] = await both(dialer, root);
      server.onMessage(({ payload }) => void server.publish(`${root}/agents/reply`, payload, { qos: 1 }));
      must(await server.subscribe([`${root}/agents/request`], 1));
      const replies = inbox(caller);
      must(await caller.subscribe([`${root}/agents/reply`], 1));
      const tookMs: number[] = [];
      for (let i = 0; i < 50; i++) {
        const startMs = performance.now();
        await caller.publish(`${root}/agents/request`, String(i), { qos: 1 });
        await replies.until(i + 1);
        tookMs.push(performance.now() - startMs);
      }
      t.true((tookMs.toSorted((a, b) => a - b)[25] ?? Number.POSITIVE_INFINITY) < 20, `${tookMs}`);
      t.is(caller.rttMs() !== undefined, real);
      await closeAll(caller, server);
    },
  );
}

const open = async (dialer: Dialer, clientId: string): Promise<Connection> =>
  must(await dialer.dial({ clientId: `${clientId}-1` }));

const both = async (dialer: Dialer, root: string): Promise<[Connection, Connection]> => [
  await open(dialer, `${root}-w`),
  await open(dialer, `${root}-r`),
];

const closeAll = (...connections: Connection[]) => Promise.all(connections.map((connection) => connection.close()));

const codeOf = (outcome: { ok: true } | { ok: false; fault: { code: string } }): string =>
  outcome.ok ? 'ok' : outcome.fault.code;

const byTopic = (a: string, b: string): number => (a < b ? -1 : 1);

export const endOf = (connection: Connection): Promise<{ cause: EndCause; code: string }> =>
  new Promise((resolve) => connection.onEnd((cause, { code }) => resolve({ cause, code })));

/** Messages as `topic=payload`, and a wait for a number of them. */
export function inbox(connection: Connection) {
  const all: string[] = [];
  let look: (() => void) | undefined;
  connection.onMessage(({ topic, payload, retained }: Message) => {
    all.push(`${topic}=${new TextDecoder().decode(payload)}${retained ? ' retained' : ''}`);
    look?.();
  });
  const until = (count: number) =>
    new Promise<void>((resolve) => {
      look = () => all.length >= count && resolve();
      look();
    });
  return { all, until };
}
