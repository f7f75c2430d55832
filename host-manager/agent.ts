/** `HostManager`: keeps the agents of one host in their target states, and can be restarted without disturbing one. */
import { fault, must } from '../base/fault.ts';
import { agent, z } from '../framework/cupola.ts';
import { throttle } from '../framework/throttle.ts';
import { makeKeys } from '../store/admin-proof.ts';
import { openHost } from './host.ts';
import { type HostLock, takeHostLock } from './host-lock.ts';
import { declareDie } from './die.ts';
import { type Life, declareManager } from './manager.ts';
import { declareReaders } from './readers.ts';
import { declareRestart } from './restart.ts';
import { declareRetryAndKill } from './retry-kill.ts';
import { declareUpdate } from './update.ts';

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
    const { settings, clock, log, folder, onStart, onEnd, onGone, onHurry, onOusted, onSignal, end } = setup;
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
    const life: Life = { disowned: false, show: undefined };
    const renew = throttle(clock, DATA_MS, () => life.show?.());
    const host = openHost(setup, process.env, () => renew.touch('manager', false));
    const { supervisor } = host;

    onStart(async () => {
      makeKeys(folder.authKeys);
      lock = must(await takeHostLock(folder));
    });
    onHurry(() => {
      if (!life.disowned) supervisor.hurry('second signal');
    });
    onEnd(() => supervisor.disown());
    onGone(() => lock?.release());
    // Who has our name on the bus says nothing of the processes here: the next HostManager of this host adopts them.
    onOusted(() => {
      life.disowned = true;
    });
    onSignal('SIGHUP', () => {
      const plan = host.reload('SIGHUP');
      if (!plan.ok) log.error({ fault: plan.fault.code, problem: plan.fault.message }, 'not reloaded');
    });
    onSignal('SIGUSR2', () => {
      life.disowned = true;
      end('SIGUSR2: children are left to the next HostManager');
    });

    declareManager(setup, host, life, settings.initialState ?? null);
    declareUpdate(setup, host);
    declareRestart(setup, host);
    declareRetryAndKill(setup, host);
    declareDie(setup, life);
    declareReaders(setup, host);
  },
  {
    description: 'Keeps the agents of one host in their target states',
    worksWithoutStore: true,
    endGraceMs: END_GRACE_MS,
  },
);
