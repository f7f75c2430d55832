/** The terminal of the process, on a real pseudo-terminal: what a person answers arrives, and no bar runs over the question. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import test from 'ava';

const TERMINAL = join(import.meta.dirname, '..', '..', 'cli', 'process-terminal.js');

/** Run `code` on a pseudo-terminal, answer the question with `typed`, and give all that was shown. */
function onTerminal(code: string, typed: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const program = `import { processTerminal } from ${JSON.stringify(TERMINAL)}; const terminal = processTerminal({}); ${code}; process.exit(0);`;
    const line = [process.execPath, '--input-type=module', '-e', program]
      .map((word) => `'${word.replaceAll("'", "'\\''")}'`)
      .join(' ');
    const child = spawn('script', ['-qec', line, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
    let shown = '';
    let answered = false;
    child.stdout.on('data', (chunk: Buffer) => {
      shown += chunk.toString();
      if (answered || !shown.includes('sure? ')) return;
      answered = true;
      child.stdin.write(typed);
    });
    child.once('error', reject);
    child.once('exit', () => resolve(shown));
  });
}

test('ask() gives what a person typed', async (t) => {
  t.regex(await onTerminal("terminal.out('answer=' + (await terminal.ask('sure? ')))", 'a\n'), /answer=a/);
});

test('ask() gives the empty answer of a plain Enter', async (t) => {
  t.regex(await onTerminal("terminal.out('answer=[' + (await terminal.ask('sure? ')) + ']')", '\n'), /answer=\[\]/);
});

test('note() leaves out what is drawn again and again while a question is open, and nothing else', async (t) => {
  const code =
    "const asked = terminal.ask('sure? '); terminal.note('\\rbar'); terminal.note('said\\n'); await asked; terminal.note('\\rlater')";
  const shown = await onTerminal(code, 'y\n');
  t.false(shown.includes('bar'));
  t.true(shown.includes('said') && shown.includes('later'));
});
