/** The methods of a request: what each needs and which class it asks for (PROTOCOL §4). */
import { Method } from './envelope.ts';
import { REQUEST_CLASSES, type RequestClass } from './topics.ts';

/** Class of a method; `operation`: that of the operation it names. */
const METHODS: Record<Method, { class: 'read' | 'operation'; needs?: 'op' | 'feed' }> = {
  ping: { class: 'read' },
  info: { class: 'read' },
  describe: { class: 'read' },
  challenge: { class: 'read' },
  status: { class: 'read', needs: 'op' },
  history: { class: 'read', needs: 'op' },
  messages: { class: 'read', needs: 'op' },
  wait: { class: 'read', needs: 'op' },
  'feed.get': { class: 'read', needs: 'feed' },
  start: { class: 'operation', needs: 'op' },
  stop: { class: 'operation', needs: 'op' },
  abort: { class: 'operation', needs: 'op' },
};

export const METHOD_NAMES: readonly Method[] = Method.options;

export const methodOf = (text: string): Method | undefined => METHOD_NAMES.find((name) => name === text);
/** The field without which the method says nothing. */
export const neededField = (method: Method): 'op' | 'feed' | undefined => METHODS[method].needs;
/** Does it act on an operation, so that the operation's class is the one it needs? */
export const actsOnOperation = (method: Method): boolean => METHODS[method].class === 'operation';
/** read < operate < admin. */
export const covers = (held: RequestClass, needed: RequestClass): boolean =>
  REQUEST_CLASSES.indexOf(held) >= REQUEST_CLASSES.indexOf(needed);
