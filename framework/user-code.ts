/** Code of users: `.ts` runs unbuilt on every Node, and `cupola` is found from wherever the file lies. */
import { register } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PACKAGE_FOLDER } from '../base/package.ts';
import { type Outcome, causeOf, failed, ok } from '../base/fault.ts';
import { type AgentDefinition, isAgent } from './agent.ts';

/** The agent that a module exports: the only one, or the one called `exportName`. */
export async function loadAgent(file: string, exportName?: string): Promise<Outcome<AgentDefinition>> {
  let module: Record<string, unknown>;
  try {
    // The hooks live in a thread of their own, which costs time at every start: Cupola's own agents need none.
    if (!isOwn(file)) register('./user-code-hooks.js', import.meta.url);
    module = await import(pathToFileURL(file).href);
  } catch (thrown) {
    return failed('AGENT_FILE', { file, problem: causeOf(thrown) });
  }
  const agents = Object.entries(module).filter(([, value]) => isAgent(value));
  const chosen = exportName === undefined ? agents : agents.filter(([name]) => name === exportName);
  const [only] = chosen;
  if (chosen.length === 1 && only && isAgent(only[1])) return ok(only[1]);
  const names = agents.map(([name]) => name).join(', ');
  const problem =
    exportName === undefined
      ? `it exports ${agents.length} agents${names && `: ${names}`}`
      : `it exports no agent "${exportName}"${names && `, but ${names}`}`;
  return failed('AGENT_FILE', { file, problem });
}

const isOwn = (file: string): boolean =>
  file.startsWith(join(PACKAGE_FOLDER, 'dist', '')) && !file.includes('node_modules');
