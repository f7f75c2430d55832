/** Starts a mosquitto of its own for a test, on a free port, in a temporary folder; ended by its pid. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../base/clock.ts';
import { mqttDialer } from '../../bus/mqtt-connection.ts';

export interface Mosquitto {
  url: string;
  port: number;
  stop(): Promise<void>;
}

const PROGRAM = '/usr/sbin/mosquitto';
const READY_MS = 15_000;

/** Undefined where mosquitto is not installed; in CI that is a failure. */
export async function mosquitto(): Promise<Mosquitto | undefined> {
  if (!existsSync(PROGRAM)) {
    if (process.env['CUPOLA_CI']) throw new Error('mosquitto is not installed');
    return undefined;
  }
  const folder = await mkdtemp(join(tmpdir(), 'cupola-mosquitto-'));
  const port = await freePort();
  await writeFile(join(folder, 'mosquitto.conf'), config(port));
  const child = spawn(PROGRAM, ['-c', join(folder, 'mosquitto.conf')], { stdio: 'ignore' });
  const stop = async () => {
    await end(child);
    await rm(folder, { recursive: true, force: true });
  };
  const url = `mqtt://127.0.0.1:${port}`;
  if (await ready(url)) return { url, port, stop };
  await stop();
  throw new Error(`mosquitto on port ${port} not ready after ${READY_MS} ms`);
}

const config = (port: number): string =>
  [
    `listener ${port} 127.0.0.1`,
    'allow_anonymous true',
    'per_listener_settings false',
    'persistence false',
    'set_tcp_nodelay true',
    'max_packet_size 262144',
    'max_keepalive 120',
    'max_queued_messages 100000',
    'max_queued_bytes 67108864',
    ...(process.getuid?.() === 0 ? ['user root'] : []),
    '',
  ].join('\n');

/** Ready at the first CONNACK. */
async function ready(url: string): Promise<boolean> {
  const clock = systemClock();
  const dialer = mqttDialer({ urls: [url], user: 'local', protocol: 4, clock });
  const untilMs = clock.monotonicMs() + READY_MS;
  while (clock.monotonicMs() < untilMs) {
    const dialled = await dialer.dial({ clientId: 'ready-1' });
    if (dialled.ok) {
      await dialled.value.close();
      return true;
    }
    await clock.sleep(20);
  }
  return false;
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}
