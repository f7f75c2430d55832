// Parts of other rooms that this room loads lazily. A real file of that name takes precedence over these declarations:
// once all have landed, this file can go.

declare module '*/client/socket-caller.ts' {
  export function socketCaller(given: {
    path: string;
    clock: import('../base/clock.ts').Clock;
    keyFile?: string;
  }): Promise<import('../base/fault.ts').Outcome<import('../client/caller.ts').Caller>>;
}

declare module '*/client/bus-caller.ts' {
  export function busCaller(given: {
    dialer: import('../bus/bus.ts').Dialer;
    root: string;
    clock: import('../base/clock.ts').Clock;
    keyFile?: string;
  }): Promise<import('../base/fault.ts').Outcome<import('../client/caller.ts').Caller>>;
}

declare module '*/bus/mqtt-connection.ts' {
  export function mqttDialer(given: {
    urls: readonly string[];
    user: string;
    credentials?: { username: string; password: string };
    tls?: unknown;
    protocol: 4 | 5 | 'auto';
    clock: import('../base/clock.ts').Clock;
  }): import('../bus/bus.ts').Dialer;
}

declare module '*/framework/run.ts' {
  export function runAgentCommand(argv: string[]): Promise<number>;
}

declare module '*/site-config/locate.ts' {
  export function locateSite(given: {
    flags: import('./site.ts').SiteFlags;
    env: Readonly<Record<string, string | undefined>>;
    cwd: string;
    hostname: string;
  }): import('../base/fault.ts').Outcome<{
    file: string | undefined;
    builtIn: boolean;
    host: string;
    stateDir: string;
    config: {
      root: string;
      hosts: ReadonlyMap<
        string,
        {
          logDir?: string | undefined;
          entries: readonly { instanceId: string; agentClass: string; ignored: boolean }[];
          hostManager: { instanceId: string };
          mqtt: { urls: readonly string[]; credentials?: string | undefined; tls?: unknown; protocol: 4 | 5 | 'auto' };
        }
      >;
    };
  }>;
}

declare module '*/site-config/read.ts' {
  export function readSiteConfig(given: { text: string; file: string }): {
    config: unknown;
    complaints: readonly { severity: string }[];
  };
}

declare module '*/site-config/complaint.ts' {
  export function renderComplaints(complaints: readonly { severity: string }[], text: string): string;
  export function complaintJson(complaint: { severity: string }): Record<string, unknown>;
}

declare module '*/store/pid-record.ts' {
  export function readPidRecords(
    run: string,
  ): Promise<{ instance_id: string; pid: number; generation: number; target: string; alive: boolean }[]>;
}

declare module '*/store/log-pages.ts' {
  export function lastLines(given: {
    folder: string;
    instanceId: string;
    stream: 'both' | 'out' | 'err';
    lines: number;
  }): Promise<import('./parts.ts').LogLine[]>;
}

declare module '*/store/crash-reports.ts' {
  export function crashReports(folder: string, instanceId?: string): Promise<Record<string, unknown>[]>;
}
