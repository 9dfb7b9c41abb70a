/** Cuts a text of the legacy language into words, quoted texts, numbers and signs. */
import { QueryError, type Span } from '../../../core/protocol/errors.ts';

export type LegacyTokenKind = 'word' | 'backquote' | 'single' | 'double' | 'number' | 'unit' | 'sign' | 'end';

export interface LegacyToken extends Span {
  readonly kind: LegacyTokenKind;
  /** The text without its quotes. */
  readonly text: string;
}

const WORD = /[\p{L}_][\p{L}\p{N}_]*/uy;
const NUMBER = /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const UNIT = /\d+[\p{L}_][\p{L}\p{N}_]*/uy;
const SIGN = /<=>|<=|>=|<>|!=|==|[^\s]/uy;
const QUOTES: Readonly<Record<string, LegacyTokenKind>> = { "'": 'single', '"': 'double', '`': 'backquote' };

/** The tokens from `start` to `end`; a line that begins with `#` is a comment. Throws syntax when a quote is not closed. */
export function legacyTokens(text: string, start: number, end: number): readonly LegacyToken[] {
  const tokens: LegacyToken[] = [];
  let at = skipBlanks(text, start, end);
  while (at < end) {
    const token = tokenAt(text, at, end);
    tokens.push(token);
    at = skipBlanks(text, token.end, end);
  }
  return tokens;
}

function tokenAt(text: string, at: number, end: number): LegacyToken {
  const quote = QUOTES[text[at]!];
  if (quote !== undefined) return quoted(text, at, end, quote);
  for (const [kind, pattern] of [
    ['word', WORD],
    ['number', NUMBER],
    ['sign', SIGN],
  ] as const) {
    const found = matchAt(pattern, text, at);
    if (found === null) continue;
    // `1e` begins no number with an exponent: digits with letters behind them are a unit, as in `10M`.
    const unit = kind === 'number' ? matchAt(UNIT, text, at) : null;
    const isUnit = unit !== null && unit.length > found.length;
    const matched = isUnit ? unit : found;
    return { kind: isUnit ? 'unit' : kind, text: matched, start: at, end: at + matched.length };
  }
  throw new Error('a sign matches everything but blanks');
}

function matchAt(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
}

function quoted(text: string, start: number, end: number, kind: LegacyTokenKind): LegacyToken {
  const close = quoteEnd(text, start, end);
  const quote = text[start]!;
  const inside = text.slice(start + 1, close).replaceAll(quote + quote, quote);
  return { kind, text: inside, start, end: close + 1 };
}

/** Offset of the quote that closes the one at `start`; a doubled one stands for itself. */
function quoteEnd(text: string, start: number, end: number): number {
  const quote = text[start]!;
  for (let at = start + 1; at < end; at++) {
    if (text[at] !== quote) continue;
    if (text[at + 1] !== quote || at + 1 >= end) return at;
    // `''` before a blank, a comma or the end of a list is an empty text or a closing quote of SQL that is not doubled.
    at++;
  }
  throw new QueryError('syntax', `the quote ${quote} is never closed`, {
    span: { start, end: start + 1 },
    hint: `write ${quote} at the end of the text, and twice inside of it`,
  });
}

/** Offset of the next character that is neither a blank nor part of a comment. */
export function skipBlanks(text: string, start: number, end: number): number {
  let at = start;
  for (;;) {
    while (at < end && /\s/u.test(text[at]!)) at++;
    if (text[at] !== '#' || at >= end || !beginsLine(text, at)) return Math.min(at, end);
    const line = text.indexOf('\n', at);
    at = line === -1 ? end : line;
  }
}

export function beginsLine(text: string, at: number): boolean {
  const line = text.lastIndexOf('\n', at - 1) + 1;
  return text.slice(line, at).trim() === '';
}
