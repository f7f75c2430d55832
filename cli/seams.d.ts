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
  type Outcome<T> = import('../base/fault.ts').Outcome<T>;
  export function mqttDialer(given: {
    urls: readonly string[];
    user: string;
    credentials?: (() => Promise<Outcome<{ user: string; password: string }>>) | undefined;
    tls?: (() => Promise<Outcome<import('./credentials.ts').TlsParts>>) | undefined;
    protocol: 4 | 5 | 'auto';
    clock: import('../base/clock.ts').Clock;
  }): import('../bus/bus.ts').Dialer;
}

declare module '*/framework/run.ts' {
  export function runAgentCommand(argv: string[]): Promise<number>;
}

declare module '*/site-config/locate.ts' {
  type Outcome<T> = import('../base/fault.ts').Outcome<T>;
  type Env = Readonly<Record<string, string | undefined>>;
  type Flags = {
    siteFile?: string | undefined;
    site?: string | undefined;
    siteHost?: string | undefined;
    workingDir?: string | undefined;
  };
  type SiteConfig = import('*/site-config/read.ts').SiteConfig;
  export function locateSite(given: {
    flags: Flags;
    env: Env;
    cwd: string;
  }): Outcome<
    { builtIn: boolean; none: false; file: string; folder: string; text: string } | { builtIn: false; none: true }
  >;
  export function chooseHost(config: SiteConfig, given: { flags: Flags; env: Env; hostname: string }): Outcome<string>;
}

declare module '*/site-config/read.ts' {
  export interface SiteConfig {
    root: string;
    plugins: readonly string[];
    hosts: ReadonlyMap<
      string,
      {
        logDir?: string | undefined;
        entries: readonly { instanceId: string; agentClass: string; ignored: boolean }[];
        hostManager: { instanceId: string };
        plugins: readonly string[];
        mqtt: {
          urls: readonly string[];
          credentials?: string | undefined;
          tls?: import('./credentials.ts').TlsFiles | undefined;
          protocol: 4 | 5 | 'auto';
        };
      }
    >;
    brokenHosts: readonly string[];
  }
  export function readSiteConfig(given: { text: string; file: string; classes?: ReadonlySet<string> }): {
    config: SiteConfig | undefined;
    complaints: import('*/site-config/complaint.ts').Complaint[];
  };
}

declare module '*/site-config/complaint.ts' {
  export interface Complaint {
    severity: 'F' | 'B' | 'E' | 'W' | 'N';
  }
  export function headline(complaint: Complaint): string;
  export function renderComplaints(complaints: readonly Complaint[], text: string): string;
  export function complaintJson(complaint: Complaint): Record<string, unknown>;
}

declare module '*/site-config/plugins.ts' {
  export function installedClasses(places: { own: string; plugins: readonly string[]; from: string; file: string }): {
    classes: ReadonlyMap<string, unknown>;
    complaints: import('*/site-config/complaint.ts').Complaint[];
  };
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
