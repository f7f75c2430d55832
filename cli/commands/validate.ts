/** `cupola validate [FILE…]`: every complaint about site configs, with its place. Needs no broker. */
import { fault } from '../../base/fault.ts';
import type { Result } from '../output.ts';
import type { Shell } from '../shell.ts';

export async function validate(
  shell: Shell,
  files: readonly string[],
  { strict }: { strict: boolean },
): Promise<Result> {
  const checked = await shell.parts.validate(files, shell.flags);
  if (!checked.ok) return checked;
  const problems = checked.value.problems.map((problem) =>
    strict && problem.severity === 'warning' ? { ...problem, severity: 'error' as const } : problem,
  );
  const count = (severity: string): number => problems.filter((problem) => problem.severity === severity).length;
  const [errors, warnings] = [count('error'), count('warning')];
  const summary = `${checked.value.files.join(', ')}: ${errors} ${errors === 1 ? 'error' : 'errors'}, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`;
  const document = { files: checked.value.files, problems, errors, warnings };
  const text = checked.value.text === '' ? summary : `${checked.value.text.trimEnd()}\n${summary}`;
  if (errors === 0) return { text, document };
  return { text, document, fault: fault('CONFIG_INVALID', { problem: summary }), told: true };
}
