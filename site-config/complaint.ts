/** What is wrong at one place of the site config, and how it is shown to people and programs (spec: site config, §6). */
import { type FaultCode, fault } from '../base/fault.ts';
import { type Lines, type Span, linesOf } from './span.ts';

/** What a complaint spoils: the File, the host Block, the Entry; nothing (Warning, Note). */
export type Severity = 'F' | 'B' | 'E' | 'W' | 'N';
export type SeverityWord = 'error' | 'warning' | 'note';

export interface Complaint {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endColumn: number;
  readonly severity: Severity;
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
  /** What stays in force instead of the value complained of. */
  readonly kept?: string;
  readonly host?: string;
  readonly instanceId?: string;
  /** The value itself is shown nowhere. */
  readonly secret?: boolean;
}

/** A complaint that does not know its file yet. */
export interface Finding {
  readonly span: Span;
  readonly severity: Severity;
  readonly code: FaultCode;
  readonly facts: Record<string, unknown>;
  readonly kept?: string;
  readonly host?: string;
  readonly instanceId?: string;
  readonly secret?: boolean;
}

export const severityWord = (severity: Severity): SeverityWord =>
  severity === 'W' ? 'warning' : severity === 'N' ? 'note' : 'error';

export const spoils = ({ severity }: { severity: Severity }): boolean => severityWord(severity) === 'error';

/** Give a finding its file, line, column and sentence. */
export function complaintOf(finding: Finding, file: string, lines: Lines): Complaint {
  const { message, remedy } = fault(finding.code, finding.facts);
  return {
    file,
    ...lines.at(finding.span),
    severity: finding.severity,
    code: finding.code,
    message,
    remedy,
    ...(finding.kept === undefined ? {} : { kept: finding.kept }),
    ...(finding.host === undefined ? {} : { host: finding.host }),
    ...(finding.instanceId === undefined ? {} : { instanceId: finding.instanceId }),
    ...(finding.secret === undefined ? {} : { secret: finding.secret }),
  };
}

/** Complaints as one host sees them: what spoils another host's block is a warning here. */
export const complaintsFor = (host: string, complaints: readonly Complaint[]): Complaint[] =>
  complaints.map((complaint) => {
    const foreign = complaint.host !== undefined && complaint.host !== host;
    return foreign && complaint.severity !== 'F' && spoils(complaint) ? { ...complaint, severity: 'W' } : complaint;
  });

/** One line: where, how grave, what. */
export function headline({ file, line, column, severity, code, message, kept }: Complaint): string {
  const rest = kept === undefined ? '' : ` (kept: ${kept})`;
  return `${file}:${line}:${column}: ${severityWord(severity)} ${code}: ${message}${rest}`;
}

/** All complaints for people, each with its line and a caret; the remedy where the message suggests nothing itself. */
export function renderComplaints(complaints: readonly Complaint[], text: string): string {
  const lines = linesOf(text.replace(/^\uFEFF/, ''));
  return complaints.map((complaint) => render(complaint, lines)).join('\n');
}

function render(complaint: Complaint, lines: Lines): string {
  const source = hidden(lines.text(complaint.line), complaint);
  const number = String(complaint.line).padStart(8);
  const bar = ' '.repeat(number.length);
  // A tab keeps its width under the caret line only as a tab.
  const lead = source.slice(0, complaint.column - 1).replace(/[^\t]/g, ' ');
  const shown = [
    headline(complaint),
    `${number} | ${source}`,
    `${bar} | ${lead}${'^'.repeat(complaint.endColumn - complaint.column)}`,
  ];
  if (complaint.remedy !== '' && !complaint.message.endsWith('?')) shown.push(`${bar} = ${complaint.remedy}`);
  return shown.join('\n');
}

/** The line without what may be a secret: values of `env`, passwords in URLs. */
function hidden(line: string, { column, endColumn, secret }: Complaint): string {
  const shown = secret ? `${line.slice(0, column - 1)}${'*'.repeat(endColumn - column)}` : line;
  return shown.replace(/(\benv['"]?\s*:\s*\{)([^}]*)/gi, stars).replace(/(:\/\/[^\s:/@]*:)([^\s/@]+)(?=@)/g, stars);
}

const stars = (_: string, before: string, inside: string): string => `${before}${'*'.repeat(inside.length)}`;

/** The form of `--json`. */
/** A complaint as JSON has it. */
export interface ComplaintJson {
  file: string;
  line: number;
  column: number;
  end_column: number;
  severity: 'error' | 'warning' | 'note';
  code: string;
  message: string;
  remedy: string;
  kept?: string;
}

export function complaintJson(complaint: Complaint): ComplaintJson {
  const { file, line, column, endColumn, severity, code, message, remedy, kept } = complaint;
  const told = { file, line, column, end_column: endColumn, severity: severityWord(severity), code, message, remedy };
  return kept === undefined ? told : { ...told, kept };
}
