/** S31: what a watcher sees of a real agent on a real broker that is killed, started again, stopped and continued. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { startGuardedBroker } from '../../../agents/broker/guarded-broker.ts';
import { systemClock } from '../../../base/clock.ts';
import { must } from '../../../base/fault.ts';
import { connect } from '../../../client/connect.ts';
import { type Site, type SiteAgent } from '../../../client/site.ts';
import { silentLog } from '../../../base/log.ts';
import { OpCode } from '../../../protocol/session.ts';
import { tempFolder } from '../../fixtures/temp.ts';

const MAIN = join(import.meta.dirname, '..', '..', '..', 'cli', 'main.js');
const clock = systemClock();
/** The machine that runs this has other work, too. */
const LOADED_MS = 2_000;
const LOOK_MS = 20;
const GIVE_UP_MS = 30_000;

interface World {
  site: Site;
  /** Start it; resolves at its ready line. */
  start(): Promise<ChildProcess>;
  /** How long until faker1 is as wanted, ms. */
  until(what: string, wanted: (seen: SiteAgent) => boolean): Promise<number>;
}

async function world(t: ExecutionContext): Promise<World> {
  const folder = tempFolder(t);
  const broker = must(
    await startGuardedBroker({ listen: { tcp: [{ host: '127.0.0.1', port: 0 }] }, clock, log: silentLog() }),
  );
  t.teardown(() => broker.stop());
  const url = broker.addresses[0] ?? '';
  const siteFile = join(folder, 'site.yaml');
  const entry = '{agent-class: FakeDataAgent, instance-id: faker1, arguments: [--mode, acq]}';
  writeFileSync(siteFile, `hub: {mqtt: {url: '${url}'}}\nhosts:\n  h1:\n    agent-instances:\n      - ${entry}\n`);
  const site = await connect({ url });
  t.teardown(() => site.close());
  return {
    site,
    async start() {
      const words = [
        'agent',
        'run',
        'FakeDataAgent',
        '--site-file',
        siteFile,
        '--site-host',
        'h1',
        '--state-dir',
        join(folder, '.cupola'),
      ];
      const child = spawn(process.execPath, [MAIN, ...words], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
      t.teardown(() => kill(child));
      await ready(child);
      return child;
    },
    async until(what, wanted) {
      const startMs = clock.monotonicMs();
      // Silence comes without a message: it has to be looked for.
      for (;;) {
        const seen = site.agents().find(({ id }) => id === 'faker1');
        const tookMs = clock.monotonicMs() - startMs;
        if (seen && wanted(seen)) return tookMs;
        if (tookMs > GIVE_UP_MS) throw new Error(`not within ${GIVE_UP_MS} ms: ${what}; it is ${seen?.liveness}`);
        await clock.sleep(LOOK_MS);
      }
    },
  };
}

function ready(child: ChildProcess): Promise<void> {
  let said = '';
  return new Promise((resolve, reject) => {
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes(' ready in ')) resolve();
    });
    child.once('exit', (code) => reject(new Error(`ended with ${code}: ${said}`)));
  });
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
  child.stderr?.destroy();
}

const online = ({ liveness, codes }: SiteAgent) => liveness === 'online' && codes['acq'] === OpCode.RUNNING;
const expired = ({ codes }: SiteAgent) =>
  Object.keys(codes).length > 0 && Object.values(codes).every((code) => code === OpCode.EXPIRED);

test('S31: killed it is lost at once and its op codes read 7; started again it is back 2 s after it is ready', async (t) => {
  const { start, until } = await world(t);
  const first = await start();
  await until('online', online);
  first.kill('SIGKILL');
  const lostMs = await until('lost', (seen) => seen.liveness === 'lost' && expired(seen));
  t.true(lostMs <= 1_000 + LOADED_MS, `lost after ${lostMs} ms`);
  await start();
  const backMs = await until('back', online);
  t.true(backMs <= 2_000 + LOADED_MS, `back after ${backMs} ms`);
});

test('S31: stopped it expires three beats after its last; continued it is back within one', async (t) => {
  const { start, until, site } = await world(t);
  const child = await start();
  await until('online', online);
  const beaten = new Promise<void>((resolve) => {
    const cancel = site.on('presence', ({ id }) => {
      if (id !== 'faker1') return;
      cancel();
      resolve();
    });
  });
  await beaten;
  child.kill('SIGSTOP');
  const silentMs = await until('silent', (seen) => seen.liveness === 'silent' && expired(seen));
  t.true(silentMs >= 5_000 && silentMs <= 7_000 + LOADED_MS, `silent after ${silentMs} ms`);
  child.kill('SIGCONT');
  const backMs = await until('back', online);
  t.true(backMs <= 2_000 + LOADED_MS, `back after ${backMs} ms`);
});
