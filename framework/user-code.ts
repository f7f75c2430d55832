/** Code of users: `.ts` runs unbuilt on every Node, and `cupola` is found from wherever the file lies. */
import { register } from 'node:module';
import { pathToFileURL } from 'node:url';
import { type Outcome, causeOf, failed, ok } from '../base/fault.ts';
import { type AgentDefinition, isAgent } from './agent.ts';

let registered = false;

/** The agent that a module exports: the only one, or the one called `exportName`. */
export async function loadAgent(file: string, exportName?: string): Promise<Outcome<AgentDefinition>> {
  let module: Record<string, unknown>;
  try {
    if (!registered) register('./user-code-hooks.js', import.meta.url);
    registered = true;
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
