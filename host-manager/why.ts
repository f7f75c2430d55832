/** The answer to "why": target and who set it, the line of the config, how it came here, what comes next. */
import type { Why } from '../protocol/rows.ts';
import type { Instance } from './instance.ts';
import { limitOf } from './instance.ts';
import { howItEnded } from './lives.ts';
import { isOf, whyOf } from './rows.ts';

export function whyAnswer(instance: Instance, nowMs: number): Why {
  const { id, target, targetActor, targetSinceMs, changes, exits, wanted } = instance;
  const { file, line } = wanted.config;
  const history = [
    ...changes.map(({ atMs, from, to, cause, actor }) => ({
      at: atMs / 1_000,
      text: `${from} → ${to}: ${cause}`,
      actor,
    })),
    ...exits
      .map((exit) => ({
        at: exit.atMs / 1_000,
        text: exit.cause === 'spawn' ? `launch failed: ${exit.lastLine}` : howItEnded(exit),
      }))
      // A change of phase that it caused tells it already.
      .filter(({ text }) => !changes.some(({ cause }) => cause.includes(text))),
  ].toSorted((a, b) => a.at - b.at);
  return {
    target: id,
    because: [
      { at: null, text: `${isOf(instance.phase)}: ${whyOf(instance, nowMs)}` },
      { at: targetSinceMs / 1_000, text: `target ${target}, set by ${targetActor}`, actor: targetActor },
      { at: null, text: `${wanted.agentClass}, starts ${wanted.start}`, file, line },
      ...history,
    ],
    next: nextOf(instance),
    remedy: remedyOf(instance),
  };
}

/** It stays as it is. */
const NOTHING: Why['next'] = { act: '', at: null };

function nextOf(instance: Instance): Why['next'] {
  const limitMs = limitOf(instance);
  const at = limitMs === null ? null : limitMs / 1_000;
  switch (instance.phase.name) {
    case 'blocked':
      return { act: instance.phase.by === 'after' ? 'launch without waiting longer' : 'look again', at };
    case 'launching':
      return { act: 'give the launch up', at };
    case 'waiting':
      return { act: 'launch', at };
    case 'stopping':
      return { act: instance.phase.step === 'stuck' ? 'look again' : 'SIGKILL, then make sure', at };
    case 'up':
      return instance.phase.ready === 'waiting' ? { act: 'tell that it is late', at } : NOTHING;
    default:
      return NOTHING;
  }
}

function remedyOf({ id, phase, target, wanted }: Instance): string {
  switch (phase.name) {
    case 'inoperable':
      return `Correct ${wanted.config.file}:${wanted.config.line}, then reload`;
    case 'gave-up':
      return `Mend the cause, then run "cupola retry ${id}"`;
    case 'waiting':
      return `Read its log ("cupola logs ${id}"), or skip the wait with "cupola retry ${id}"`;
    case 'blocked':
      return phase.by === 'outside'
        ? 'End the other one, or give this one another instance-id'
        : `Skip the wait with "cupola retry ${id}"`;
    case 'stopping':
      return phase.step === 'stuck'
        ? 'A process in the kernel cannot be ended: look at the device or disk it hangs on'
        : '';
    case 'down':
      return target === 'down' ? `Run "cupola up ${id}" to start it` : `Run "cupola restart ${id}" to start it again`;
    default:
      return '';
  }
}
