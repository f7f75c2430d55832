/** The log: a fixed short message, the facts in fields, one JSON object a line. */
import { type DestinationStream, type Logger as Pino, pino, stdSerializers } from 'pino';

export type Logger = Pick<Pino, 'debug' | 'info' | 'warn' | 'error' | 'child' | 'level'>;
export type Level = 'debug' | 'info' | 'warn' | 'error';

/** Bytes that wait while nothing can be written: what is over it is dropped. */
const UNWRITTEN_MAX = 65_536;

/** A logger that writes to descriptor `fd` (2) at once, so that the last words before a crash are there. */
export function openLog({
  level = 'info',
  fd = 2,
  pretty = false,
}: {
  level?: Level;
  fd?: number;
  pretty?: boolean;
} = {}): Logger {
  const lines = pino.destination({ fd, sync: true, maxLength: UNWRITTEN_MAX });
  // A full disk or a reader that is gone costs lines, never the process that wrote them.
  lines.on('error', () => {});
  return makeLog(level, pretty ? readable((text) => lines.write(text)) : lines);
}

/** A logger that says nothing, for tests. */
export const silentLog = (): Logger => pino({ level: 'silent' });

function makeLog(level: Level, destination: DestinationStream): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: () => `,"at":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: stdSerializers.err },
    },
    destination,
  );
}

/** For a person at a terminal: time, level, message, then the facts as `key=value`. */
function readable(write: (text: string) => void): DestinationStream {
  return {
    write(line) {
      const { at, level, msg, host: _host, class: _class, agent, err, ...facts } = JSON.parse(line);
      const time = new Date(at).toTimeString().slice(0, 8);
      const rest = Object.entries(facts).map(
        ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
      );
      const why = err ? [`err=${JSON.stringify(err.message)}`] : [];
      write(`${[time, level.padEnd(5), agent ?? '', msg, ...rest, ...why].filter(Boolean).join('  ')}\n`);
    },
  };
}
