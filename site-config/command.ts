/** The `command` of an entry of class Command as a program and its arguments, its braces filled in. */
import { type Outcome, failed, ok } from '../base/fault.ts';
import { didYouMean } from '../base/nearest.ts';
import { alike } from './shape.ts';

export interface CommandFacts {
  readonly instanceId: string;
  readonly host: string;
  readonly siteFile: string;
  readonly stateDir: string;
  readonly logDir: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

export const PLACEHOLDERS = ['instance-id', 'host', 'site-file', 'state-dir', 'log-dir'] as const;
const KNOWN = [...PLACEHOLDERS.map((name) => `{${name}}`), '{settings.NAME}'];
/** A brace that opens no word, as in a shell's `{ a; }`, is left as it is. */
const BRACE = /\{\{|\{([A-Za-z][A-Za-z0-9_.-]*)\}/g;

/** argv of the command: a list as it is, a text through `/bin/sh -c`. */
export function fillCommand(command: readonly string[] | string, facts: CommandFacts): Outcome<string[]> {
  if (typeof command === 'string') {
    const script = fillText(command, facts);
    return script.ok ? ok(['/bin/sh', '-c', script.value]) : script;
  }
  const argv: string[] = [];
  for (const word of command) {
    const filled = fillText(word, facts);
    if (!filled.ok) return filled;
    argv.push(filled.value);
  }
  return ok(argv);
}

/** The first brace of a command that nothing can ever fill, with what is wrong; undefined where all are known. */
export function placeholderProblem(
  command: readonly string[] | string,
): { placeholder: string; problem: string; known: string[] } | undefined {
  for (const [whole, name] of [command].flat().join(' ').matchAll(BRACE)) {
    if (name === undefined || isPlaceholder(name) || name.startsWith('settings.')) continue;
    return { placeholder: whole, problem: `no such name${didYouMean(name, PLACEHOLDERS)}`, known: KNOWN };
  }
  return undefined;
}

function fillText(text: string, facts: CommandFacts): Outcome<string> {
  let problem: { placeholder: string; problem: string } | undefined;
  const filled = text.replace(BRACE, (whole: string, name: string | undefined) => {
    if (name === undefined) return '{';
    const value = valueOf(name, facts);
    if (value === undefined)
      problem ??= {
        placeholder: whole,
        problem: name.startsWith('settings.') ? 'no such setting, or no plain value' : 'no such name',
      };
    return value ?? '';
  });
  return problem
    ? failed('CONFIG_PLACEHOLDER', { ...problem, instanceId: facts.instanceId, known: KNOWN })
    : ok(filled);
}

function valueOf(
  name: string,
  { instanceId, host, siteFile, stateDir, logDir, settings }: CommandFacts,
): string | undefined {
  if (name.startsWith('settings.')) {
    const wanted = alike(name.slice('settings.'.length));
    const value = Object.entries(settings).find(([key]) => alike(key) === wanted)?.[1];
    return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
      ? String(value)
      : undefined;
  }
  const values: Readonly<Record<(typeof PLACEHOLDERS)[number], string>> = {
    'instance-id': instanceId,
    host,
    'site-file': siteFile,
    'state-dir': stateDir,
    'log-dir': logDir,
  };
  return isPlaceholder(name) ? values[name] : undefined;
}

const isPlaceholder = (name: string): name is (typeof PLACEHOLDERS)[number] =>
  PLACEHOLDERS.some((known) => known === name);
