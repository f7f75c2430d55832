/** `status`, `up`, `down`, `retry`, `restart`, `why`, `logs`: instances and hosts. */
import type { Command } from 'commander';
import { failed } from '../../base/fault.ts';
import type { Define } from '../define.ts';

export function instanceCommands(program: Command, define: Define): void {
  define(
    filtered(program.command('status [targets...]'))
      .description('hosts and instances, one instance, or the session of an operation')
      .option('-w, --watch', 'follow changes')
      .addHelpText(
        'after',
        '\nExamples:\n  cupola status\n  cupola status thermo1\n  cupola status thermo1.acquire\n  cupola status --is waiting\n\nExit code 3 when anything is not as wanted.',
      ),
    async (shell, words, options) =>
      options['watch'] === true
        ? (await import('./watch-status.ts')).watchStatus(shell)
        : (await import('./status.ts')).status(shell, words),
  );
  const verbs = [
    ['up', 'bring instances up and wait until they are ready'],
    ['down', 'bring instances down and wait until they have ended'],
    ['retry', 'skip the wait before the next launch'],
  ] as const;
  for (const [verb, says] of verbs) {
    const command = filtered(program.command(`${verb} [targets...]`))
      .description(says)
      .option('--no-wait', 'do not wait');
    if (verb === 'down') command.option('--now', 'SIGKILL at once, no safe state');
    command.addHelpText(
      'after',
      `\nExamples:\n  cupola ${verb} thermo1\n  cupola ${verb} 'thermo*' --timeout 30s\n  cupola ${verb} --all --dry-run`,
    );
    define(command, async (shell, words, options) => {
      const { upDown } = await import('./up-down.ts');
      return upDown(shell, verb, words, { wait: options['wait'] !== false, now: options['now'] === true });
    });
  }
  define(
    filtered(program.command('restart [targets...]'))
      .description("restart instances; without a target this machine's HostManager, children untouched")
      .option('--no-wait', 'do not wait')
      .option('--cold', 'stop, then start')
      .addHelpText('after', '\nExamples:\n  cupola restart thermo1\n  cupola restart --changed\n  cupola restart'),
    async (shell, words, options) => {
      const { restart } = await import('./restart.ts');
      return restart(shell, words, { wait: options['wait'] !== false, cold: options['cold'] === true });
    },
  );
  define(
    program
      .command('why <target>')
      .description('why an instance is as it is, and what comes next')
      .addHelpText('after', '\nExamples:\n  cupola why cam1'),
    async (shell, [word = '']) => (await import('./why.ts')).why(shell, word),
  );
  define(
    filtered(program.command('logs [targets...]'))
      .description('what instances wrote')
      .option('-f, --follow', 'go on with what comes, until Ctrl-C')
      .option('--since <time>', '10m ago, 18:00, ISO 8601')
      .option('--until <time>', 'the same')
      .option('--tail <n>', 'last lines (100)')
      .option('--level <level>', 'this level and worse')
      .option('--grep <text>', 'lines that contain it')
      .option('--stream <which>', 'out or err')
      .option('--session <id>', 'lines of a session')
      .option('--rid <n>', 'lines of a run')
      .option('--crash [n]', 'a crash report, the last without a number')
      .addHelpText(
        'after',
        '\nExamples:\n  cupola logs thermo1 -f\n  cupola logs cam1 --level warn --since 1d\n  cupola logs cam1 --crash',
      ),
    async (shell, words, options) => {
      const { LogsOptions, logs } = await import('./logs.ts');
      const read = LogsOptions.safeParse(options);
      if (read.success) return logs(shell, words, read.data);
      const issue = read.error.issues[0];
      return failed('USAGE', {
        problem: `--${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`,
        remedy: 'Run "cupola help logs"',
      });
    },
  );
}

const filtered = (command: Command): Command =>
  command
    .option('--host <name>', 'instances of this host')
    .option('--class <name>', 'of this class')
    .option('--is <word>', 'in this state')
    .option('--changed', 'that need a restart')
    .option('--all', 'every instance');
