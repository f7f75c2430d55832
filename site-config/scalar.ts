/** What a scalar of YAML 1.1 means, as PyYAML resolves it: its value here, and the text that Python's str() makes of it. */

export type ScalarValue = string | number | boolean | null;

export interface Scalar {
  readonly type: 'null' | 'bool' | 'int' | 'float' | 'time' | 'text' | 'merge' | 'equals';
  /** Integers beyond 2^53 and dates are text: exact, and never taken for a number. */
  readonly value: ScalarValue;
  readonly python: string;
}

export type CoreTag = 'null' | 'bool' | 'int' | 'float' | 'timestamp' | 'str';

const BOOL = /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/;
const TRUE = /^(?:yes|true|on)$/i;
const FLOAT =
  /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
const INT =
  /^(?:[-+]?0b[01_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$/;
const NULL = /^(?:~|null|Null|NULL|)$/;
const DATE = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/;
const TIME =
  /^([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:(?:[Tt]|[ \t]+)([0-9]{1,2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]*))?(?:[ \t]*(Z|([-+])([0-9]{1,2})(?::([0-9]{2}))?))?)?$/;

/** Resolve a plain scalar without a tag; undefined where PyYAML fails on it (a date that is none, `0x_`). */
export function resolvePlain(source: string): Scalar | undefined {
  if (NULL.test(source)) return nothing;
  if (BOOL.test(source)) return bool(source);
  if (FLOAT.test(source)) return float(source);
  if (INT.test(source)) return integer(source);
  if (DATE.test(source) || (TIME.test(source) && source.includes(':'))) return time(source);
  if (source === '<<') return { type: 'merge', value: source, python: source };
  if (source === '=') return { type: 'equals', value: source, python: source };
  return text(source);
}

/** Read a scalar under an explicit core tag (`!!int "5"`); undefined where it cannot be that. */
export function resolveTagged(tag: CoreTag, source: string): Scalar | undefined {
  switch (tag) {
    case 'str':
      return text(source);
    case 'null':
      return nothing;
    case 'bool':
      return BOOL.test(source) ? bool(source) : undefined;
    case 'int':
      return INT.test(source) ? integer(source) : undefined;
    case 'float':
      return FLOAT.test(source) || /^[-+]?[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?$/.test(source)
        ? float(source)
        : undefined;
    case 'timestamp':
      return TIME.test(source) ? time(source) : undefined;
  }
}

export const text = (source: string): Scalar => ({ type: 'text', value: source, python: source });
const nothing: Scalar = { type: 'null', value: null, python: 'None' };
const bool = (source: string): Scalar => ({
  type: 'bool',
  value: TRUE.test(source),
  python: TRUE.test(source) ? 'True' : 'False',
});

function integer(source: string): Scalar | undefined {
  const plain = source.replaceAll('_', '');
  const negative = plain.startsWith('-');
  const digits = plain.replace(/^[-+]/, '');
  const magnitude = magnitudeOf(digits);
  if (magnitude === undefined) return undefined;
  const exact = negative ? -magnitude : magnitude;
  const number = Number(exact);
  return { type: 'int', value: Number.isSafeInteger(number) ? number : String(exact), python: String(exact) };
}

function magnitudeOf(digits: string): bigint | undefined {
  if (digits.includes(':')) return digits.split(':').reduce((sum, part) => sum * 60n + BigInt(part), 0n);
  const [, prefix = '', rest = ''] = /^(0[bx]|0(?=.))?(.*)$/.exec(digits) ?? [];
  if (rest === '') return undefined;
  return BigInt(prefix === '0' ? `0o${rest}` : `${prefix}${rest}`);
}

function float(source: string): Scalar {
  const plain = source.replaceAll('_', '').toLowerCase();
  const sign = plain.startsWith('-') ? -1 : 1;
  const digits = plain.replace(/^[-+]/, '');
  const value = sign * unsigned(digits);
  return { type: 'float', value, python: pythonFloat(value) };
}

function unsigned(digits: string): number {
  if (digits === '.inf') return Number.POSITIVE_INFINITY;
  if (digits === '.nan') return Number.NaN;
  if (!digits.includes(':')) return Number(digits);
  // From the right, as the sum is rounded in this order there too.
  const parts = digits.split(':').map(Number);
  let base = 1;
  let sum = 0;
  for (const part of parts.toReversed()) {
    sum += part * base;
    base *= 60;
  }
  return sum;
}

/** Python's repr of a float: shortest digits, an exponent below 1e-4 and from 1e16. */
function pythonFloat(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf';
  if (Object.is(value, -0)) return '-0.0';
  const [mantissa = '', exponentText = '0'] = value.toExponential().split('e');
  const exponent = Number(exponentText);
  if (value !== 0 && (exponent < -4 || exponent >= 16)) {
    return `${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  const fixed = String(value);
  return fixed.includes('.') ? fixed : `${fixed}.0`;
}

function time(source: string): Scalar | undefined {
  const found = TIME.exec(source);
  if (!found) return undefined;
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map((part) => Number(part ?? 0));
  if (year === undefined || month === undefined || day === undefined) return undefined;
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined;
  const date = `${pad(year, 4)}-${pad(month)}-${pad(day)}`;
  if (found[4] === undefined) return { type: 'time', value: source, python: date };
  if ((hour ?? 0) > 23 || (minute ?? 0) > 59 || (second ?? 0) > 59) return undefined;
  const micros = (found[7] ?? '').slice(0, 6).padEnd(6, '0');
  const zone = zoneOf(found);
  if (zone === undefined) return undefined;
  const python = `${date} ${pad(hour ?? 0)}:${pad(minute ?? 0)}:${pad(second ?? 0)}${micros === '000000' ? '' : `.${micros}`}${zone}`;
  return { type: 'time', value: source, python };
}

function zoneOf(found: RegExpExecArray): string | undefined {
  if (found[8] === undefined) return '';
  if (found[9] === undefined) return '+00:00';
  const minutes = Number(found[10]) * 60 + Number(found[11] ?? 0);
  if (minutes >= 24 * 60) return undefined;
  const sign = minutes === 0 ? '+' : found[9];
  return `${sign}${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`;
}

const daysIn = (year: number, month: number): number =>
  month === 2
    ? year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
      ? 29
      : 28
    : [4, 6, 9, 11].includes(month)
      ? 30
      : 31;
const pad = (value: number, width = 2): string => String(value).padStart(width, '0');
