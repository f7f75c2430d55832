/** What the supervisor asks of the machine: processes launched, signalled, watched. Two kinds: the real one and a simulated one. */

export type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGQUIT' | 'SIGHUP' | 'SIGUSR1' | 'SIGUSR2';

/** Everything that is needed to start one generation of one instance. */
export interface LaunchSpec {
  instanceId: string;
  agentClass: string;
  generation: number;
  /** Program and arguments, no shell. */
  argv: readonly string[];
  /** The whole environment of the child; CUPOLA_LIFE and the descriptor of the lifeline are added by the driver. */
  env: Readonly<Record<string, string>>;
  cwd: string;
  logOut: string;
  logErr: string;
  /** Hash of what would make a launch different: told in the pid record, so that a changed definition is seen after adoption. */
  definitionHash: string;
}

/** A live process that was there before this HostManager. */
export interface Found {
  instanceId: string;
  generation: number;
  pid: number;
  /** Unix milliseconds. */
  startedAtMs: number;
  definitionHash: string;
  ready: boolean;
  watch: 'lifeline' | 'timer';
}

export type DriverEvent =
  | { type: 'spawned'; instanceId: string; generation: number; pid: number; atMs: number }
  | { type: 'spawn-failed'; instanceId: string; generation: number; errno: string; text: string }
  /** The leader is gone. `rest`: pids of processes of this generation that still live. */
  | {
      type: 'exited';
      instanceId: string;
      generation: number;
      code: number | null;
      signal: string | null;
      rest: number[];
      stderrTail: string[];
      lastLine: string | null;
    }
  /** The last process of a generation that had left a rest is gone. */
  | { type: 'rest-gone'; instanceId: string; generation: number }
  /** The instance itself said so, through the lifeline. */
  | { type: 'ready'; instanceId: string; generation: number };

export interface Driver {
  /** Start it. What came of it arrives as `spawned` or `spawn-failed`, never before this call has returned. */
  launch(spec: LaunchSpec): void;
  /** The polite signal. No signal is sent to a pid whose start time was not checked just before. */
  signal(instanceId: string, signal: StopSignal, to: 'leader' | 'group'): void;
  /** SIGTERM to what is left after the leader's end. */
  terminateRest(instanceId: string): void;
  /** SIGKILL to the whole group and to what left it. */
  kill(instanceId: string): void;
  /** Does any process of the instance live: lifeline, group, record? Looked up now, without waiting. */
  alive(instanceId: string): boolean;
  /** Pids of the instance that still live, with their kernel state letter: what a message about a stuck one names. */
  remains(instanceId: string): { pid: number; state: string }[];
  /** A process outside this HostManager that holds the instance: started by hand. */
  outside(instanceId: string): { pid: number } | undefined;
  /** Look for what outlived the last HostManager; called once, before anything is launched. From then on its exits arrive as events. */
  adopt(): Found[];
  /** The instance is gone for good: records removed, logs stay. */
  forget(instanceId: string): void;
  /** Let go of everything without touching a child. */
  close(): void;
}
