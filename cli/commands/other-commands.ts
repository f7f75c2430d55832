/** `validate`, `feed`, `agent`, `version`, `help`. */
import { type Command, CommanderError } from 'commander';
import { fault } from '../../base/fault.ts';
import { didYouMean } from '../../base/nearest.ts';
import { OPTIONS_HELP, TOPICS, faultHelp } from '../help-text.ts';
import type { Result } from '../output.ts';
import type { Define, DefineBare } from '../define.ts';

interface Given {
  define: Define;
  defineBare: DefineBare;
  version: string;
}

export function otherCommands(program: Command, { define, defineBare, version }: Given): void {
  define(
    program
      .command('validate [files...]')
      .description('check site configs: every complaint with its place')
      .option('--strict', 'warnings are errors')
      .addHelpText('after', '\nExamples:\n  cupola validate\n  cupola validate site.yaml --strict --json'),
    async (shell, words, options) => {
      const { validate } = await import('./validate.ts');
      return validate(shell, words, { strict: options['strict'] === true });
    },
  );
  define(
    noun(program, 'feed', 'samples that agents publish')
      .command('tail <selector>')
      .description('print samples as they come')
      .option('--every <duration>', 'at most one sample per that time')
      .addHelpText(
        'after',
        '\nExamples:\n  cupola feed tail faker1.false_temperatures\n  cupola feed tail faker1.false_temperatures.channel_00 --every 1s --jsonl',
      ),
    async (shell, [selector = ''], { every }) => {
      const { feedTail } = await import('./feed.ts');
      return feedTail(shell, selector, typeof every === 'string' ? every : undefined);
    },
  );
  // Only its help is told here: `agent run` is taken before the command line is read.
  noun(program, 'agent', 'agents as programs')
    .command('run <what>')
    .description('run one agent in this terminal: a file or a class')
    .addHelpText(
      'after',
      '\nExamples:\n  cupola agent run ./thermometer.ts --set periodMs=500\n  cupola agent run FakeDataAgent --instance-id faker1\n\n"cupola agent run --help" lists its options.',
    );
  defineBare(program.command('version').description('version of this program'), async () => ({
    text: version,
    document: { version, node: process.version },
  }));
  defineBare(
    program
      .command('help [words...]')
      .description('help on a command, a topic or a fault code')
      .addHelpText('after', '\nExamples:\n  cupola help up\n  cupola help exit-codes\n  cupola help AGENT_ABSENT'),
    async (words) => helpOn(program, words),
  );
}

/** A word that has verbs below it; alone it shows them. */
function noun(program: Command, name: string, says: string): Command {
  const command = program.command(name).description(says).exitOverride().configureOutput(program.configureOutput());
  return command.allowExcessArguments().action(() => {
    const [word] = command.args;
    if (word !== undefined)
      throw new CommanderError(2, 'commander.unknownCommand', `unknown command '${name} ${word}'`);
    command.outputHelp();
  });
}

function helpOn(program: Command, words: readonly string[]): Result {
  const [word = ''] = words;
  if (word === '') return helped(program);
  const topic = word === 'options' ? OPTIONS_HELP : Object.hasOwn(TOPICS, word) ? TOPICS[word] : faultHelp(word);
  if (topic !== undefined) return { text: topic, document: { topic: word, text: topic } };
  let command: Command | undefined = program;
  for (const name of words) command = command?.commands.find((sub) => sub.name() === name);
  if (command !== undefined) return helped(command);
  const known = [...program.commands.map((sub) => sub.name()), ...Object.keys(TOPICS), 'options'];
  return {
    fault: fault('USAGE', {
      problem: `No help on "${words.join(' ')}"${didYouMean(word, known)}`,
      remedy: 'Run "cupola help" for what there is',
    }),
  };
}

/** Help is written by the library itself. */
function helped(command: Command): Result {
  command.outputHelp();
  return { streamed: true };
}
