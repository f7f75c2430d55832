/** The `manage` of an entry: who starts it, in which state, or not at all; with the aliases of OCS. */
import { nearest } from '../base/nearest.ts';
import type { Finding } from './complaint.ts';
import { type YamlNode, isNull, shownOf } from './node.ts';

export interface Manage {
  readonly manage: 'host' | 'docker';
  readonly start: 'up' | 'down';
  readonly ignored: boolean;
}

export const MANAGE_WORDS = ['host/up', 'host/down', 'docker/up', 'docker/down', 'ignore'] as const;
const ALIASES = {
  yes: 'host/up',
  host: 'host/up',
  up: 'host/up',
  down: 'host/down',
  docker: 'docker/up',
  no: 'ignore',
} as const;
type ManageWord = (typeof MANAGE_WORDS)[number];

export interface ManageReading {
  /** Undefined after a complaint that spoils the entry. */
  readonly manage: Manage | undefined;
  readonly findings: Finding[];
}

/** Read it; absent and null are `host/up`. */
export function readManage(node: YamlNode | undefined, instanceId: string): ManageReading {
  if (!node || isNull(node)) return { manage: manageOf('host/up'), findings: [] };
  if (node.kind === 'scalar' && typeof node.scalar.value === 'boolean') {
    const manage = node.scalar.value ? 'host/up' : 'ignore';
    return {
      manage: manageOf(manage),
      findings: [
        { span: node.span, severity: 'N', code: 'CONFIG_MANAGE_BOOLEAN', facts: { found: node.source, manage } },
      ],
    };
  }
  const said = node.kind === 'scalar' ? node.source : '';
  const word = wordOf(said);
  if (word) return { manage: manageOf(word), findings: [] };
  const close = nearest(said, [...MANAGE_WORDS, ...Object.keys(ALIASES)]);
  const near = close === undefined ? '' : `: did you mean "${close}"?`;
  const facts = { found: shownOf(node), instanceId, near, known: [...MANAGE_WORDS, ...Object.keys(ALIASES)] };
  return { manage: undefined, findings: [{ span: node.span, severity: 'E', code: 'CONFIG_MANAGE_INVALID', facts }] };
}

/** The word in full, as it would be written. */
export const manageText = ({ manage, start, ignored }: Manage): string => (ignored ? 'ignore' : `${manage}/${start}`);

function wordOf(said: string): ManageWord | undefined {
  if (isAlias(said)) return ALIASES[said];
  return MANAGE_WORDS.find((word) => word === said);
}

function manageOf(word: ManageWord): Manage {
  const ignored = word === 'ignore';
  return {
    manage: word.startsWith('docker') ? 'docker' : 'host',
    start: word.endsWith('/down') ? 'down' : 'up',
    ignored,
  };
}

const isAlias = (word: string): word is keyof typeof ALIASES => Object.hasOwn(ALIASES, word);
