/** The topics of the wire, made and read in one place (PROTOCOL §1). */

export type RequestClass = 'read' | 'operate' | 'admin';
export const REQUEST_CLASSES: readonly RequestClass[] = ['read', 'operate', 'admin'];

/** Everything that has a topic. `agent`, `user`, `client` are names; `name` is an operation, a feed or a state. */
export type Topic =
  | { kind: 'presence' | 'api' | 'heartbeat' | 'event' | 'claim'; agent: string }
  | { kind: 'op' | 'state' | 'mod' | 'feed' | 'last'; agent: string; name: string }
  | { kind: 'request'; agent: string; class: RequestClass; user: string }
  | { kind: 'reply'; user: string; client: string; agent: string };

export const NAME = /^[A-Za-z0-9_-]{1,64}$/;
export const TOPIC_BYTES_MAX = 200;
export const PAYLOAD_BYTES_MAX = 98_304;
/** The agent name that every agent answers pings for. */
export const ALL_AGENTS = '_all';
/** The user where there are no users. */
export const LOCAL_USER = 'local';

/** Why `name` cannot name an agent or a user, or undefined when it can. */
export function nameProblem(name: string): string | undefined {
  if (name.length === 0) return 'it is empty';
  if (name.length > 64) return `it has ${name.length} characters, at most 64`;
  if (!NAME.test(name)) return 'only letters, digits, "_" and "-" are allowed';
  if (name.startsWith('_')) return 'names beginning with "_" are reserved';
  if (name === LOCAL_USER) return '"local" is reserved';
  return undefined;
}

/** Which of `others` differs from `name` in upper and lower case only, said as a problem, or undefined. */
export function caseProblem(name: string, others: Iterable<string>): string | undefined {
  for (const other of others) {
    if (other !== name && other.toLowerCase() === name.toLowerCase()) return `it differs from "${other}" in case only`;
  }
  return undefined;
}

/** Why `root` cannot be the first levels of every topic, or undefined: one to three names joined by "/". */
export function rootProblem(root: string): string | undefined {
  const names = root.split('/');
  if (names.length > 3) return `it has ${names.length} levels, at most 3`;
  return names.every((name) => NAME.test(name))
    ? undefined
    : 'only letters, digits, "_" and "-" are allowed, joined by "/"';
}

/** The topic string below `root`. */
export function topicOf(root: string, topic: Topic): string {
  switch (topic.kind) {
    case 'request':
      return `${root}/requests/${topic.agent}/${topic.class}/${topic.user}`;
    case 'reply':
      return `${root}/replies/${topic.user}/${topic.client}/${topic.agent}`;
    case 'op':
    case 'state':
    case 'mod':
    case 'feed':
    case 'last':
      return `${root}/agents/${topic.agent}/${topic.kind}/${topic.name}`;
    default:
      return `${root}/agents/${topic.agent}/${topic.kind}`;
  }
}

/** What a topic string says, or undefined where it is none of ours. */
export function parseTopic(root: string, text: string): Topic | undefined {
  if (!text.startsWith(`${root}/`)) return undefined;
  const levels = text.slice(root.length + 1).split('/');
  if (!levels.every((level) => NAME.test(level))) return undefined;
  const [family, a = '', b = '', c = ''] = levels;
  if (family === 'requests' && levels.length === 4 && isRequestClass(b))
    return { kind: 'request', agent: a, class: b, user: c };
  if (family === 'replies' && levels.length === 4) return { kind: 'reply', user: a, client: b, agent: c };
  if (family !== 'agents') return undefined;
  if (levels.length === 3 && isPlain(b)) return { kind: b, agent: a };
  if (levels.length === 4 && isNamed(b)) return { kind: b, agent: a, name: c };
  return undefined;
}

/** Does the filter `grant` (literal levels, `+`, a last `#`) cover every topic that `filter` can match? */
export function contains(grant: string, filter: string): boolean {
  const granted = grant.split('/');
  const asked = filter.split('/');
  // A wildcard at the first level never matches what a broker keeps below "$".
  if (filter.startsWith('$') && granted[0] !== asked[0]) return false;
  for (let i = 0; i < granted.length; i++) {
    if (granted[i] === '#') return true;
    if (i >= asked.length || asked[i] === '#') return false;
    if (granted[i] !== '+' && granted[i] !== asked[i]) return false;
  }
  // "a/#" also matches "a" itself, which a grant of "a" alone does not extend to.
  return granted.length === asked.length;
}

export const isRequestClass = (text: string): text is RequestClass =>
  text === 'read' || text === 'operate' || text === 'admin';

type PlainKind = 'presence' | 'api' | 'heartbeat' | 'event' | 'claim';
type NamedKind = 'op' | 'state' | 'mod' | 'feed' | 'last';
const isPlain = (text: string): text is PlainKind => ['presence', 'api', 'heartbeat', 'event', 'claim'].includes(text);
const isNamed = (text: string): text is NamedKind => ['op', 'state', 'mod', 'feed', 'last'].includes(text);
