/** Targets of a command: `@HOST`, `ID`, `ID.NAME[.FIELD]`; which instances a word means. */
import { didYouMean } from '../base/nearest.ts';
import { type Outcome, failed, ok } from '../base/fault.ts';

export type Target =
  | { kind: 'host'; host: string }
  | { kind: 'instance'; word: string }
  | { kind: 'part'; agent: string; name: string; field?: string };

/** The form of a target; what it names is not looked at. A dot inside braces or brackets is none. */
export function readTarget(text: string): Target {
  if (text.startsWith('@')) return { kind: 'host', host: text.slice(1) };
  const [agent = '', name, field] = text.split('.');
  if (name === undefined) return { kind: 'instance', word: text };
  return field === undefined ? { kind: 'part', agent, name } : { kind: 'part', agent, name, field };
}

export interface Candidate {
  id: string;
  host: string;
  agentClass: string;
  is: string;
  changed: boolean;
}

export interface Filter {
  host?: string | undefined;
  class?: string | undefined;
  is?: string | undefined;
  changed?: boolean | undefined;
  all?: boolean | undefined;
}

export interface Chosen {
  ids: string[];
  /** What a person is told: `thermo1 (from "th")`. */
  notes: string[];
}

/**
 * Choose instances by words and filters. A word matches exactly, else as a glob, else, where `prefixes` is set, as the
 * only id that begins with it. Filters join with "and"; without words they choose among all.
 */
export function choose(
  words: readonly string[],
  filter: Filter,
  known: readonly Candidate[],
  prefixes: boolean,
): Outcome<Chosen> {
  const notes: string[] = [];
  const ids = new Set<string>();
  for (const word of words) {
    const found = chooseOne(word, known, prefixes);
    if (!found.ok) return found;
    for (const id of found.value) ids.add(id);
    if (found.value.length === 1 && found.value[0] !== word && !isGlob(word))
      notes.push(`${found.value[0]} (from "${word}")`);
  }
  const pool = words.length === 0 ? known : known.filter(({ id }) => ids.has(id));
  const chosen = pool.filter((candidate) => passes(candidate, filter)).map(({ id }) => id);
  return ok({ ids: chosen, notes });
}

/** Is any filter set? A verb that changes something needs a target or a filter. */
export const filters = (filter: Filter): boolean =>
  filter.all === true ||
  filter.changed === true ||
  [filter.host, filter.class, filter.is].some((word) => word !== undefined);

function chooseOne(word: string, known: readonly Candidate[], prefixes: boolean): Outcome<string[]> {
  if (word.startsWith('@')) {
    const there = known.filter(({ host }) => host === word.slice(1)).map(({ id }) => id);
    const hosts = new Set(known.map(({ host }) => host));
    return there.length > 0
      ? ok(there)
      : failed('HOST_UNKNOWN', { host: word.slice(1), near: didYouMean(word.slice(1), hosts) });
  }
  const ids = known.map(({ id }) => id);
  if (ids.includes(word)) return ok([word]);
  if (isGlob(word)) {
    const pattern = globPattern(word);
    const globbed = ids.filter((id) => pattern.test(id));
    if (globbed.length > 0) return ok(globbed);
  }
  const begun = prefixes && word.length >= 2 ? ids.filter((id) => id.startsWith(word)) : [];
  if (begun.length === 1) return ok(begun);
  if (begun.length > 1) return ambiguous(word, begun);
  return failed('TARGET_UNKNOWN', { target: word, near: didYouMean(word, ids) });
}

const ambiguous = (word: string, ids: readonly string[]): Outcome<never> =>
  failed('USAGE', {
    problem: `"${word}" may be ${ids.map((id) => `"${id}"`).join(', ')}`,
    remedy: 'Write more of the name',
  });

const passes = (candidate: Candidate, filter: Filter): boolean =>
  (filter.host === undefined || candidate.host === filter.host) &&
  (filter.class === undefined ||
    candidate.agentClass === filter.class ||
    candidate.agentClass.startsWith(`${filter.class}[`)) &&
  (filter.is === undefined || candidate.is === filter.is) &&
  (filter.changed !== true || candidate.changed);

const isGlob = (word: string): boolean => /[*?[{]/.test(word);

/** `*`, `?`, `[a-c]`, `{a,b}` as a pattern over a whole id; anything else stands for itself. */
export function globPattern(glob: string): RegExp {
  let source = '';
  for (let at = 0; at < glob.length; at++) {
    const sign = glob[at] ?? '';
    const end = sign === '[' ? glob.indexOf(']', at) : sign === '{' ? glob.indexOf('}', at) : -1;
    if (sign === '*') source += '.*';
    else if (sign === '?') source += '.';
    else if (sign === '[' && /^\[[A-Za-z0-9_-]+$/.test(glob.slice(at, end))) source += glob.slice(at, end + 1);
    else if (sign === '{' && end > 0)
      source += `(?:${glob
        .slice(at + 1, end)
        .split(',')
        .map(escaped)
        .join('|')})`;
    else {
      source += escaped(sign);
      continue;
    }
    if (end > 0) at = end;
  }
  try {
    return new RegExp(`^${source}$`);
  } catch {
    return new RegExp(`^${escaped(glob)}$`);
  }
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

/** The fault of a verb that was given the other form of target, with the line that was meant. */
export const wrongForm = {
  /** `cupola stop thermo1`: a verb on operations was given an agent. */
  agentGiven: (id: string, verb: string, op: string): Outcome<never> => {
    const lines: Record<string, string> = {
      start: `"cupola up ${id}" brings it up, "cupola start ${id}.${op}" starts its operation`,
      run: `"cupola run ${id}.${op}" runs its operation`,
      stop: `"cupola down ${id}" ends it, "cupola stop ${id}.${op}" stops its process`,
      abort: `"cupola down ${id}" ends it, "cupola abort ${id}.${op}" aborts its task`,
      wait: `"cupola wait ${id}.${op}" waits for its operation`,
    };
    return failed('USAGE', {
      problem: `"${id}" is an agent: ${lines[verb] ?? ''}`,
      remedy: `"cupola status ${id}" shows it`,
    });
  },
  /** `cupola down thermo1.acquire`: a verb on agents was given an operation. */
  operationGiven: (text: string, verb: string): Outcome<never> => {
    const [agent = ''] = text.split('.');
    const lines: Record<string, string> = {
      up: `"cupola start ${text}" starts it, "cupola up ${agent}" brings its agent up`,
      down: `"cupola stop ${text}" stops it, "cupola down ${agent}" ends its agent`,
      restart: `"cupola stop ${text}" stops it, "cupola restart ${agent}" restarts its agent`,
    };
    const line = lines[verb] ?? `"cupola ${verb} ${agent}" takes its agent`;
    return failed('USAGE', {
      problem: `"${text}" is an operation: ${line}`,
      remedy: `"cupola status ${text}" shows it`,
    });
  },
};
