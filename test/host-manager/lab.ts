/** A host in virtual time: the supervisor over the simulated world, with everything it says and keeps at hand. */
import type { FakeClock } from '../../base/fake-clock.ts';
import { fakeClock } from '../../base/fake-clock.ts';
import type { Driver } from '../../host-manager/driver.ts';
import type { Crash } from '../../host-manager/event.ts';
import type { Message } from '../../host-manager/loop.ts';
import type { LoadOptions, Supervisor } from '../../host-manager/supervisor.ts';
import { supervise } from '../../host-manager/supervisor.ts';
import type { Kept } from '../../host-manager/targets.ts';
import type { WantedInstance } from '../../host-manager/wanted.ts';
import type { World } from './simulated-driver.ts';
import { simulatedWorld } from './simulated-driver.ts';

export interface Lab {
  clock: FakeClock;
  world: World;
  kept: Map<string, Kept>;
  messages: Message[];
  crashes: Crash[];
  supervisor: Supervisor;
  /** Exits told to the supervisor that lives now. */
  exits: Map<string, number>;
  /** SIGKILL to the HostManager, and the next one at once. */
  crashAndReturn(wanted: readonly WantedInstance[], options?: Partial<LoadOptions>): void;
  step(ms: number): void;
  texts(instance?: string): string[];
}

export interface LabOptions {
  random?: () => number;
  bootId?: string;
  launchesAtOnce?: number;
  /** Put something between the supervisor and the world: a fault that is planted. */
  wrap?: (driver: Driver) => Driver;
}

export function lab(wanted: readonly WantedInstance[], options: LabOptions & Partial<LoadOptions> = {}): Lab {
  const { random = () => 0.5, bootId = 'boot-1', launchesAtOnce = 4, wrap = (driver) => driver } = options;
  const clock = fakeClock();
  const world = simulatedWorld(clock);
  const kept = new Map<string, Kept>();
  const messages: Message[] = [];
  const crashes: Crash[] = [];

  const born = (): { supervisor: Supervisor; exits: Map<string, number> } => {
    const driver = world.driver((event) => supervisor.deliver(event));
    const supervisor: Supervisor = supervise({
      clock,
      random,
      driver: wrap(driver),
      launchSpec: (instanceId, generation) => ({
        instanceId,
        generation,
        agentClass: 'DummyAgent',
        argv: ['dummy'],
        env: {},
        cwd: '/',
        logOut: 'out',
        logErr: 'err',
        definitionHash: supervisor.instance(instanceId)?.wanted.definitionHash ?? '',
      }),
      store: { read: (id) => kept.get(id), keep: (id, value) => kept.set(id, value), forget: (id) => kept.delete(id) },
      report: (crash) => crashes.push(crash),
      tell: (message) => messages.push(message),
      onChange: () => {},
      settings: { agent: 'hm', bootId, launchesAtOnce },
    });
    return { supervisor, exits: driver.exits };
  };

  const first = born();
  first.supervisor.load(wanted, { keepTargets: true, initialState: options.initialState ?? null });
  const made: Lab = {
    clock,
    world,
    kept,
    messages,
    crashes,
    ...first,
    crashAndReturn(next, given = {}) {
      world.crashManager();
      made.supervisor.disown();
      Object.assign(made, born());
      made.supervisor.load(next, { keepTargets: true, ...given });
    },
    step: (ms) => clock.advanceSync(ms),
    texts: (instance) =>
      messages.filter((said) => instance === undefined || said.instance === instance).map(({ text }) => text),
  };
  return made;
}
