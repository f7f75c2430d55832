#!/usr/bin/env node
/** The program `cupola`: builds the real parts, or hands over to an agent before anything else is loaded. */
import nodeModule from 'node:module';
import process from 'node:process';

try {
  // Compiled code is kept from one start to the next where Node can (22.8 and later).
  if ('enableCompileCache' in nodeModule && typeof nodeModule.enableCompileCache === 'function')
    nodeModule.enableCompileCache();
  process.exitCode = await main(process.argv.slice(2));
} catch (thrown) {
  const cause = thrown instanceof Error ? thrown.message.split('\n', 1)[0] : String(thrown);
  process.stderr.write(`error INTERNAL: Bug in Cupola: ${cause}\n`);
  process.exitCode = 1;
}

async function main(argv: string[]): Promise<number> {
  if (argv[0] === 'agent' && argv[1] === 'run') {
    const { runAgentCommand } = await import('../framework/run.ts');
    // An agent that has ended, or could not begin, leaves nothing that is worth waiting for.
    process.exit(await runAgentCommand(argv.slice(2)));
  }
  const [{ realParts }, { runCli }] = await Promise.all([import('./real-parts.ts'), import('./program.ts')]);
  const exit = await runCli(argv, await realParts(process.env, process.cwd()));
  // Whatever still waits (a half-open connection, standard input) is of no use any more.
  process.stdout.write('', () => process.exit(exit));
  return exit;
}
