/** The terminal of this process. A closed pipe (`| head`) ends it quietly with 0. */
import process from 'node:process';
import { createInterface } from 'node:readline';
import { type Interrupt, type Terminal, columnsOf } from './terminal.ts';

const SIGNALS: readonly Interrupt[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

export function processTerminal(env: Readonly<Record<string, string | undefined>>): Terminal {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (thrown: NodeJS.ErrnoException) => {
      if (thrown.code === 'EPIPE') process.exit(0);
      throw thrown;
    });
  }
  let asking = 0;
  return {
    columns: columnsOf(env, process.stdout.columns),
    outIsTerminal: process.stdout.isTTY === true,
    noteIsTerminal: process.stderr.isTTY === true,
    interactive: process.stdin.isTTY === true && process.stdout.isTTY === true,
    out: (text) => void process.stdout.write(text),
    note(text) {
      // A line that is drawn again and again must not run over a question.
      if (asking === 0 || !text.startsWith('\r')) process.stderr.write(text);
    },
    async ask(question, signal) {
      asking++;
      try {
        return await ask(question, signal);
      } finally {
        asking--;
      }
    },
    onInterrupt(listener) {
      const listeners = SIGNALS.map((signal) => [signal, () => listener(signal)] as const);
      for (const [signal, act] of listeners) process.on(signal, act);
      return () => {
        for (const [signal, act] of listeners) process.off(signal, act);
      };
    },
    async readStdin() {
      let text = '';
      process.stdin.setEncoding('utf8');
      for await (const piece of process.stdin) text += String(piece);
      return text;
    },
  };
}

function ask(question: string, signal?: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    const lines = createInterface({ input: process.stdin, output: process.stderr });
    const end = (answer: string | undefined) => {
      signal?.removeEventListener('abort', abandon);
      // Before the end of the lines, which stands for no answer.
      resolve(answer);
      lines.close();
    };
    const abandon = () => end(undefined);
    signal?.addEventListener('abort', abandon, { once: true });
    lines.on('close', () => resolve(undefined));
    // Raw mode of readline takes Ctrl-C from the terminal: hand it on as the signal that it stands for.
    lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
    lines.question(question, end);
  });
}
