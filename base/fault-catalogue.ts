/** The one catalogue of expected failures: code, what is said, what to do next, exit code of the CLI. Told in docs/faults.md. */

export interface FaultText {
  /** One sentence; `{name}` is filled from the facts. */
  says: string;
  remedy: string;
  /** Exit code of the CLI, DESIGN §12. */
  exit: number;
}

export const FAULTS = {
  // ── the bus ──
  BUS_DOWN: {
    says: 'Cannot reach the broker at {url}: {cause}; nothing was sent',
    remedy: 'Start it ("cupola start"), or name another with "--broker URL"',
    exit: 4,
  },
  BUS_VERSION: {
    says: 'Cannot talk MQTT {version} to {url}: the broker refuses it',
    remedy: 'Set "hub.mqtt.protocol: 4"',
    exit: 4,
  },
  TLS_UNTRUSTED: {
    says: 'Cannot trust the certificate of "{host}": {cause}',
    remedy: 'Replace the file named by "hub.mqtt.tls" that does not match',
    exit: 4,
  },
  BUS_REFUSED: {
    says: 'Cannot connect to {url}: name, password or client id refused',
    remedy: 'Check the file named by "hub.mqtt.credentials"',
    exit: 6,
  },
  UNKNOWN_AGENT: {
    says: 'Cannot reach agent "{agent}": nobody by this name was ever seen',
    remedy: 'Run "cupola status" for the names there are{near}',
    exit: 5,
  },
  AGENT_ABSENT: {
    says: 'Cannot reach agent "{agent}": {why}',
    remedy: 'Run "cupola why {agent}" to see its last exit',
    exit: 3,
  },
  NO_REPLY: {
    says: 'Cannot get an answer from "{agent}": alive, but silent for {ttlMs} ms',
    remedy: 'It is overloaded, or this user has no right to ask it',
    exit: 7,
  },
  OUTCOME_UNKNOWN: {
    says: 'Cannot tell the outcome at "{agent}": sent, perhaps done, and the agent has restarted since',
    remedy: 'Run "cupola status {agent}" and look for session "{session}"',
    exit: 7,
  },
  EXPIRED: {
    says: 'Request not done: it is older than its {ttlMs} ms',
    remedy: 'Send it again; if it happens again, compare the clocks of both machines',
    exit: 7,
  },
  DENIED: {
    says: 'Request refused: it needs class {needed}, and came with class {held}',
    remedy: 'Send it with class {needed}, or ask an admin to do it',
    exit: 6,
  },
  NOT_AUTHORIZED: {
    says: 'Request refused: {problem}',
    remedy: 'Run it as the user who owns {keyFile}, on this machine',
    exit: 6,
  },
  BUSY: { says: 'Request not taken: {what} is full', remedy: 'Send it again after {retryMs} ms', exit: 6 },
  RATE_LIMITED: { says: 'Request not taken: more than {limit}', remedy: 'Send it again after {retryMs} ms', exit: 6 },
  STALE_SESSION: {
    says: 'Request not done: session "{session}" is over, "{current}" is current',
    remedy: 'Ask for the status and name the current session',
    exit: 6,
  },
  STALE_GENERATION: {
    says: 'Request not done: meant for generation {asked} of "{agent}", now it is {current}',
    remedy: 'Ask for the status of the operation, then decide',
    exit: 7,
  },
  REQUEST_INVALID: { says: 'Request not valid: {problem}', remedy: 'Compare it with docs/protocol.md', exit: 2 },
  METHOD_UNKNOWN: { says: 'Method "{method}" not known', remedy: 'Use one of: {known}', exit: 2 },
  TOO_LARGE: { says: 'Message not sent: {bytes} bytes, at most {limit}', remedy: 'Send less, or a file', exit: 2 },
  NAME_INVALID: {
    says: 'Name "{name}" not usable: {problem}',
    remedy: 'Use letters, digits, "_" and "-", at most 64',
    exit: 9,
  },
  AGENT_DUPLICATE: {
    says: 'Cannot start "{agent}": live on "{host}", pid {pid}, since {since}',
    remedy: 'Stop that one first, or choose another instance-id',
    exit: 6,
  },
  AGENT_FENCED: {
    says: 'Ended "{agent}": generation {newer} has taken its place',
    remedy: 'Nothing to do; run "cupola why {agent}" for the reason',
    exit: 6,
  },
  GENERATION_BEHIND: {
    says: 'Cannot start "{agent}" as generation {own}: the bus knows generation {newer} already',
    remedy: 'Start it again, it will count on from there; then compare the clock of this machine',
    exit: 1,
  },
  PROTOCOL_NEWER: {
    says: 'Cannot talk to "{agent}": it speaks protocol {major}',
    remedy: 'Update this program',
    exit: 6,
  },
  FILTER_DENIED: {
    says: 'Cannot subscribe "{filter}": the broker refuses it',
    remedy: 'Check the rights of user "{user}" at the broker',
    exit: 6,
  },
  BROKER_URL: {
    says: 'Address "{url}" of the broker not usable: {problem}',
    remedy: 'Write "mqtt://HOST:PORT"; name and password go into the file named by "hub.mqtt.credentials"',
    exit: 9,
  },
  // ── the embedded broker ──
  BROKER_OPEN: {
    says: 'Broker not started: {address} is reachable from other machines and there are no users',
    remedy: 'Listen on 127.0.0.1 only; users come with "cupola user add" and "cupola host enroll"',
    exit: 9,
  },
  BROKER_PORT: {
    says: 'Broker not started: {address} is taken{holder}',
    remedy: 'Stop that program, or set another port in "hub.mqtt.url" and in the settings of the Broker',
    exit: 1,
  },
  BROKER_LISTEN: {
    says: 'Broker not started: cannot listen on {address}: {cause}',
    remedy: 'Correct "listen" in the settings of the Broker',
    exit: 1,
  },
  BROKER_INTERNALS: {
    says: 'Broker not started: its library has no "{part}" any more',
    remedy: 'Install aedes {version} exactly',
    exit: 1,
  },
  // ── operations and sessions ──
  OPERATION_UNKNOWN: { says: 'Operation "{op}" not known', remedy: 'Use one of: {known}', exit: 5 },
  OPERATION_ACTIVE: { says: 'Operation "{op}" already in progress.', remedy: 'Wait for it, or stop it first', exit: 6 },
  OPERATION_KIND: { says: '"{op}" is a {type}: it takes "{verb}"', remedy: 'Use "{verb}"', exit: 2 },
  OPERATION_QUEUE_FULL: {
    says: 'Operation "{op}" not started: {waiting} calls wait already',
    remedy: 'Try again after 1 s',
    exit: 6,
  },
  NOT_ABORTABLE: { says: 'Task "{op}" cannot be aborted: it goes on to its end', remedy: 'Wait for it', exit: 6 },
  PARAMS_INVALID: { says: '{problems}', remedy: 'See "cupola help {op}" or the api of the agent', exit: 2 },
  SESSION_UNKNOWN: {
    says: 'Session "{session}" of "{op}" not known',
    remedy: 'The last 20 are kept: ask for the history',
    exit: 5,
  },
  GENERATION_CRASHED: {
    says: 'Session of "{op}" ended: the process that ran it (generation {g}) is gone',
    remedy: 'Start it again; "cupola why" tells the exit',
    exit: 1,
  },
  SESSION_FAILED: { says: '{text}', remedy: 'Read the messages of the session', exit: 1 },
  STOPPING: { says: '"{agent}" is ending: {reason}', remedy: 'Start it again after it has come back', exit: 6 },
  DATA_NOT_JSON: {
    says: 'Data of "{op}" not shown: {problem}',
    remedy: 'Correct the agent: data must be plain JSON',
    exit: 1,
  },
  DATA_TOO_LARGE: {
    says: 'Data of "{op}" not shown: {bytes} bytes, at most {limit}',
    remedy: 'Keep less in session.data, use a feed',
    exit: 1,
  },
  FEED_SHAPE: {
    says: 'Block of feed "{feed}" refused: {problem}',
    remedy: 'Publish every declared field, equally long, in order of time',
    exit: 1,
  },
  FEED_UNKNOWN: { says: 'Feed "{feed}" not known', remedy: 'Use one of: {known}', exit: 5 },
  // ── starting an agent ──
  AGENT_SCHEMA: { says: 'Agent "{agent}" not started: {problem}', remedy: 'Correct the agent class', exit: 9 },
  SETTINGS_INVALID: {
    says: 'Settings of "{agent}" not valid: {problems}',
    remedy: 'Correct its entry in {where}',
    exit: 9,
  },
  CLASS_UNKNOWN: {
    says: 'Agent class "{agentClass}" not installed',
    remedy: 'Installed are: {known}. Add its package or folder to "plugins"{near}',
    exit: 5,
  },
  AGENT_FILE: {
    says: 'Agent file "{file}" not usable: {problem}',
    remedy: 'Give a file that exports one agent, or "--export NAME"',
    exit: 5,
  },
  ENTRY_AMBIGUOUS: { says: 'Which entry of class "{agentClass}": {ids}', remedy: 'Add "--instance-id ID"', exit: 2 },
  // ── stores and folders ──
  STORE_LOCKED: {
    says: 'Store "{folder}" is in use by another process',
    remedy: 'End the program that has it',
    exit: 6,
  },
  STORE_FAILED: {
    says: 'Store "{folder}" not writable: {cause}',
    remedy: 'Free space or mend the folder: what is acknowledged now is lost at a restart',
    exit: 1,
  },
  FOLDER_UNUSABLE: {
    says: 'Folder "{folder}" not usable: {cause}',
    remedy: 'Make it writable for this user, or choose another with "--state-dir"',
    exit: 9,
  },
  // ── site config ──
  CONFIG_INVALID: {
    says: 'Site config not usable: {problem}',
    remedy: 'Run "cupola validate" for each place',
    exit: 9,
  },
  CONFIG_MISSING: { says: 'Site config not found: {problem}', remedy: 'Give "--site-file PATH"', exit: 9 },
  CONFIG_SYNTAX: {
    says: 'Cannot read the YAML: {problem}',
    remedy: 'Correct this place; what follows it was not read',
    exit: 9,
  },
  CONFIG_TAB: { says: 'Cannot read the YAML: this line is indented with a tab', remedy: 'Indent with spaces', exit: 9 },
  CONFIG_COLON_SPACE: {
    says: 'Cannot read the YAML: no space after the ":" of "{word}"',
    remedy: 'Write "{word}: {rest}"',
    exit: 9,
  },
  CONFIG_QUOTE_OPEN: {
    says: 'Cannot read the YAML: this {quote} quote is not closed on its line',
    remedy: 'Close it where the text ends',
    exit: 9,
  },
  CONFIG_TAG: {
    says: 'Cannot use the tag "{tag}": a site config holds plain values',
    remedy: 'Leave the tag out',
    exit: 9,
  },
  CONFIG_LIMIT: {
    says: 'Cannot take a site config of this size: {problem}',
    remedy: 'Write it shorter, or as several sites',
    exit: 9,
  },
  CONFIG_EMPTY: {
    says: 'Cannot use the site config: it is empty',
    remedy: 'Give it "hub" and "hosts"; "cupola init" writes one',
    exit: 9,
  },
  CONFIG_KEY_TWICE: { says: 'Key "{key}" stands here twice', remedy: 'Leave one of them out', exit: 9 },
  CONFIG_KEY_UNKNOWN: {
    says: 'Key "{key}" of {where} is not known{near}',
    remedy: 'Leave it out, or begin it with "x-"',
    exit: 9,
  },
  CONFIG_KEY_IDLE: { says: 'Key "{key}" of {where} has no effect{why}', remedy: '{remedy}', exit: 9 },
  CONFIG_VALUE: { says: 'Cannot use {key}{found} of {where}: {problem}', remedy: '{remedy}', exit: 9 },
  CONFIG_KEY_MISSING: { says: 'Key "{key}" of {where} is missing', remedy: '{remedy}', exit: 9 },
  CONFIG_PASSWORD: {
    says: 'Cannot use "hub.mqtt.url": it holds a password',
    remedy: 'Put it into the file named by "credentials"',
    exit: 9,
  },
  CONFIG_INSECURE: {
    says: 'Broker certificates are not checked: "insecure" is set',
    remedy: 'Name the CA with "tls: {ca: FILE}"',
    exit: 9,
  },
  CONFIG_SECRET_FILE: { says: 'Cannot use "{file}": {problem}', remedy: '{remedy}', exit: 9 },
  CONFIG_BROKER_UNSAID: {
    says: 'Broker of this site is not named: each host looks for one on itself, and there are several',
    remedy: 'Add "hub: {mqtt: {url: ...}}"{machine}',
    exit: 9,
  },
  CONFIG_HOST_UNKNOWN: {
    says: 'Host "{host}" not in the site config{near}',
    remedy: 'It has: {known}. Choose one with "--site-host NAME"',
    exit: 9,
  },
  CONFIG_ID_MISSING: {
    says: 'Entry of class {agentClass} has no instance-id{near}',
    remedy: 'Add "instance-id: NAME"',
    exit: 9,
  },
  CONFIG_ID_TWICE: {
    says: 'Instance-id "{instanceId}" stands twice at this site: first at line {line}',
    remedy: 'Give each entry its own',
    exit: 9,
  },
  CONFIG_CLASS_UNINSTALLED: {
    says: 'Class "{agentClass}" of "{instanceId}" is not installed{near}',
    remedy: '{remedy}',
    exit: 9,
  },
  CONFIG_MANAGER_NAME: {
    says: 'HostManager of host "{host}" is called "{instanceId}"; by custom it would be "hm-{host}"',
    remedy: 'It may stay',
    exit: 9,
  },
  CONFIG_MANAGE_INVALID: {
    says: 'Cannot use manage {found} of "{instanceId}"{near}',
    remedy: 'Use one of: {known}',
    exit: 9,
  },
  CONFIG_MANAGE_BOOLEAN: {
    says: 'Unquoted {found} is a boolean in YAML 1.1: taken as "{manage}"',
    remedy: 'Write "manage: {manage}"',
    exit: 9,
  },
  CONFIG_AFTER_UNKNOWN: {
    says: 'Cannot start "{instanceId}" after "{other}": no such entry on this host{near}',
    remedy: 'Name an entry of host "{host}"',
    exit: 9,
  },
  CONFIG_AFTER_CYCLE: {
    says: 'Cannot order the start of "{instanceId}": {cycle}',
    remedy: 'Take one "after" out of the circle',
    exit: 9,
  },
  CONFIG_FLAG_UNKNOWN: {
    says: 'Flag "{flag}" of "{instanceId}" is not known to class {agentClass}{near}',
    remedy: 'It takes: {known}',
    exit: 9,
  },
  CONFIG_SET_TWICE: {
    says: 'Setting "{key}" of "{instanceId}" comes from "arguments" and from "{winner}"',
    remedy: 'Leave one of them out',
    exit: 9,
  },
  CONFIG_PLUGIN: {
    says: 'Plugin "{plugin}" brings no agent classes: {problem}',
    remedy: 'Correct "plugins", or install it',
    exit: 9,
  },
  CONFIG_CLASS_TWICE: {
    says: 'Class "{agentClass}" comes from {first} and from {second}',
    remedy: 'The first holds; take one out of "plugins"',
    exit: 9,
  },
  CONFIG_PLACEHOLDER: {
    says: 'Cannot fill {placeholder} in the command of "{instanceId}": {problem}',
    remedy: 'Known are: {known}; write "{{" for a brace',
    exit: 9,
  },
  // ── HostManager ──
  ALREADY_RUNNING: {
    says: 'HostManager "{agent}" runs already: pid {pid}, since {since}',
    remedy: 'Use it as it is: "cupola status"; "cupola stop" ends it',
    exit: 6,
  },
  MANAGER_NOT_RUNNING: { says: 'manager is not running', remedy: 'Start it: "cupola start {agent}.manager"', exit: 3 },
  TARGET_UNKNOWN: {
    says: 'Instance "{target}" not known{near}',
    remedy: 'Run "cupola status" for the names there are',
    exit: 5,
  },
  HOST_UNKNOWN: {
    says: 'Host "{host}" not known{near}',
    remedy: 'Run "cupola status" for the hosts there are',
    exit: 5,
  },
  START_FAILED: { says: 'HostManager not started: it ended with exit {exit}{cause}', remedy: 'Read {log}', exit: 1 },
  NOT_ENDED: {
    says: 'HostManager "{agent}" not ended after {waitedMs} ms: pid {pid} is still there',
    remedy: 'It goes on ending; look with "cupola status"',
    exit: 7,
  },
  HOST_MANAGER_ABSENT: {
    says: 'HostManager of host "{host}" not running',
    remedy: 'Start it: "cupola start"',
    exit: 3,
  },
  START_TIMEOUT: { says: 'HostManager not ready after {waitedMs} ms', remedy: 'Read {log}', exit: 7 },
  NOT_YET: { says: '{what} not available in this version', remedy: '{remedy}', exit: 2 },
  NOT_REACHED: {
    says: '"{instance}" not {wanted} after {waitedMs} ms: it is {is}',
    remedy: 'Run "cupola why {instance}"',
    exit: 7,
  },
  NOT_WANTED: { says: 'Not as wanted: {which}', remedy: 'Run "cupola why ID" for each', exit: 3 },
  WANTED_DOWN: {
    says: 'Cannot {verb} "{instance}": it is wanted down',
    remedy: 'Run "cupola up {instance}" to bring it up',
    exit: 6,
  },
  CONFIRM: { says: 'Not done: {what}', remedy: 'Add "--yes"', exit: 6 },
  // ── the CLI ──
  USAGE: { says: '{problem}', remedy: '{remedy}', exit: 2 },
  TIMEOUT: { says: '{what} not over after {waitedMs} ms', remedy: 'It goes on; wait for it with "{next}"', exit: 7 },
  INTERNAL: { says: 'Bug in Cupola: {cause}', remedy: 'Report it with the log around this time', exit: 1 },
} as const satisfies Record<string, FaultText>;
