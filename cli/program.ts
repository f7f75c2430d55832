/** The command line: every command with its options, read once; a mistake in it is told with what was meant. */
import { Command, CommanderError, Option } from 'commander';
import { type Fault, causeOf, fault } from '../base/fault.ts';
import { didYouMean } from '../base/nearest.ts';
import { hostCommands } from './commands/host-commands.ts';
import { instanceCommands } from './commands/instance-commands.ts';
import { otherCommands } from './commands/other-commands.ts';
import type { Act, Define, DefineBare } from './define.ts';
import { formatOf, write } from './output.ts';
import type { Parts } from './parts.ts';
import { colourOn, painter } from './terminal.ts';

/** Run `cupola` with these arguments; the exit code. Never throws. */
export async function runCli(argv: readonly string[], parts: Parts): Promise<number> {
  let exit = 0;
  const program = programOf(parts, (code) => (exit = code));
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return 0;
    const name = argv.find((word) => !word.startsWith('-')) ?? 'cupola';
    const why =
      thrown instanceof CommanderError ? usage(thrown, program, name) : fault('INTERNAL', { cause: causeOf(thrown) });
    const asked = { json: argv.includes('--json'), jsonl: argv.includes('--jsonl') };
    const paint = painter(colourOn('auto', parts.terminal.noteIsTerminal, parts.env));
    return write(name, { fault: why }, formatOf(asked, parts.env), parts.terminal, paint, parts.clock.nowMs());
  }
  return exit;
}

function programOf(parts: Parts, done: (exit: number) => void): Command {
  const { terminal } = parts;
  const program = new Command('cupola');
  program
    .description('Runs the instruments of a laboratory or an observatory.')
    .configureOutput({
      writeOut: (text) => terminal.out(text),
      writeErr: () => {},
      getOutHelpWidth: () => terminal.columns,
      getErrHelpWidth: () => terminal.columns,
    })
    .configureHelp({ showGlobalOptions: false })
    .exitOverride()
    .helpCommand(false)
    .version(parts.version, '-V, --version', 'version of this program')
    .addHelpText(
      'after',
      '\nOptions of every command: cupola help options. Topics: cupola help exit-codes, targets, args, env, json, faults.',
    );
  const given = (command: Command, act: (words: string[]) => Promise<number>): void => {
    command
      .exitOverride()
      .configureOutput(program.configureOutput())
      .action(async (...words: unknown[]) => done(await act(wordsOf(words))));
    commonOptions(command);
  };
  const define: Define = (command, act) => given(command, (words) => perform(parts, command, act, words));
  const defineBare: DefineBare = (command, act) =>
    given(command, async (words) => {
      const paint = painter(colourOn('auto', terminal.noteIsTerminal, parts.env));
      const format = formatOf(command.opts(), parts.env);
      return write(nameOf(command), await act(words), format, terminal, paint, parts.clock.nowMs());
    });
  hostCommands(program, define);
  instanceCommands(program, define);
  otherCommands(program, { define, defineBare, version: parts.version });
  program.allowExcessArguments().action(() => {
    const [word] = program.args;
    if (word !== undefined) throw new CommanderError(2, 'commander.unknownCommand', `unknown command '${word}'`);
    program.outputHelp();
  });
  return program;
}

/** Commander hands over the arguments, the options, the command. */
const wordsOf = (given: readonly unknown[]): string[] =>
  given
    .slice(0, -2)
    .flatMap((word) => (Array.isArray(word) ? word.map(String) : word === undefined ? [] : [String(word)]));

/** The shell and what it stands on are loaded only here: help needs neither. */
async function perform(parts: Parts, command: Command, act: Act, words: string[]): Promise<number> {
  const { CommonOptions, shellOf } = await import('./shell.ts');
  const given: Record<string, unknown> = command.opts();
  const shell = shellOf(parts, CommonOptions.parse(given));
  try {
    const result = await act(shell, words, given);
    return write(
      nameOf(command),
      result,
      shell.format,
      parts.terminal,
      result.fault === undefined ? shell.paint : shell.notePaint,
      parts.clock.nowMs(),
    );
  } catch (thrown) {
    const bug = { fault: fault('INTERNAL', { cause: causeOf(thrown) }) };
    if (parts.env['CUPOLA_DEBUG'] === '1' && thrown instanceof Error) parts.terminal.note(`${thrown.stack}\n`);
    return write(nameOf(command), bug, shell.format, parts.terminal, shell.notePaint, parts.clock.nowMs());
  } finally {
    await shell.close();
  }
}

/** Common options: shown by `help options`, taken by every command. */
function commonOptions(command: Command): void {
  const options: Option[] = [
    new Option('--json', 'one JSON document'),
    new Option('--jsonl', 'one JSON document per line'),
    new Option('-q, --quiet', 'ids only, one per line'),
    new Option('--wide', 'more columns'),
    new Option('--utc', 'times in UTC'),
    new Option('--color <when>', 'colour').choices(['auto', 'always', 'never']),
    new Option('--timeout <duration>', 'how long to wait'),
    new Option('--yes', 'answer questions with yes'),
    new Option('--dry-run', 'show, do nothing'),
    new Option('--broker <url>', 'go by the bus'),
    new Option('--site <name>', 'site config by name or path'),
    new Option('--site-file <path>', 'site config'),
    new Option('--site-host <name>', 'host block of it'),
    new Option('--state-dir <dir>', 'where .cupola is'),
    new Option('--working-dir <dir>', 'where relative paths start'),
  ];
  for (const option of options) {
    if (!command.options.some(({ long }) => long === option.long)) command.addOption(option.hideHelp());
  }
}

/** A mistake in the command line as a fault. */
function usage({ message }: CommanderError, program: Command, command: string): Fault {
  const [text = '', suggestion = ''] = message.replace(/^error: /, '').split('\n');
  const problem = (text[0] ?? '').toUpperCase() + text.slice(1).replace(/'/g, '"').replace(/\.$/, '');
  const unknown = /^unknown command '(.+)'/.exec(text)?.[1];
  const near =
    unknown === undefined
      ? suggestion.replace(/^\((.*)\)$/, '$1')
      : didYouMean(
          unknown,
          program.commands.map((sub) => sub.name()),
        ).replace(/^; d/, 'D');
  const named = program.commands.find((sub) => sub.name() === command)?.name();
  const remedy =
    named === undefined
      ? 'Run "cupola help" for the commands there are'
      : `Run "cupola help ${named}" for what it takes`;
  return fault('USAGE', { problem, remedy: near === '' ? remedy : near });
}

const nameOf = (command: Command): string => {
  const above = command.parent?.name();
  return above === undefined || above === 'cupola' ? command.name() : `${above} ${command.name()}`;
};
