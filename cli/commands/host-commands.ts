/** `start`, `stop`, `run`, `wait`, `abort`: this machine's HostManager, or operations where one is named. */
import { type Command, Option } from 'commander';
import { failed } from '../../base/fault.ts';
import { type Result, exitOfAll, exitOfResult } from '../output.ts';
import type { Define } from '../define.ts';
import type { Leave } from './stop-host.ts';

/** What a command does is loaded when it is given, not when help is asked for. */
const operations = () => import('./operations.ts');

const onInterrupt = (): Option =>
  new Option('--on-interrupt <what>', 'what Ctrl-C does').choices(['ask', 'abort', 'detach']);
/** Flags of the HostManager that `start` passes on, with what they take. */
const PASSED: readonly [string, string, string][] = [
  ['--initial-state <state>', 'initialState', 'every instance up or down at this start'],
  ['--docker-compose <files>', 'dockerCompose', 'compose files to manage'],
  ['--docker-service-prefix <text>', 'dockerServicePrefix', 'default "ocs-"'],
  ['--docker-compose-bin <path>', 'dockerComposeBin', 'the compose program'],
  ['--spares <n>', 'spares', 'warm spares'],
];

export function hostCommands(program: Command, define: Define): void {
  const start = program
    .command('start [operation] [args...]')
    .description("start this machine's HostManager, or an operation")
    .option('--foreground', 'in this terminal; Ctrl-C stops everything')
    .option('--force', 'refuse where it runs already (exit 6)')
    .option('--wait', 'of an operation: wait for its end')
    .addOption(onInterrupt())
    .addHelpText(
      'after',
      '\nExamples:\n  cupola start\n  cupola start --foreground\n  cupola start faker1.acq sample_rate=2',
    );
  for (const [flag, , says] of PASSED) start.option(flag, says);
  define(start, async (shell, [operation, ...args], options) => {
    if (operation !== undefined)
      return (await operations()).startOperation(shell, 'start', operation, args, options['wait'] === true);
    const { startHost } = await import('./start-host.ts');
    return startHost(shell, {
      foreground: options['foreground'] === true,
      force: options['force'] === true,
      passed: passedFlags(options),
    });
  });
  define(
    program
      .command('run <operation> [args...]')
      .description('start an operation, show its progress, wait for its end')
      .option('--no-wait', 'print the session id and leave')
      .addOption(onInterrupt())
      .addHelpText(
        'after',
        '\nExamples:\n  cupola run thermo1.set_range channel=1 range=100mK\n  cupola run faker1.delay_task delay=5 --json\n\nExit code: 0 succeeded, 1 failed, 7 timed out.',
      ),
    async (shell, [operation = '', ...args], options) =>
      (await operations()).startOperation(shell, 'run', operation, args, options['wait'] !== false),
  );
  define(
    program
      .command('wait <operations...>')
      .description('wait for the end of operations')
      .addOption(onInterrupt())
      .addHelpText('after', '\nExamples:\n  cupola wait thermo1.ramp --timeout 10m'),
    async (shell, targets) => {
      const { each, waitOperation } = await operations();
      return together(await each(targets, (target) => waitOperation(shell, target)));
    },
  );
  define(
    program
      .command('stop [operations...]')
      .description("stop a process, or this machine's HostManager with its children")
      .option('--leave <what>', 'all or dockers: left running for the next HostManager')
      .option('--wait', 'of an operation: wait until it has ended')
      .addOption(onInterrupt())
      .addHelpText('after', '\nExamples:\n  cupola stop\n  cupola stop --leave all\n  cupola stop faker1.acq'),
    async (shell, targets, options) => {
      if (targets.length > 0) {
        const { each, endOperation } = await operations();
        return together(await each(targets, (target) => endOperation(shell, 'stop', target, options['wait'] === true)));
      }
      const leave = leaveOf(options['leave']);
      if (leave === undefined)
        return failed('USAGE', {
          problem: `"--leave ${String(options['leave'])}" not known`,
          remedy: 'Use "all" or "dockers"',
        });
      const { stopHost } = await import('./stop-host.ts');
      return stopHost(shell, leave);
    },
  );
  define(
    program
      .command('abort <operations...>')
      .description('abort tasks')
      .option('--wait', 'wait until it has ended')
      .addOption(onInterrupt())
      .addHelpText('after', '\nExamples:\n  cupola abort thermo1.ramp'),
    async (shell, targets, options) => {
      const { each, endOperation } = await operations();
      return together(await each(targets, (target) => endOperation(shell, 'abort', target, options['wait'] === true)));
    },
  );
}

/** One result of several: texts one below the other, the first fault, exit as for several targets. */
function together(results: readonly Result[]): Result {
  const [first] = results;
  if (results.length === 1 && first !== undefined) return first;
  const faults = results.flatMap(({ fault }) => (fault === undefined ? [] : [fault]));
  // The first fault is told by itself, below.
  const lines = results.map(
    ({ text, fault }) => text ?? (fault === undefined || fault === faults[0] ? '' : `✗ ${fault.message}`),
  );
  return {
    exit: exitOfAll(results.map(exitOfResult)),
    text: lines.filter((line) => line !== '').join('\n'),
    ids: results.flatMap(({ ids }) => ids ?? []),
    document: { sessions: results.map(({ document }) => document ?? {}) },
    ...(faults[0] === undefined
      ? {}
      : { fault: faults[0], told: results.find(({ fault }) => fault !== undefined)?.told ?? false }),
  };
}

const passedFlags = (options: Record<string, unknown>): string[] =>
  PASSED.flatMap(([flag, name]) => {
    const value = options[name];
    return typeof value === 'string' ? [flag.split(' ')[0] ?? flag, value] : [];
  });

const leaveOf = (given: unknown): Leave | undefined => {
  if (given === undefined) return 'none';
  return given === 'all' || given === 'dockers' ? given : undefined;
};
