/** `cupola status -w`: redrawn on change on a terminal, one line per change elsewhere. */
import type { Row } from '../../protocol/rows.ts';
import { bell } from '../bell.ts';
import { sayFullTime } from '../duration.ts';
import { interrupted } from '../interrupt.ts';
import type { Result } from '../output.ts';
import { type Shell, fleetOf } from '../shell.ts';
import { ownHostManager } from '../site.ts';
import { statusText } from '../status-table.ts';
import { fleetDocument } from '../fleet.ts';

/** At most four pictures a second. */
const FRAME_MS = 250;

export async function watchStatus(shell: Shell): Promise<Result> {
  const site = await shell.site();
  if (!site.ok) return site;
  const manager = ownHostManager(site.value);
  const caller = await shell.reach(site.value).caller(manager);
  if (!caller.ok) return caller;
  const { clock } = shell.parts;
  const over = new AbortController();
  const { ring, rung } = bell();
  const stop = shell.terminal.onInterrupt(() => {
    over.abort();
    ring();
  });
  const cancel = caller.value.watchSession(manager, 'manager', ring);
  const known = new Map<string, string>();
  while (!over.signal.aborted) {
    const fleet = await fleetOf(shell, site.value);
    if (shell.format !== 'text')
      shell.terminal.out(
        `${JSON.stringify({ schema: 1, command: 'status', at: clock.nowMs() / 1_000, ok: true, ...fleetDocument(fleet, site.value) })}\n`,
      );
    else if (shell.terminal.outIsTerminal) shell.terminal.out(`\u001b[H\u001b[2J${statusText(fleet, shell.view())}\n`);
    else for (const { host, instances } of fleet.hosts) for (const row of instances) tell(shell, known, host, row);
    await clock.sleep(FRAME_MS, over.signal);
    if (!over.signal.aborted) await rung();
  }
  cancel();
  stop();
  return { ...interrupted(), streamed: true };
}

function tell(shell: Shell, known: Map<string, string>, host: string, { instance_id, is, why }: Row): void {
  const name = `${host}/${instance_id}`;
  if (known.get(name) === is) return;
  known.set(name, is);
  shell.terminal.out(`${sayFullTime(shell.parts.clock.nowMs(), shell.options.utc)} ${instance_id} ${is}: ${why}\n`);
}
