/** What a reload would do: the rows there are against the entries of a good config. Changes nothing by itself. */
import type { Instance } from './instance.ts';
import type { WantedInstance } from './wanted.ts';

export type Act = 'start' | 'stop' | 'restart' | 'retire' | 'keep' | 'replace';

/** How the entry differs from the row. */
export type Difference =
  | 'new'
  | 'listed'
  | 'removed'
  | 'replaced'
  | 'changed'
  | 'inoperable'
  | 'operable'
  | 'moved'
  | 'none';

export interface PlannedAct {
  instanceId: string;
  act: Act;
  difference: Difference;
  cause: string;
  file: string;
  line: number;
  /** Null for one that is retired. */
  wanted: WantedInstance | null;
}

/** The acts in order of the file, those to be retired last. */
export function planReload(
  instances: readonly Instance[],
  wanted: readonly WantedInstance[],
  { restartChanged }: { restartChanged: boolean },
): PlannedAct[] {
  const rows = new Map(instances.map((instance) => [instance.id, instance]));
  const listed = new Set(wanted.map(({ instanceId }) => instanceId));
  const acts = wanted.map((entry) => planned(entry, rows.get(entry.instanceId), restartChanged));
  for (const { id, retired, wanted: was } of instances) {
    if (listed.has(id) || retired) continue;
    const { file, line } = was.config;
    acts.push({
      instanceId: id,
      act: 'retire',
      difference: 'removed',
      cause: 'no longer listed',
      file,
      line,
      wanted: null,
    });
  }
  return acts;
}

function planned(wanted: WantedInstance, row: Instance | undefined, restartChanged: boolean): PlannedAct {
  const { instanceId, config, start } = wanted;
  const say = (act: Act, difference: Difference, cause: string): PlannedAct => ({
    instanceId,
    act,
    difference,
    cause,
    file: config.file,
    line: config.line,
    wanted,
  });
  const up = start === 'up' && wanted.operable;
  if (row === undefined) return say(up ? 'start' : 'keep', 'new', 'newly listed');
  if (row.retired) return say(up ? 'start' : 'stop', 'listed', 'listed again before it had ended');
  const live = ['up', 'launching', 'stopping'].includes(row.phase.name);
  const what = replacedPart(row.wanted, wanted);
  if (what !== undefined) return say('replace', 'replaced', `${what} changed`);
  if (row.operable && !wanted.operable) return say('keep', 'inoperable', wanted.inoperableWhy ?? 'not operable');
  if (!row.operable && wanted.operable)
    return say(row.target === 'up' && !live ? 'start' : 'keep', 'operable', 'operable now');
  if (row.wanted.definitionHash !== wanted.definitionHash) {
    return say(restartChanged && live && row.target === 'up' ? 'restart' : 'keep', 'changed', 'its keys changed');
  }
  return say('keep', sameEntry(row.wanted, wanted) ? 'none' : 'moved', 'unchanged');
}

/** A change after which the old process is not this instance any more. */
function replacedPart(was: WantedInstance, now: WantedInstance): string | undefined {
  if (was.agentClass !== now.agentClass) return 'class';
  if (was.management !== now.management) return 'management';
  return was.program === now.program ? undefined : 'program';
}

/** Keys that need no launch (its place in the file, start state, policies) are taken over silently. */
const sameEntry = (was: WantedInstance, now: WantedInstance): boolean => JSON.stringify(was) === JSON.stringify(now);
