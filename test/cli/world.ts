/** A site in memory for the tests of the commands: a terminal that remembers, a HostManager that answers. */
import { type FakeClock, fakeClock } from '../../base/fake-clock.ts';
import { type Fault, type Outcome, failed, ok } from '../../base/fault.ts';
import type { Ask, Caller } from '../../client/caller.ts';
import type { Parts } from '../../cli/parts.ts';
import { runCli } from '../../cli/program.ts';
import type { Site } from '../../cli/site.ts';
import type { Interrupt, Terminal } from '../../cli/terminal.ts';
import type { Api, Block, Presence, Reply } from '../../protocol/envelope.ts';
import type { ManagerData, Row } from '../../protocol/rows.ts';
import type { Session } from '../../protocol/session.ts';
import { hostFolder } from '../../store/host-folder.ts';

/** Loaded beforehand: in virtual time nothing waits for a disk. */
export const LOADED = await Promise.all([
  import('../../cli/shell.ts'),
  import('../../cli/commands/feed.ts'),
  import('../../cli/commands/logs.ts'),
  import('../../cli/commands/operations.ts'),
  import('../../cli/commands/restart.ts'),
  import('../../cli/commands/start-host.ts'),
  import('../../cli/commands/status.ts'),
  import('../../cli/commands/stop-host.ts'),
  import('../../cli/commands/up-down.ts'),
  import('../../cli/commands/validate.ts'),
  import('../../cli/commands/watch-status.ts'),
  import('../../cli/commands/why.ts'),
]);

/** 2027-01-15T08:00:00Z, Unix seconds. */
export const T = 1_800_000_000;

export function row(id: string, given: Partial<Row> = {}): Row {
  return {
    next_action: 'up',
    target_state: 'up',
    stability: 1,
    agent_class: 'Thermometer',
    instance_id: id,
    operable: true,
    restart_required: false,
    is: 'up',
    phase: 'up',
    since: T - 3_600,
    why: 'started',
    actor: 'site config',
    management: 'host',
    config: { file: 'site.yaml', line: 31 },
    config_state: 'up',
    pid: 4_711,
    generation: 8,
    started_at: T - 3_600,
    adopted: false,
    watch: 'exit',
    draining: [],
    ready: 'yes',
    health: 'ok',
    degraded: false,
    restarts_1h: 0,
    restarts_24h: 0,
    failures_in_row: 0,
    retry_at: null,
    unstable: false,
    exit: null,
    restart_reasons: [],
    waits_for: [],
    ...given,
  };
}

export const downRow = (id: string, given: Partial<Row> = {}): Row =>
  row(id, { next_action: 'down', target_state: 'down', is: 'down', phase: 'down', pid: null, ready: 'no', ...given });

export const waitingRow = (id: string): Row =>
  row(id, {
    next_action: 'start_at',
    is: 'waiting',
    phase: 'waiting',
    pid: null,
    ready: 'no',
    retry_at: T + 12,
    failures_in_row: 3,
    restarts_1h: 4,
    restarts_24h: 11,
    agent_class: 'Camera[d]',
    why: 'exit 1 after 8 s',
    exit: {
      code: 1,
      signal: null,
      cause: 'exit',
      at: T - 60,
      uptime_s: 8,
      expected: false,
      last_line: 'ENODEV /dev/video0',
      report: '37',
    },
  });

export const managerData = (rows: Row[], given: Partial<ManagerData> = {}): ManagerData => ({
  child_states: rows,
  config_parse_status: { '[SCF]': [true, T - 60, ''] },
  orphans: {},
  new_tags: {},
  pending: null,
  engine: { state: 'absent' },
  store: 'ok',
  revision: 'abc',
  host: { name: 'lab-a' },
  ...given,
});

export const session = (op: string, given: Partial<Session> = {}): Session => ({
  g: 1,
  n: 1,
  op_name: op,
  session_id: '01S',
  number: 118,
  op_code: 3,
  status: 'running',
  success: null,
  degraded: false,
  start_time: T - 3_600,
  end_time: null,
  user: 'local',
  params: {},
  progress: {},
  messages: [],
  data: {},
  ...given,
});

export const ended = (op: string, success: boolean, given: Partial<Session> = {}): Session =>
  session(op, { op_code: success ? 5 : 6, status: 'done', success, start_time: T, end_time: T + 0.21, ...given });

export const api = (): Api => ({
  g: 1,
  class: 'Thermometer',
  version: '1',
  protocol: 1,
  description: '',
  operations: {
    acquire: {
      type: 'process',
      class: 'operate',
      abortable: false,
      params: { type: 'object', properties: {}, additionalProperties: false },
    },
    set_range: {
      type: 'task',
      class: 'operate',
      abortable: true,
      params: {
        type: 'object',
        additionalProperties: false,
        required: ['range'],
        properties: {
          channel: { type: 'integer', minimum: 1, maximum: 8, default: 1 },
          range: { type: 'number', unit: 'K', minimum: 0 },
        },
      },
    },
  },
  feeds: { temperatures: { record: false, fields: { ch1: { type: 'number', unit: 'K' } } } },
  states: {},
  resources: [],
});

export type Answer = Session | Fault;
type Listener = (session: Session | null) => void;

export interface World {
  clock: FakeClock;
  out: string[];
  notes: string[];
  asks: { agent: string; ask: Ask }[];
  /** What `AGENT.METHOD.OP` answers; a function is asked each time. */
  answers: Map<string, Answer | ((ask: Ask) => Answer)>;
  /** Show a session to whoever watches, and from then on. */
  push(agent: string, shown: Session): void;
  pushBlock(block: Block): void;
  setRows(rows: Row[]): void;
  interrupt(signal?: Interrupt): void;
  parts: Parts;
  run(...argv: string[]): Promise<number>;
  /** The one JSON document on stdout. */
  document(): Record<string, unknown>;
}

export interface Given {
  rows?: Row[];
  columns?: number;
  interactive?: boolean;
  typed?: (string | undefined)[];
  env?: Record<string, string>;
  /** Is the HostManager there? */
  hostManager?: boolean;
  bus?: boolean;
  parts?: Partial<Parts>;
}

export const site = (given: Partial<Site> = {}): Site => ({
  file: 'site.yaml',
  builtIn: false,
  host: 'lab-a',
  root: 'observatory',
  folder: hostFolder('/nowhere/.cupola', 'lab-a'),
  hostManagers: new Map([['lab-a', 'hm-lab-a']]),
  instances: [{ id: 'thermo1', host: 'lab-a', agentClass: 'Thermometer' }],
  brokers: ['mqtt://127.0.0.1:1883'],
  brokerNamed: false,
  here: false,
  credentials: undefined,
  tls: undefined,
  protocol: 4,
  ...given,
});

export function world(given: Given = {}): World {
  const {
    rows = [row('thermo1')],
    columns = 80,
    interactive = false,
    typed = [],
    env = {},
    hostManager = true,
    bus = true,
  } = given;
  const clock = fakeClock(T * 1_000);
  const [out, notes]: [string[], string[]] = [[], []];
  const asks: World['asks'] = [];
  const answers: World['answers'] = new Map();
  const listeners = new Map<string, Set<Listener>>();
  const interrupts = new Set<(signal: Interrupt) => void>();
  const blocks = new Set<(block: Block) => void>();
  const shown = new Map<string, Session>([['hm-lab-a.manager', session('manager', { data: managerData(rows) })]]);
  const answer = (agent: string, ask: Ask): Outcome<Reply> => {
    const key = `${agent}.${ask.method}.${ask.op ?? ''}`;
    const told = answers.get(key);
    const found =
      typeof told === 'function'
        ? told(ask)
        : (told ?? (ask.method === 'status' ? shown.get(`${agent}.${ask.op}`) : undefined));
    if (found === undefined)
      return ask.method === 'status' ? ok(reply({})) : failed('OPERATION_UNKNOWN', { op: ask.op, known: [] });
    return isFault(found) ? { ok: false, fault: found } : ok(reply(found));
  };
  const caller = (via: 'socket' | 'bus'): Caller => ({
    via,
    url: 'memory:',
    async call(agent, ask) {
      asks.push({ agent, ask });
      return answer(agent, ask);
    },
    watchSession(agent, op, listener) {
      const key = `${agent}.${op}`;
      const known = listeners.get(key) ?? new Set();
      listeners.set(key, known.add(listener));
      const now = shown.get(key);
      if (now !== undefined) queueMicrotask(() => known.has(listener) && listener(shown.get(key) ?? now));
      return () => known.delete(listener);
    },
    watchFeed(_agent, _feed, listener) {
      blocks.add(listener);
      return () => blocks.delete(listener);
    },
    watchLast: () => () => {},
    watchPresence(listener) {
      queueMicrotask(() => listener('hm-lab-a', presence()));
      return () => {};
    },
    describe: async (agent) => (agent === 'thermo1' ? ok(api()) : failed('UNKNOWN_AGENT', { agent, near: '' })),
    async close() {},
  });
  const terminal: Terminal = {
    columns,
    interactive,
    outIsTerminal: interactive,
    noteIsTerminal: interactive,
    out: (text) => void out.push(text),
    note: (text) => void notes.push(text),
    ask: async () => typed.shift(),
    onInterrupt(listener) {
      interrupts.add(listener);
      return () => interrupts.delete(listener);
    },
    readStdin: async () => '',
  };
  const parts: Parts = {
    clock,
    terminal,
    env: { NO_COLOR: '1', ...env },
    version: '1.2.3',
    locate: async () => ok(site()),
    validate: async (files) => ok({ files: [...files], problems: [], text: '' }),
    connect: {
      socket: async (path) =>
        hostManager ? ok(caller('socket')) : failed('BUS_DOWN', { url: path, cause: 'nobody listens' }),
      bus: async () =>
        bus ? ok(caller('bus')) : failed('BUS_DOWN', { url: 'mqtt://127.0.0.1:1883', cause: 'refused' }),
    },
    disk: { records: async () => [], lines: async () => ok([]), reports: async () => [] },
    launcher: {
      background: () => failed('INTERNAL', { cause: 'not in this test' }),
      foreground: () => failed('INTERNAL', { cause: 'not in this test' }),
      alive: () => false,
      watchFolder: () => () => {},
      makeFolders: ok,
    },
    readText: async (path) => failed('USAGE', { problem: `no ${path}`, remedy: '' }),
    ...given.parts,
  };
  const push = (agent: string, now: Session): void => {
    shown.set(`${agent}.${now.op_name}`, now);
    for (const listener of listeners.get(`${agent}.${now.op_name}`) ?? []) listener(now);
  };
  return {
    clock,
    out,
    notes,
    asks,
    answers,
    parts,
    push,
    pushBlock: (block) => blocks.forEach((listener) => listener(block)),
    setRows: (next) => push('hm-lab-a', session('manager', { data: managerData(next) })),
    interrupt: (signal = 'SIGINT') => [...interrupts].forEach((listener) => listener(signal)),
    run: (...argv) => runCli(argv, parts),
    document: () => JSON.parse(out.join('')),
  };
}

export const reply = (given: Session | Record<string, never>): Reply => ({
  id: 'r1',
  g: 1,
  t: T,
  code: 0,
  message: 'ok',
  session: given,
  final: true,
});
export const presence = (): Presence => ({
  state: 'online',
  g: 1,
  generation: 1,
  start: 1,
  since: T - 60,
  class: 'HostManager',
  host: 'lab-a',
  pid: 42,
  version: '1',
  protocol: 1,
  api_hash: '',
});
const isFault = (given: Answer): given is Fault => 'remedy' in given;
