/** Syntax errors in words of their own for what people really mistype: a tab, a missing space, an open quote. */
import type { Finding } from './complaint.ts';
import { type Span, linesOf } from './span.ts';

/** The finding for what the parser said at `position`. */
export function troubleOf(source: string, reason: string, position: number): Finding {
  const lines = linesOf(source);
  const { line } = lines.at({ start: position, end: position });
  const tab = tabAt(source, position);
  if (tab) return { span: tab, severity: 'F', code: 'CONFIG_TAB', facts: {} };
  const quote = openQuote(source, reason, position);
  if (quote)
    return {
      span: quote,
      severity: 'F',
      code: 'CONFIG_QUOTE_OPEN',
      facts: { quote: source[quote.start] === '"' ? 'double' : 'single' },
    };
  // The parser notices a missing space one line late: the word became a text that goes on.
  for (const candidate of [line, line - 1, line - 2]) {
    const found = /^(\s*(?:- +)*)([A-Za-z][\w-]*):([^\s/][^:]*)$/.exec(candidate < 1 ? '' : lines.text(candidate));
    if (!found || /depth|document is|alias/.test(reason)) continue;
    const start = startOf(source, candidate) + (found[1] ?? '').length;
    const [word, rest] = [found[2] ?? '', (found[3] ?? '').trimEnd()];
    return {
      span: { start, end: start + word.length + 1 },
      severity: 'F',
      code: 'CONFIG_COLON_SPACE',
      facts: { word, rest: short(rest) },
    };
  }
  const problem = WORDINGS.find(([part]) => reason.includes(part))?.[1] ?? reason;
  const start = Math.min(position, Math.max(0, source.length - 1));
  return { span: { start, end: start + 1 }, severity: 'F', code: 'CONFIG_SYNTAX', facts: { problem } };
}

const WORDINGS: readonly (readonly [string, string])[] = [
  ['missed comma', 'a comma is missing between two values in brackets'],
  ['within a flow collection', 'a bracket is never closed'],
  [
    'bad indentation of a mapping entry',
    'this line is indented otherwise than its neighbours, or holds ": " or a sign that needs quotes',
  ],
  ['bad indentation of a sequence entry', 'this "-" is indented otherwise than its neighbours'],
  ['deficient indentation', 'this line is not indented enough'],
  ['a multiline key may not', 'a ":" is missing after this key'],
  ["expected ':'", 'a ":" is missing after this key'],
  ['end of the stream or a document separator', 'nothing may follow here'],
  ['non-printable', 'a character stands here that cannot be printed'],
  ['unknown escape', 'no such escape after "\\" in double quotes; use single quotes for a plain backslash'],
];

/** A tab among the first characters of the line of `position`. */
function tabAt(source: string, position: number): Span | undefined {
  const start = Math.max(source.lastIndexOf('\n', position - 1), source.lastIndexOf('\r', position - 1)) + 1;
  const indent = /^[ \t]*/.exec(source.slice(start, start + 1000))?.[0] ?? '';
  const tab = indent.indexOf('\t');
  return tab < 0 ? undefined : { start: start + tab, end: start + indent.length };
}

/** The quote that was meant to be closed: the first that runs over the end of its line, or an odd one before a missed comma. */
function openQuote(source: string, reason: string, position: number): Span | undefined {
  const quotes = quotesOf(source);
  const over = quotes.find(
    ({ start, end }) => start <= position && end >= position - 1 && source.slice(start, end).includes('\n'),
  );
  if (over) return { start: over.start, end: over.start + 1 };
  if (reason.includes('quoted scalar')) {
    const last = quotes.findLast(({ start }) => start <= position);
    return last && { start: last.start, end: last.start + 1 };
  }
  if (!reason.includes('missed comma')) return undefined;
  // ['--mode, 'acq']: the quote before the place closed one that was meant to be closed earlier.
  const before = quotes.findLast(({ start, end }) => start < position && end <= position + 1);
  if (!before || !/[ ,]/.test(source.slice(before.start + 1, before.end - 1))) return undefined;
  return /['"]/.test(
    source.slice(position, source.indexOf('\n', position) < 0 ? undefined : source.indexOf('\n', position)),
  )
    ? { start: before.start, end: before.start + 1 }
    : undefined;
}

/** Every quoted text, found by walking; block texts may mislead it, which costs a wording and nothing else. */
function quotesOf(source: string): Span[] {
  const quotes: Span[] = [];
  for (let i = 0; i < source.length; i++) {
    const ch = source[i];
    const begins = i === 0 || /[\s[{,:]/.test(source[i - 1] ?? '');
    if (ch === '#' && begins) i = endOfLine(source, i);
    else if ((ch === '"' || ch === "'") && begins) {
      const end = closing(source, i, ch);
      quotes.push({ start: i, end });
      i = end - 1;
    }
  }
  return quotes;
}

function closing(source: string, open: number, quote: string): number {
  for (let i = open + 1; i < source.length; i++) {
    if (quote === '"' && source[i] === '\\') i++;
    else if (source[i] === quote) {
      if (quote === "'" && source[i + 1] === quote) i++;
      else return i + 1;
    }
  }
  return source.length + 1;
}

const endOfLine = (source: string, from: number): number => {
  const end = source.indexOf('\n', from);
  return end < 0 ? source.length : end;
};

function startOf(source: string, line: number): number {
  let start = 0;
  for (let n = 1; n < line; n++) start = source.indexOf('\n', start) + 1;
  return start;
}

const short = (text: string): string => (text.length > 40 ? `${text.slice(0, 40)}…` : text);
