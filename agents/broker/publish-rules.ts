/** What may be published where: decided from the topic alone, before anyone sees the message. */
import { NAME } from '../../protocol/topics.ts';

export type Verdict = 'pass' | 'pass-unretained' | 'deny';

export interface PublishFacts {
  topic: string;
  retain: boolean;
}

/** The verdict on one publish. `root` absent: any root of one to three names. */
export function publishVerdict({ topic, retain }: PublishFacts, topicBytes: number, root?: string): Verdict {
  if (!isPlainTopic(topic, topicBytes)) return 'deny';
  if (!retain) return 'pass';
  // A stored request would be obeyed again by every newcomer.
  return familyOf(topic, root) === 'agents' ? 'pass' : 'pass-unretained';
}

/** Names of letters, digits, "_" and "-", joined by "/": nothing that a broker or a file system reads otherwise. */
export const isPlainTopic = (topic: string, bytesMax: number): boolean =>
  topic.length <= bytesMax && topic.split('/').every((level) => NAME.test(level));

/** The name below the root, where there is one: `agents`, `requests`, `replies`. */
export function familyOf(topic: string, root?: string): string | undefined {
  if (root !== undefined) return topic.startsWith(`${root}/`) ? topic.slice(root.length + 1).split('/')[0] : undefined;
  return topic
    .split('/')
    .slice(1, 4)
    .find((level) => level === 'agents' || level === 'requests' || level === 'replies');
}

/** The name in a client id: what stands before its last "-". */
export const nameIn = (clientId: string): string =>
  clientId.includes('-') ? clientId.slice(0, clientId.lastIndexOf('-')) : clientId;

/** May a client call itself so? */
export const isPlainClientId = (clientId: string): boolean =>
  /^[\x21-\x7e]{0,128}$/.test(clientId) && !/[+#/]/.test(clientId);
