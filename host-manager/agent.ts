/** `HostManager`: keeps the agents of one host in their target states, and can be restarted without disturbing one. */
import { fault, must } from '../base/fault.ts';
import { agent, z } from '../framework/cupola.ts';
import { throttle } from '../framework/throttle.ts';
import { makeKeys } from '../store/admin-proof.ts';
import { openHost } from './host.ts';
import { type HostLock, takeHostLock } from './host-lock.ts';
import { declareReaders } from './readers.ts';
import { Requests } from './requests.ts';

export const Settings = z.object({
  initialState: z
    .enum(['up', 'down'])
    .optional()
    .meta({ description: 'force a single target state for all agents at this start' }),
  quiet: z.boolean().default(false).meta({ description: 'nothing on stdout and stderr' }),
  dockerCompose: z.string().optional().meta({ description: 'compose files to manage' }),
  dockerServicePrefix: z.string().default('ocs-'),
  dockerComposeBin: z.string().optional(),
  spares: z.int().min(0).default(0).meta({ description: 'warm spares' }),
});

/** The graces of the children bound the end, not this. */
const END_GRACE_MS = 4 * 3_600_000;
const DATA_MS = 50;

export const hostManager = agent(
  'HostManager',
  Settings,
  (setup) => {
    const {
      settings,
      clock,
      folder,
      identity,
      task,
      process: declareProcess,
      onStart,
      onEnd,
      onGone,
      onHurry,
      onOusted,
      onSignal,
      end,
    } = setup;
    const docker = settings.dockerCompose ?? settings.dockerComposeBin;
    if (docker !== undefined) {
      must({
        ok: false,
        fault: fault('NOT_YET', {
          what: 'Containers are',
          remedy: 'Leave out "--docker-compose" and "--docker-compose-bin"',
        }),
      });
    }
    let lock: HostLock | undefined;
    let shown: (() => void) | undefined;
    let disowned = false;
    const renew = throttle(clock, DATA_MS, () => shown?.());
    const host = openHost(setup, process.env, () => renew.touch('manager', false));
    const { supervisor, told } = host;
    const notRunning = () => fault('MANAGER_NOT_RUNNING', { agent: identity.instanceId });

    onStart(async () => {
      makeKeys(folder.authKeys);
      lock = must(await takeHostLock(folder));
    });
    onHurry(() => {
      if (!disowned) supervisor.hurry('second signal');
    });
    onEnd(() => supervisor.disown());
    onGone(() => lock?.release());
    // Who has our name on the bus says nothing of the processes here: the next HostManager of this host adopts them.
    onOusted(() => {
      disowned = true;
    });
    onSignal('SIGHUP', () => void host.reload('SIGHUP'));
    onSignal('SIGUSR2', () => {
      disowned = true;
      end('SIGUSR2: children are left to the next HostManager');
    });

    /**
     * **Process** `manager`: keep the agents of this host in their target states, until stopped; then all of them are ended.
     *
     * params        requests [[instance_id, up|down], …] ([]); reload_config (true): rows are set up anew from the site config;
     *               keep_targets (false): targets that people asked for before still hold
     * session.data  { child_states: [row], config_parse_status, orphans, new_tags, pending, engine, store, revision, host }
     * faults        CONFIG_INVALID when there never was a good site config
     */
    declareProcess('manager', {
      description: 'Keep the agents of this host in their target states',
      role: 'admin',
      autostart: { keep_targets: true },
      dataBytesMax: 1_048_576,
      params: z.object({
        requests: Requests.default([]),
        reload_config: z.boolean().default(true),
        keep_targets: z.boolean().default(false),
      }),
      async run(session, { requests, reload_config, keep_targets }) {
        told.listen((text) => session.message(text));
        shown = () => {
          session.data = host.data();
        };
        const begun = host.begin({
          readConfig: reload_config,
          keepTargets: keep_targets,
          initialState: settings.initialState ?? null,
        });
        if (!begun.ok) return session.failed(begun.fault);
        if (requests.length > 0) supervisor.request(requests, session.user);
        shown();
        while (session.running) await session.sleep(3_600_000);
        const stopped = disowned ? { success: true, stuck: [] } : await supervisor.stopAll(session.user);
        shown();
        shown = undefined;
        told.listen(undefined);
        if (stopped.success) return 'All agents are down.';
        return session.failed(`Left behind, will not die: ${stopped.stuck.join(', ')}`);
      },
    });

    /**
     * **Task** `update`: change target states, after reading the config anew if asked; ends when they are recorded.
     *
     * params        requests [[instance_id or "all", up|down], …] ([]), taken in order; reload_config (false)
     * session.data  { accepted, ignored, persisted: will a restart remember them?, plan }
     * faults        MANAGER_NOT_RUNNING
     */
    task('update', {
      description: 'Change target states; read the site config anew if asked',
      immediate: true,
      params: z.object({ requests: Requests.default([]), reload_config: z.boolean().default(false) }),
      async run(session, { requests, reload_config }) {
        if (!supervisor.supervising()) return session.failed(notRunning());
        const plan = reload_config ? host.reload(session.user) : undefined;
        if (plan && !plan.ok) return session.failed(plan.fault);
        const resolved = supervisor.request(requests, session.user);
        if (!resolved.ok) return session.failed(resolved.fault);
        for (const { text } of resolved.value.ignored) session.message(text);
        const status = host.data().config_parse_status['[SCF]'];
        if (reload_config && status && !status[0]) session.message(`config not taken: ${status[2]}`);
        const cause = await host.synced();
        if (cause !== undefined) session.message(`Carried out, but a restart would forget it: ${cause}`);
        session.data = {
          accepted: resolved.value.accepted,
          ignored: resolved.value.ignored,
          persisted: cause === undefined,
          plan: plan?.ok
            ? plan.value.map(({ instanceId, act, cause: why, file, line }) => ({
                instance_id: instanceId,
                act,
                cause: why,
                file,
                line,
              }))
            : null,
        };
        return 'Update requested.';
      },
    });

    /**
     * **Task** `restart`: end and launch again, in the order of `after`, each until it is ready or has failed.
     *
     * params        instances: ids, or ["all"]
     * session.data  { "<instance-id>": "up" | "launching" | … }: what each is at the end
     */
    task('restart', {
      description: 'End and launch again, one after another',
      role: 'admin',
      abortable: true,
      params: z.object({ instances: z.array(z.string()).min(1).max(1_000), cold: z.boolean().default(true) }),
      async run(session, { instances }) {
        const known = supervisor.order();
        const unknown = instances.filter((id) => id !== 'all' && !known.includes(id));
        const ids = instances.includes('all') ? known : known.filter((id) => instances.includes(id));
        if (unknown.length > 0)
          return session.failed(fault('TARGET_UNKNOWN', { target: unknown.join(', '), near: '' }));
        const outcomes: Record<string, string> = {};
        for (const [i, id] of ids.entries()) {
          if (!session.running) break;
          session.progress(i / ids.length, id);
          const before = supervisor.instance(id)?.generation ?? 0;
          const asked = supervisor.restart([id], session.user);
          if (!asked.ok) return session.failed(asked.fault);
          if (supervisor.row(id)?.target_state === 'up')
            await supervisor.until(id, (instance) => isBack(instance, before), RESTART_MS);
          outcomes[id] = supervisor.row(id)?.is ?? 'gone';
          session.data = { ...outcomes };
        }
        session.progress(1);
        const late = Object.entries(outcomes).filter(
          ([id, is]) => supervisor.row(id)?.target_state === 'up' && is !== 'up',
        );
        return late.length === 0
          ? 'Restarted.'
          : session.failed(`Not up: ${late.map(([id, is]) => `${id} is ${is}`).join(', ')}`);
      },
    });

    /** **Tasks** `retry`, `kill`: launch now what waits for its next launch; end now, without a grace (`instances`: ids, or ["all"]). */
    for (const [name, role, description] of [
      ['retry', 'operate', 'Launch now what waits for its next launch'],
      ['kill', 'admin', 'End now, without a grace'],
    ] as const) {
      task(name, {
        description,
        role,
        immediate: true,
        params: z.object({ instances: z.array(z.string()).min(1).max(1_000) }),
        run(session, { instances }) {
          const done = supervisor[name](instances, session.user);
          if (!done.ok) return session.failed(done.fault);
          session.data = { instances: done.value.ids, ignored: done.value.ignored };
          for (const text of done.value.ignored) session.message(text);
          return done.value.ids.length === 0
            ? session.failed(fault('TARGET_UNKNOWN', { target: instances.join(', '), near: '' }))
            : `Asked for ${done.value.ids.join(', ')}.`;
        },
      });
    }

    /**
     * **Task** `die`: end all agents, then this HostManager.
     *
     * params        disown_hosts (false): leave the processes to the next HostManager; disown_dockers (false): no effect without containers
     */
    task('die', {
      description: 'End all agents, then this HostManager',
      role: 'admin',
      params: z.object({ disown_dockers: z.boolean().default(false), disown_hosts: z.boolean().default(false) }),
      run(session, { disown_hosts }) {
        disowned = disown_hosts;
        // After the reply: the session itself is one that the end waits for.
        clock.after(0, () => end(`asked by ${session.user}`));
        return disown_hosts ? 'Ending; the agents run on.' : 'Ending, with all agents.';
      },
    });
    declareReaders(setup, host);
  },
  {
    description: 'Keeps the agents of one host in their target states',
    worksWithoutStore: true,
    endGraceMs: END_GRACE_MS,
  },
);

/** A restart is over when the next generation is ready, or has failed. */
const RESTART_MS = 120_000;

type Seen = ReturnType<ReturnType<typeof openHost>['supervisor']['instance']>;

function isBack(instance: Seen, before: number): boolean {
  if (!instance) return true;
  const { phase } = instance;
  if (phase.name === 'up') return phase.generation > before && phase.ready !== 'waiting';
  return phase.name === 'waiting' || phase.name === 'gave-up' || phase.name === 'down' || phase.name === 'inoperable';
}
