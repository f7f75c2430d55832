/** What `cupola help` says beyond the list of commands: topics, faults, examples. */
import { FAULTS } from '../base/fault-catalogue.ts';
import { isFaultCode } from '../base/fault.ts';

export const TOPICS: Record<string, string> = {
  'exit-codes': `Exit codes
    0  done
    1  the operation ran and failed
    2  the command line is wrong
    3  not in the wanted state
    4  the broker cannot be reached
    5  no such target
    6  refused
    7  not over in time
    8  some of several failed
    9  the configuration is not valid
  130  interrupted
Several targets: all well 0, all failed alike that code, else 8.`,
  targets: `Targets
  @lab-a                       a host, through its HostManager
  thermo1                      an instance
  thermo1.acquire              an operation of it
  thermo1.temperatures.ch1     a feed of it, and a field
A word matches exactly, then as a glob (* ? [a-c] {a,b}; quote it for the shell), then, on a terminal, as the only
name that begins with it (two characters or more).
Filters join with "and": --host H, --class C, --is WORD, --changed; --all is every instance.`,
  args: `Arguments of operations
  range=100mK          by the schema of the operation: numbers with a unit or an SI prefix of it
  on=yes               booleans: yes no true false on off 1 0
  channels=1,2         lists
  key:={"a":1}         JSON as it is
  key=@notes.txt       the text of a file
  @params.json         all of them from a JSON file;  -  the same from stdin
A wrong key, a missing one, a value out of range: everything is told at once and nothing is started.`,
  env: `Environment
  CUPOLA_SITE          name or path of the site config       CUPOLA_STATE_DIR   where .cupola is
  CUPOLA_CONFIG_DIR    folder of site configs                CUPOLA_BROKER      as --broker
  OCS_CONFIG_DIR       the same, looked at last              CUPOLA_OUTPUT=json as --json
  SITE_HOST            as --site-host                        CUPOLA_TIMEOUT     as --timeout
Honoured: NO_COLOR FORCE_COLOR COLUMNS TERM=dumb.`,
  json: `JSON
--json prints one document on stdout, also on failure:
  {"schema": 1, "command": "status", "at": 1795226400.1, "ok": true, "fault": {"code", "message", "remedy", "facts"}, …}
--jsonl prints one document per line (streams). Objects from the wire stand in it unchanged.
  cupola status --json | jq -r '.hosts[].manager.child_states[] | select(.restarts_24h > 3) | .instance_id'`,
  faults: `Faults
Every expected failure has a code, a message and what to do next; "cupola help CODE" tells it:
  ${wrapped(Object.keys(FAULTS), 100)}`,
};

/** What a fault code means. */
export function faultHelp(code: string): string | undefined {
  const known = code.toUpperCase();
  if (!isFaultCode(known)) return undefined;
  const { says, remedy, exit } = FAULTS[known];
  return `${known}\n  says:  ${says}\n  next:  ${remedy}\n  exit:  ${exit}`;
}

function wrapped(words: readonly string[], width: number): string {
  const lines: string[] = [''];
  for (const word of words) {
    const last = lines.at(-1) ?? '';
    if (last.length + word.length + 1 > width) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines.join('\n  ');
}

export const OPTIONS_HELP = `Options of every command
  --json, --jsonl, -q          one document; one per line; ids only
  --wide, --utc, --color WHEN  more columns; times in UTC; auto, always, never
  --timeout 60s                how long to wait (500ms 30s 10m 2h 1d)
  --yes, --dry-run             answer questions with yes; show and do nothing
  --broker URL                 go by the bus
  --site NAME, --site-file PATH, --site-host NAME, --state-dir DIR, --working-dir DIR`;
