/** What a well-formed entry says to no effect, or lacks, for its class and for who manages it. */
import { didYouMean } from '../base/nearest.ts';
import { placeholderProblem } from './command.ts';
import type { Finding } from './complaint.ts';
import { type EntryKeys, HOST_ONLY_KEYS } from './entry-keys.ts';
import { type MapNode, childOf, pairOf } from './node.ts';
import { alike, kebab } from './shape.ts';

interface Reviewed {
  readonly node: MapNode;
  readonly instanceId: string;
  readonly agentClass: string;
}

interface ReviewedFor {
  readonly classes?: ReadonlySet<string> | undefined;
  readonly ocsPython?: string | undefined;
  readonly asRoot?: boolean | undefined;
}

/** Classes of OCS that have a counterpart of another name. */
const COUNTERPARTS: Readonly<Record<string, string>> = {
  AggregatorAgent: 'Recorder',
  InfluxDBAgent: 'Influx',
  InfluxDBAgentV2: 'Influx',
};

/** Warn of a class that is not installed. */
export function reviewClass(
  { node, instanceId, agentClass }: Reviewed,
  { classes, ocsPython }: ReviewedFor,
  findings: Finding[],
): void {
  if (!classes || classes.has(agentClass) || agentClass === 'Command' || ocsPython !== undefined) return;
  const counterpart = Object.hasOwn(COUNTERPARTS, agentClass) ? COUNTERPARTS[agentClass] : undefined;
  const near = counterpart === undefined ? didYouMean(agentClass, classes) : '';
  const remedy =
    counterpart === undefined
      ? 'Add its package or folder to "plugins"'
      : `What it does is done by class "${counterpart}"`;
  const span = childOf(node, 'agent-class')?.span ?? node.span;
  findings.push({
    span,
    severity: 'W',
    code: 'CONFIG_CLASS_UNINSTALLED',
    facts: { agentClass, instanceId, near, remedy },
  });
}

/** Warnings for keys of the entry itself that do nothing where it is managed. */
export function reviewIdleKeys(
  { node, instanceId, agentClass }: Reviewed,
  own: EntryKeys,
  manage: 'host' | 'docker',
  findings: Finding[],
): void {
  const idle = (key: string, below: string | undefined, why: string, remedy: string): void => {
    const pair = node.pairs.findLast((pair) => alike(pair.key) === alike(key));
    const inner =
      pair?.value.kind === 'map' && below !== undefined
        ? pair.value.pairs.findLast(({ key }) => alike(key) === alike(below))
        : pair;
    const shown = below === undefined ? kebab(key) : `${kebab(key)}.${below}`;
    findings.push({
      span: (inner ?? pair)?.keySpan ?? node.span,
      severity: 'W',
      code: 'CONFIG_KEY_IDLE',
      facts: { key: shown, where: `"${instanceId}"`, why, remedy },
    });
  };
  if (own.command !== undefined && agentClass !== 'Command')
    idle('command', undefined, `: it is of class ${agentClass}`, 'Write "agent-class: Command", or leave it out');
  if (manage === 'host') {
    if (own.expose !== undefined) idle('expose', undefined, ': it is for containers', 'Leave it out');
    return;
  }
  const [why, remedy] = [': it is managed by docker', 'Say it in the compose file'];
  for (const key of HOST_ONLY_KEYS)
    if (own[key] !== undefined && !(key === 'command' && agentClass !== 'Command')) idle(key, undefined, why, remedy);
  if (own.stop?.signal !== undefined) idle('stop', 'signal', why, remedy);
  if (own.stop?.to !== undefined) idle('stop', 'to', why, remedy);
  if (own.log?.size !== undefined) idle('log', 'size', why, remedy);
  if (own.log?.keep !== undefined) idle('log', 'keep', why, remedy);
}

export function reviewNeeds(
  { node, instanceId, agentClass }: Reviewed,
  keys: EntryKeys,
  host: ReviewedFor,
  manage: string,
  findings: Finding[],
): boolean {
  if (manage !== 'host') return true;
  if (agentClass === 'Command' && keys.command === undefined) {
    findings.push({
      span: childOf(node, 'agent-class')?.span ?? node.span,
      severity: 'E',
      code: 'CONFIG_KEY_MISSING',
      facts: { key: 'command', where: `"${instanceId}"`, remedy: 'Add "command: [PROGRAM, ARGUMENT]"' },
    });
    return false;
  }
  const unfilled =
    agentClass === 'Command' && keys.command !== undefined ? placeholderProblem(keys.command) : undefined;
  if (unfilled) {
    findings.push({
      span: childOf(node, 'command')?.span ?? node.span,
      severity: 'E',
      code: 'CONFIG_PLACEHOLDER',
      facts: { ...unfilled, instanceId },
    });
    return false;
  }
  if (keys.user !== undefined && host.asRoot === false) {
    const pair = pairOf(node, 'user');
    const facts = {
      key: '"user"',
      found: ` "${keys.user}"`,
      where: `"${instanceId}"`,
      problem: 'this HostManager does not run as root',
      remedy: 'Start the HostManager as root, or leave "user" out',
    };
    findings.push({ span: pair?.value.span ?? node.span, severity: 'E', code: 'CONFIG_VALUE', facts });
    return false;
  }
  return true;
}
