/** `cupola agent run FILE|CLASS`: one agent in this process, in the foreground or below a HostManager (framework §8). */
import { writeSync } from 'node:fs';
import { type Clock, systemClock } from '../base/clock.ts';
import { type Fault, type Outcome, exitOf, failed, ok } from '../base/fault.ts';
import { type Logger, openLog } from '../base/log.ts';
import { type MqttParts, mqttDialer } from '../bus/mqtt-connection.ts';
import { socketCaller } from '../client/socket-caller.ts';
import { readLogin, readTls } from '../site-config/login-files.ts';
import { settingsOf } from '../site-config/settings.ts';
import { ENTRY_VARIABLE, readEntryFile } from '../store/entry-file.ts';
import {
  type HostFolder,
  hostFolder,
  hostManagerSocketPath,
  makeHostFolder,
  socketPath,
} from '../store/host-folder.ts';
import { openLevelStore } from '../store/level-store.ts';
import { memoryStore } from '../store/memory-store.ts';
import type { Store } from '../store/store.ts';
import type { AgentDefinition } from './agent.ts';
import { readArguments } from './arguments.ts';
import type { Assignment } from './assignment.ts';
import { leaveMark } from './outside-mark.ts';
import { VERSION } from '../base/package.ts';
import { type RunningAgent, startAgent } from './runtime.ts';
import { loadAgent } from './user-code.ts';

/** The descriptor that a HostManager gives its children: the kernel tells it when the last holder is gone. */
const LIFELINE_FD = 3;
const CRASH_EXIT = 70;
const INTERRUPTED_EXIT = 130;

/** Run an agent until it ends; resolves to the exit code. */
export async function runAgentCommand(argv: readonly string[]): Promise<number> {
  const signals = catchSignals();
  const assigned = await assign(argv, process.env);
  if (!assigned.ok) return complain(assigned.fault);
  const assignment = assigned.value;
  const loaded = await loadAgent(assignment.module, assignment.exportName);
  if (!loaded.ok) return complain(loaded.fault);
  const settings = readSettings(assignment, loaded.value);
  if (!settings.ok) return complain(settings.fault);
  const quiet = settings.value['quiet'] === true;
  const log = openLog({ level: quiet ? 'error' : assignment.logLevel, pretty: process.stderr.isTTY === true });
  process.on('uncaughtException', (err) => {
    log.error({ agent: assignment.instanceId, err }, 'uncaught');
    process.exit(CRASH_EXIT);
  });
  const clock = systemClock();
  const launch = launchOf(process.env, assignment.instanceId);
  const running = await start({ assignment, definition: loaded.value, settings: settings.value, launch, log, clock });
  if (!running.ok) return complain(running.fault);
  const tookMs = Math.round(clock.nowMs() - performance.timeOrigin);
  if (!launch && !quiet)
    say(
      `${assignment.instanceId} ${loaded.value.agentClass} ready in ${tookMs} ms, ${assignment.mqtt.urls.join(', ')}`,
    );
  signals.obey(running.value);
  const { code, fault: why } = await running.value.ended;
  return why ? complain(why) : code;
}

/** From the entry that a HostManager wrote, else from the site config, whose room is loaded only then. */
async function assign(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<Outcome<Assignment>> {
  const args = readArguments(argv);
  if (!args.ok) return args;
  const entryPath = env[ENTRY_VARIABLE];
  if (entryPath === undefined) {
    const { assignFromSite } = await import('./assignment.ts');
    return assignFromSite(args.value, env, process.cwd());
  }
  const entry = readEntryFile(entryPath);
  return entry.ok ? ok({ ...entry.value, sets: args.value.sets }) : entry;
}

function readSettings(
  assignment: Assignment,
  { agentClass, settings: schema }: AgentDefinition,
): Outcome<Record<string, unknown>> {
  const { instanceId, args, settings, sets, place } = assignment;
  const read = settingsOf({
    schema: schema.strict(),
    instanceId,
    agentClass,
    args,
    settings,
    set: sets,
    ...(place ? { place } : {}),
  });
  return read.ok ? ok(read.value.value) : read;
}

interface Launch {
  generation: number;
  /** No other host has this instance: the HostManager has watched. */
  fast: boolean;
}

/** What the HostManager says of this launch, or undefined for a process that a person started. */
function launchOf(env: NodeJS.ProcessEnv, instanceId: string): Launch | undefined {
  const [instance, generation] = (env['CUPOLA_LIFE'] ?? '').split(':');
  return instance === instanceId ? { generation: Number(generation), fast: env['CUPOLA_CLAIM'] === 'fast' } : undefined;
}

interface StartParts {
  assignment: Assignment;
  definition: AgentDefinition;
  settings: Record<string, unknown>;
  launch: Launch | undefined;
  log: Logger;
  clock: Clock;
}

async function start({
  assignment,
  definition,
  settings,
  launch,
  log,
  clock,
}: StartParts): Promise<Outcome<RunningAgent>> {
  const { instanceId, host, mqtt } = assignment;
  const folder = hostFolder(assignment.stateDir, host, assignment.logDir);
  const made = makeHostFolder(folder);
  if (!made.ok) return made;
  const store = await openStore(folder, assignment, definition, clock);
  if (!store.ok) return store;
  if (!launch && definition.agentClass !== 'HostManager') leaveMark(folder, instanceId);
  const { credentials, tls } = mqtt;
  const dialParts: Omit<MqttParts, 'user'> = {
    urls: mqtt.urls,
    protocol: mqtt.protocol,
    ...(credentials === undefined ? {} : { credentials: () => readLogin(credentials) }),
    ...(tls === undefined ? {} : { tls: () => readTls(tls) }),
    clock,
  };
  return startAgent({
    definition,
    settings,
    instanceId,
    host,
    root: assignment.root,
    version: VERSION,
    clock,
    log,
    folder,
    store: store.value,
    site: { stateDir: assignment.stateDir, workingDir: assignment.workingDir, readSite: assignment.readSite },
    dialer: (user) => mqttDialer({ ...dialParts, user }),
    launch,
    onReady: () => launch && sayReady(log),
  });
}

/** The lock of the store decides who is active. One who has it already is named. */
async function openStore(
  folder: HostFolder,
  { instanceId }: Assignment,
  { agentClass, options }: AgentDefinition,
  clock: Clock,
): Promise<Outcome<Store>> {
  const opened = await openLevelStore(`${folder.state}/${instanceId}`);
  if (opened.ok) return opened;
  if (opened.fault.code !== 'STORE_LOCKED') return options.worksWithoutStore ? ok(memoryStore()) : opened;
  const manages = agentClass === 'HostManager';
  const holder = await socketCaller({
    path: manages ? hostManagerSocketPath(folder) : socketPath(folder, instanceId),
    clock,
  });
  if (!holder.ok) return opened;
  const { pid, since, host } = holder.value.hello;
  await holder.value.close();
  return failed(manages ? 'ALREADY_RUNNING' : 'AGENT_DUPLICATE', {
    agent: instanceId,
    host,
    pid,
    since: new Date(since * 1_000).toISOString(),
  });
}

/** Tell the HostManager through the lifeline; one that is gone does not matter. */
function sayReady(log: Logger): void {
  try {
    writeSync(LIFELINE_FD, 'ready\n');
  } catch (err) {
    log.debug({ err }, 'lifeline not written');
  }
}

/** Hears the signals from the first moment; one that comes before the agent stands ends it as soon as it does. */
function catchSignals(): { obey(running: RunningAgent): void } {
  let running: RunningAgent | undefined;
  let asked: string | undefined;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (running) void running.end(`signal ${signal}`);
      // A second one does not wait for a start that hangs.
      else if (asked !== undefined) process.exit(INTERRUPTED_EXIT);
      asked = signal;
    });
  }
  return {
    obey(started) {
      running = started;
      for (const [signal, act] of started.signals) process.on(signal, act);
      if (asked !== undefined) void started.end(`signal ${asked}`);
    },
  };
}

const say = (text: string): void => void process.stderr.write(`${text}\n`);

function complain({ code, message, remedy }: Fault): number {
  say(`error ${code}: ${message}\n  next: ${remedy}`);
  return exitOf(code);
}
