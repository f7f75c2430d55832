/** Settings of an agent class: OCS-style `arguments` and the `settings` map, typed by the class's schema (spec: site config, §2). */
import * as z from 'zod';
import { type FaultCode, type Outcome, failed, fault, ok } from '../base/fault.ts';
import { didYouMean } from '../base/nearest.ts';
import type { Complaint, Severity } from './complaint.ts';
import { alike, kebab } from './shape.ts';
import type { EntryPlace } from './site.ts';
import { textValue } from './text-value.ts';

export interface SettingsGiven<T> {
  /** An object schema; its keys are the settings. */
  readonly schema: z.ZodType<T>;
  readonly instanceId: string;
  readonly agentClass: string;
  readonly args?: readonly string[] | undefined;
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
  /** `key=value` words of the command line; they win over everything. */
  readonly set?: readonly string[] | undefined;
  readonly place?: EntryPlace | undefined;
}

export interface Settings<T> {
  readonly value: T;
  /** Warnings. On a failure all complaints are in the fault's `complaints`. */
  readonly complaints: Complaint[];
}

/** The settings, typed and complete. */
export function settingsOf<T>(given: SettingsGiven<T>): Outcome<Settings<T>> {
  const { schema, instanceId, agentClass } = given;
  const known = knownOf(schema);
  const complaints: Complaint[] = [];
  const place = given.place ?? { file: 'command line', line: 1, column: 1 };
  const complain = (severity: Severity, code: FaultCode, facts: Record<string, unknown>): void => {
    const { message, remedy } = fault(code, { instanceId, agentClass, ...facts });
    complaints.push({ ...place, endColumn: place.column + 1, severity, code, message, remedy, instanceId });
  };
  const fromArgs = readArgs(given.args ?? [], known, complain);
  const fromMap = readMap(given.settings ?? {}, known, complain);
  const fromSet = readSet(given.set ?? [], known, complain);
  for (const key of fromMap.keys()) {
    if (fromArgs.has(key)) complain('W', 'CONFIG_SET_TWICE', { key: kebab(key), winner: 'settings' });
  }
  const refused = complaints.filter(({ severity }) => severity === 'E').map(({ message }) => message);
  const parsed = schema.safeParse(Object.fromEntries([...fromArgs, ...fromMap, ...fromSet]));
  if (parsed.success && refused.length === 0) return ok({ value: parsed.data, complaints });
  for (const issue of parsed.error?.issues ?? []) {
    const key = issue.path
      .filter((part) => typeof part === 'string')
      .map(kebab)
      .join('.');
    refused.push(`"${key}": ${issue.message}`);
    complain('E', 'CONFIG_VALUE', {
      key: `setting "${key}"`,
      found: '',
      where: `"${instanceId}"`,
      problem: issue.message,
      remedy: `See the settings of class ${agentClass}`,
    });
  }
  return failed('SETTINGS_INVALID', {
    agent: instanceId,
    problems: refused.join('; '),
    where: placeText(place),
    complaints,
  });
}

type Complain = (severity: Severity, code: FaultCode, facts: Record<string, unknown>) => void;
/** Settings by their spelling-free name, each with its JSON schema. */
type Known = ReadonlyMap<string, { readonly name: string; readonly schema: unknown }>;

const FLAG = /^--?([A-Za-z][^=]*)(?:=([\s\S]*))?$/;

/** A flag is `-` and a letter; the words up to the next flag are its values, none means true. */
function readArgs(args: readonly string[], known: Known, complain: Complain): Map<string, unknown> {
  const found = new Map<string, unknown>();
  for (let i = 0; i < args.length; i++) {
    const word = args[i] ?? '';
    const [, flag, joined] = FLAG.exec(word) ?? [];
    const values = flag === undefined ? [] : valuesAfter(args, i);
    i += values.length;
    if (joined !== undefined) values.unshift(joined);
    const setting = flag === undefined ? undefined : known.get(alike(flag));
    if (setting) found.set(setting.name, textValue(values, setting.schema));
    else unknown(flag === undefined ? word : `--${flag.replace(/^-+/, '')}`, known, complain);
  }
  return found;
}

/** The words between one flag and the next. */
function valuesAfter(args: readonly string[], at: number): string[] {
  const rest = args.slice(at + 1);
  const next = rest.findIndex((word) => FLAG.test(word));
  return next < 0 ? rest : rest.slice(0, next);
}

function readMap(settings: Readonly<Record<string, unknown>>, known: Known, complain: Complain): Map<string, unknown> {
  const found = new Map<string, unknown>();
  for (const [key, value] of Object.entries(settings)) {
    const setting = known.get(alike(key));
    if (!setting) unknown(key, known, complain);
    else if (value !== null || allowsNull(setting.schema)) found.set(setting.name, value);
  }
  return found;
}

function readSet(words: readonly string[], known: Known, complain: Complain): Map<string, unknown> {
  const found = new Map<string, unknown>();
  for (const word of words) {
    const [key = '', ...rest] = word.split('=');
    const setting = known.get(alike(key));
    if (setting) found.set(setting.name, textValue(rest.length === 0 ? [] : [rest.join('=')], setting.schema));
    else unknown(key, known, complain);
  }
  return found;
}

function unknown(flag: string, known: Known, complain: Complain): void {
  const names = [...known.values()].map(({ name }) => kebab(name));
  const bare = flag.replace(/^-+/, '');
  const near = didYouMean(bare, names);
  complain('E', 'CONFIG_FLAG_UNKNOWN', { flag, near, known: names.length === 0 ? 'none' : names });
}

function knownOf(schema: z.ZodType): Known {
  const { properties } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return new Map(Object.entries(properties ?? {}).map(([name, below]) => [alike(name), { name, schema: below }]));
}

const allowsNull = (schema: unknown): boolean => JSON.stringify(schema)?.includes('"null"') ?? false;
const placeText = ({ file, line, column }: EntryPlace): string =>
  file === 'command line' ? 'the command line' : `${file}:${line}:${column}`;
