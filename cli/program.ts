/** The command line: every command with its options, read once; a mistake in it is told with what was meant. */
import { Command, CommanderError, Option } from 'commander';
import { type Fault, causeOf, fault } from '../base/fault.ts';
import { didYouMean } from '../base/nearest.ts';
import { feedTail } from './commands/feed.ts';
import { hostCommands } from './commands/host-commands.ts';
import { instanceCommands } from './commands/instance-commands.ts';
import { validate } from './commands/validate.ts';
import { TOPICS, faultHelp } from './help-text.ts';
import { type Result, write } from './output.ts';
import type { Parts } from './parts.ts';
import { CommonOptions, type Shell, shellOf } from './shell.ts';

/** Add one command's action: what it does, given its words. */
export type Act = (shell: Shell, words: string[], options: Record<string, unknown>) => Promise<Result>;
export type Define = (command: Command, act: Act) => void;

const DEFAULTS = { json: false, jsonl: false, quiet: false };

/** Run `cupola` with these arguments; the exit code. Never throws. */
export async function runCli(argv: readonly string[], parts: Parts): Promise<number> {
  let exit = 0;
  const program = programOf(parts, (code) => (exit = code));
  const asked = {
    ...DEFAULTS,
    json: argv.includes('--json') || parts.env['CUPOLA_OUTPUT'] === 'json',
    jsonl: argv.includes('--jsonl'),
  };
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return 0;
    const why =
      thrown instanceof CommanderError ? usage(thrown, program) : fault('INTERNAL', { cause: causeOf(thrown) });
    const shell = shellOf(parts, CommonOptions.parse(asked));
    const name = argv.find((word) => !word.startsWith('-')) ?? 'cupola';
    return write(name, { fault: why }, shell.format, parts.terminal, shell.notePaint, parts.clock.nowMs());
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
  const define: Define = (command, act) => {
    command
      .exitOverride()
      .configureOutput(program.configureOutput())
      .action(async (...given: unknown[]) => {
        // Commander hands over the arguments, the options, the command.
        const words = given
          .slice(0, -2)
          .flatMap((word) => (Array.isArray(word) ? word.map(String) : word === undefined ? [] : [String(word)]));
        done(await perform(parts, command, act, words));
      });
    commonOptions(command);
  };
  hostCommands(program, define);
  instanceCommands(program, define);
  otherCommands(program, define);
  program.action(() => {
    terminal.out(program.helpInformation());
    done(0);
  });
  program.allowExcessArguments(true).on('command:*', ([word = '']: string[]) => {
    throw new CommanderError(2, 'commander.unknownCommand', `unknown command '${word}'`);
  });
  return program;
}

async function perform(parts: Parts, command: Command, act: Act, words: string[]): Promise<number> {
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

const OPTIONS_HELP = `Options of every command
  --json, --jsonl, -q          one document; one per line; ids only
  --wide, --utc, --color WHEN  more columns; times in UTC; auto, always, never
  --timeout 60s                how long to wait (500ms 30s 10m 2h 1d)
  --yes, --dry-run             answer questions with yes; show and do nothing
  --broker URL                 go by the bus
  --site NAME, --site-file PATH, --site-host NAME, --state-dir DIR, --working-dir DIR`;

function otherCommands(program: Command, define: Define): void {
  define(
    program
      .command('validate [files...]')
      .description('check site configs: every complaint with its place')
      .option('--strict', 'warnings are errors')
      .addHelpText('after', '\nExamples:\n  cupola validate\n  cupola validate site.yaml --strict --json'),
    (shell, words, options) => validate(shell, words, { strict: options['strict'] === true }),
  );
  const feed = program
    .command('feed')
    .description('samples that agents publish')
    .exitOverride()
    .configureOutput(program.configureOutput());
  define(
    feed
      .command('tail <selector>')
      .description('print samples as they come')
      .option('--every <duration>', 'at most one sample per that time')
      .addHelpText(
        'after',
        '\nExamples:\n  cupola feed tail faker1.false_temperatures\n  cupola feed tail faker1.false_temperatures.channel_00 --every 1s --jsonl',
      ),
    (shell, [selector = ''], options) =>
      feedTail(shell, selector, typeof options['every'] === 'string' ? options['every'] : undefined),
  );
  const agent = program
    .command('agent')
    .description('agents as programs')
    .exitOverride()
    .configureOutput(program.configureOutput());
  agent
    .command('run <what>')
    .description('run one agent in this terminal: a file or a class')
    .addHelpText(
      'after',
      '\nExamples:\n  cupola agent run ./thermometer.ts --set periodMs=500\n  cupola agent run FakeDataAgent --instance-id faker1\n\n"cupola agent run --help" lists its options.',
    );
  define(program.command('version').description('version of this program'), async ({ parts }) => ({
    text: parts.version,
    document: { version: parts.version },
  }));
  define(
    program
      .command('help [words...]')
      .description('help on a command, a topic or a fault code')
      .addHelpText('after', '\nExamples:\n  cupola help up\n  cupola help exit-codes\n  cupola help AGENT_ABSENT'),
    async (_, words) => helpOn(program, words),
  );
}

function helpOn(program: Command, words: readonly string[]): Result {
  const [word = ''] = words;
  if (word === '') return { text: program.helpInformation() };
  if (word === 'options') return { text: OPTIONS_HELP };
  const topic = Object.hasOwn(TOPICS, word) ? TOPICS[word] : faultHelp(word);
  if (topic !== undefined) return { text: topic, document: { topic: word, text: topic } };
  let command: Command | undefined = program;
  for (const name of words) command = command?.commands.find((sub) => sub.name() === name);
  if (command === undefined) {
    const known = [...program.commands.map((sub) => sub.name()), ...Object.keys(TOPICS), 'options'];
    return {
      fault: fault('USAGE', {
        problem: `No help on "${words.join(' ')}"${didYouMean(word, known)}`,
        remedy: 'Run "cupola help" for what there is',
      }),
    };
  }
  command.outputHelp();
  return {};
}

/** A mistake in the command line as a fault. */
function usage({ message }: CommanderError, program: Command): Fault {
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
  return fault('USAGE', { problem, remedy: near === '' ? 'Run "cupola help" for the commands there are' : near });
}

const nameOf = (command: Command): string => {
  const above = command.parent?.name();
  return above === undefined || above === 'cupola' ? command.name() : `${above} ${command.name()}`;
};
