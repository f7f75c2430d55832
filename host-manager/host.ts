/** One host: its config in force, its supervisor, its driver and its folders, put together for the operations. */
import { cpus, freemem, loadavg } from 'node:os';
import { type Fault, type Outcome, failed, ok } from '../base/fault.ts';
import { VERSION } from '../base/package.ts';
import type { Setup } from '../framework/agent.ts';
import type { ManagerData, TargetState } from '../protocol/rows.ts';
import { type CrashReports, crashReports } from '../store/crash-reports.ts';
import { bootId } from '../store/proc.ts';
import { AUDIT_MS, audit } from './audit.ts';
import type { Crash } from './event.ts';
import { keptInStore } from './kept-store.ts';
import { type Preparation, prepare } from './launch-spec.ts';
import { processDriver } from './process-driver.ts';
import type { PlannedAct } from './reload.ts';
import { type SiteInForce, readInForce } from './site-in-force.ts';
import { type Supervisor, supervise } from './supervisor.ts';
import { initialStateApplies } from './targets.ts';
import { type Told, told } from './told.ts';
import { idleKeys, wantedOf } from './wanted-entries.ts';

export interface Host {
  readonly supervisor: Supervisor;
  readonly told: Told;
  readonly reports: CrashReports;
  /** Begin or begin again. `readConfig` false keeps the rows as they were. */
  begin(options: { readConfig: boolean; keepTargets: boolean; initialState: TargetState | null }): Outcome<void>;
  /** Read the config anew and do what it says. */
  reload(actor: string): Outcome<PlannedAct[]>;
  /** Resolves when all requests so far are on disk; the cause where they are not. */
  synced(): Promise<string | undefined>;
  data(): ManagerData;
}

/** An instance that no other host has shown for so long is ours without asking. */
const CLAIM_QUIET_MS = 30_000;
const INITIAL_STATE_KEY = 'initial-state-boot';

export function openHost(setup: Setup<object>, env: NodeJS.ProcessEnv, onChange: (id: string) => void): Host {
  const { clock, folder, identity, log, place, store } = setup;
  const kept = keptInStore(store, clock);
  const messages = told(clock, log, setup.event);
  const prepared = new Map<string, Preparation>();
  /** Of each instance: its newest crash report, and the exit that it tells of. */
  const newestReport = new Map<string, { id: string; at: number }>();
  const boot = bootId();
  const startedMs = clock.monotonicMs();
  let site: SiteInForce | undefined;

  const say = (instance: string | null, level: 'info' | 'warn' | 'error', text: string) =>
    messages.say({ atMs: clock.nowMs(), instance, level, text, facts: {} });
  const driver = processDriver({
    folder,
    clock,
    ownId: identity.instanceId,
    onEvent: (event) => supervisor.deliver(event),
    onTrouble: (text) => say(null, 'warn', text),
  });
  const supervisor = supervise({
    clock,
    random: Math.random,
    driver,
    launchSpec(id, generation) {
      const spec = prepared.get(id);
      if (!spec) return { ...MISSING, instanceId: id, generation };
      return {
        ...spec,
        generation,
        env: { ...spec.env, CUPOLA_GENERATION: String(generation), CUPOLA_CLAIM: claimOf(id) },
      };
    },
    store: kept,
    report: (crash) => report(crash),
    tell: (message) => messages.say(message),
    onChange,
    settings: { agent: identity.instanceId, bootId: boot, launchesAtOnce: 2 * cpus().length },
  });
  /** May a child leave out the claim wait? Only where we would have seen another host's presence. */
  const claimOf = (id: string): 'fast' | 'wait' => {
    const seen = setup.site.agents().find((one) => one.id === id);
    const foreign = seen?.presence !== undefined && seen.presence.host !== identity.host && seen.liveness === 'online';
    return !foreign && clock.monotonicMs() - startedMs >= CLAIM_QUIET_MS && setup.site.connected() ? 'fast' : 'wait';
  };
  const reports = crashReports(folder.crash);
  const report = (crash: Crash) => {
    // After the relaunch was asked: nothing that may wait stands between an end and the next beginning.
    clock.after(0, async () => {
      const written = await reports.write(reportOf(crash, site?.config.revision ?? ''));
      if (written.ok) newestReport.set(crash.instanceId, { id: written.value.id, at: written.value.at });
      else say(crash.instanceId, 'warn', `crash report not written: ${written.fault.message}`);
      onChange(crash.instanceId);
      await reports.prune(clock.nowMs());
    });
  };
  /** Read the file, prepare what it wants, tell what is wrong with it. */
  const read = (): Outcome<SiteInForce> => {
    if (!place.readSite)
      return failed('CONFIG_MISSING', {
        problem: 'a HostManager is started from a site config, not by another HostManager',
      });
    const next = readInForce(place.readSite, site, (id) => driver.alive(id), clock.nowMs());
    if (!next.ok) return next;
    for (const line of next.value.complaints) say(null, next.value.status[0] ? 'warn' : 'error', line);
    for (const line of next.value.entries.flatMap(idleKeys)) say(null, 'warn', line);
    return next;
  };
  const wanted = (next: SiteInForce) =>
    wantedOf(next).map((one) => {
      const entry = next.entries.find(({ instanceId }) => instanceId === one.instanceId);
      if (!entry || !one.operable) return one;
      const spec = prepareSafely(() =>
        prepare(entry, next, {
          folder,
          host: identity.host,
          stateDir: place.stateDir,
          workingDir: place.workingDir,
          env,
        }),
      );
      if (spec.ok) {
        prepared.set(one.instanceId, spec.value);
        return one;
      }
      return { ...one, operable: false, inoperableWhy: spec.fault.message };
    });

  setup.every(AUDIT_MS, () => {
    for (const difference of audit(supervisor.instances(), (id) => driver.alive(id))) {
      const { id } = difference;
      say(id, 'error', `the audit found a difference, ${difference.kind}: report it with the log around this time`);
      if (difference.kind === 'lives unknown') continue;
      const { generation } = difference;
      supervisor.deliver({
        type: 'exited',
        instanceId: id,
        generation,
        code: null,
        signal: null,
        rest: [],
        stderrTail: [],
        lastLine: null,
      });
    }
  });

  return {
    supervisor,
    told: messages,
    reports,
    begin({ readConfig, keepTargets, initialState }) {
      if (!readConfig && site) {
        supervisor.resume();
        return ok(undefined);
      }
      const next = read();
      if (!next.ok) return next;
      site = next.value;
      const initial = initialStateApplies(initialState, String(store.get(INITIAL_STATE_KEY) ?? ''), boot);
      if (initialState !== null) void store.write([{ key: INITIAL_STATE_KEY, value: boot }]);
      supervisor.load(wanted(site), { keepTargets, initialState: initial });
      return ok(undefined);
    },
    reload(actor) {
      const next = read();
      if (!next.ok) return next;
      site = next.value;
      return supervisor.reload(wanted(site), { actor });
    },
    synced: () => kept.synced(),
    data: () => ({
      child_states: supervisor.rows().map((row) => {
        const report = newestReport.get(row.instance_id);
        return row.exit && report?.at === row.exit.at ? { ...row, exit: { ...row.exit, report: report.id } } : row;
      }),
      config_parse_status: site ? { '[SCF]': [...site.status] } : {},
      orphans: {},
      new_tags: {},
      pending: null,
      engine: { state: 'absent', since: null, says: 'no compose file is named' },
      store: kept.works() && store.folder !== 'memory' ? 'ok' : 'memory',
      revision: site?.config.revision ?? '',
      host: { name: identity.host, boot_id: boot },
    }),
  };
}

function reportOf(crash: Crash, revision: string): Parameters<CrashReports['write']>[0] {
  return {
    instance_id: crash.instanceId,
    agent_class: crash.agentClass,
    generation: crash.generation,
    at: crash.atMs / 1_000,
    cause: crash.cause,
    code: crash.code,
    signal: crash.signal,
    uptime_s: crash.uptimeMs === null ? null : crash.uptimeMs / 1_000,
    failures_in_row: crash.failuresInRow,
    stability: crash.stability,
    next_launch: crash.nextLaunchAtMs === null ? null : crash.nextLaunchAtMs / 1_000,
    stderr: [...crash.stderrTail],
    stdout: [],
    sessions: [],
    command_hash: crash.definitionHash,
    config_revision: revision === '' ? null : revision,
    code_revision: VERSION,
    host: { load1: loadavg()[0] ?? 0, memory_free: freemem() },
  };
}

/** What stands for an instance whose preparation is gone: it fails to launch and says why. */
const MISSING = {
  agentClass: '',
  argv: [],
  env: {},
  cwd: '/',
  logOut: '/dev/null',
  logErr: '/dev/null',
  definitionHash: '',
};

/** A folder that cannot be written makes one instance inoperable, not the host. */
function prepareSafely(act: () => Outcome<Preparation>): Outcome<Preparation> {
  try {
    return act();
  } catch (thrown) {
    const cause = thrown instanceof Error ? thrown.message : String(thrown);
    return failed('FOLDER_UNUSABLE', { folder: 'run', cause });
  }
}

/** The fault of an outcome as the failure of a session. */
export const faultOf = (outcome: Outcome<unknown>): Fault | undefined => (outcome.ok ? undefined : outcome.fault);
