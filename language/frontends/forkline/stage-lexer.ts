/**
 * Tokens of everything but SQL, one at a time: a parser that knows that SQL follows hands over to the SQL's own lexer
 * (language/source/lexer.ts) before anything of it was read by these rules. Comments: `--`, nested block comments, and `#` or
 * `//` at the start of a line. Invariants: linear in the text; a token begins at or after the offset asked for.
 */
import { QueryError } from '../../../core/protocol/errors.ts';
import { isDigit, isWordStart, skipQuoted, skipWord } from '../../source/scan.ts';
import { DURATION_UNITS, isDurationUnit } from '../../types/durations.ts';
import type { Token, TokenKind } from './token.ts';
import { skipTrivia } from './trivia.ts';

const TWO_CHARACTER_SYMBOLS = new Set([
  '<=',
  '>=',
  '<>',
  '!=',
  '==',
  '||',
  '|>',
  '::',
  '=~',
  '!~',
  '&&',
  '=>',
  '=<',
  '->',
]);
const ONE_CHARACTER_SYMBOLS = '()[],.|=<>+-*/%:;';
const NUMBER = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;

/** The first token at or after `start`; `end` when there is none. */
export function nextToken(text: string, start: number): Token {
  const at = skipTrivia(text, start);
  if (at < text.length) return lexToken(text, at);
  return { kind: 'end', text: '', lower: '', start: text.length, end: text.length };
}

/** The token that begins at `at`, which is no white space. */
export function lexToken(text: string, at: number): Token {
  const code = text.charCodeAt(at);
  const char = text[at]!;
  if (isWordStart(code) && (code < 128 || !isStray(char)))
    return token('word', text, at, plainWordEnd(text, at));
  if (isDigit(code) || (char === '.' && isDigit(text.charCodeAt(at + 1)))) return lexNumber(text, at);
  if (char === "'") return quoted('string', text, at, skipQuoted(text, at, 'string'));
  if (char === '"' || char === '`') return lexQuotedName(text, at);
  if (char === ':' && isWordStart(text.charCodeAt(at + 1))) {
    const end = skipWord(text, at + 1);
    const name = text.slice(at + 1, end);
    return { kind: 'parameter', text: name, lower: name, start: at, end };
  }
  if (char === '@') return lexConnection(text, at);
  if (text.startsWith('->>', at)) return token('symbol', text, at, at + 3);
  if (TWO_CHARACTER_SYMBOLS.has(text.slice(at, at + 2))) return token('symbol', text, at, at + 2);
  if (ONE_CHARACTER_SYMBOLS.includes(char)) return token('symbol', text, at, at + 1);
  throw strayCharacter(text, at);
}

function token(kind: TokenKind, text: string, start: number, end: number): Token {
  const slice = text.slice(start, end);
  return { kind, text: slice, lower: kind === 'word' ? slice.toLowerCase() : slice, start, end };
}

function quoted(kind: 'string' | 'quoted', text: string, start: number, end: number): Token {
  const quote = text[start]!;
  const inner = text.slice(start + 1, end - 1).replaceAll(quote + quote, quote);
  const nul = inner.indexOf('\0');
  if (nul !== -1) throw strayCharacter(text, text.indexOf('\0', start));
  return { kind, text: inner, lower: inner, start, end };
}

function lexQuotedName(text: string, at: number): Token {
  const name = quoted('quoted', text, at, skipQuoted(text, at, 'quoted name'));
  if (name.text !== '') return name;
  throw new QueryError('syntax', 'a name cannot be empty', { span: { start: at, end: name.end } });
}

/** Names of connections may have hyphens. */
function lexConnection(text: string, at: number): Token {
  let end = skipWord(text, at + 1);
  while (text[end] === '-' && isWordStart(text.charCodeAt(end + 1))) end = skipWord(text, end + 1);
  if (end === at + 1)
    throw new QueryError('syntax', 'a name is missing after `@`', {
      span: { start: at, end: at + 1 },
      hint: 'write `@connection select ...`',
    });
  const name = text.slice(at + 1, end);
  return { kind: 'connection', text: name, lower: name, start: at, end };
}

function lexNumber(text: string, at: number): Token {
  NUMBER.lastIndex = at;
  const number = NUMBER.exec(text)![0];
  const end = at + number.length;
  if (!isWordStart(text.charCodeAt(end))) return token('number', text, at, end);
  const unitEnd = plainWordEnd(text, end);
  const unit = text.slice(end, unitEnd).toLowerCase();
  const span = { start: at, end: unitEnd };
  if (!isDurationUnit(unit))
    throw new QueryError('syntax', `\`${text.slice(at, unitEnd)}\` is neither a number nor a duration`, {
      span,
      hint:
        numberHint(number, unit) ??
        `a duration is a whole number and one of ${DURATION_UNITS.join(' ')}; a name that begins with a digit needs "quotes"`,
    });
  if (!/^\d+$/.test(number))
    throw new QueryError('syntax', `a duration is a whole number of its unit, not \`${number}\``, {
      span,
      hint: 'use the next smaller unit: `90m` for one and a half hours',
    });
  return { kind: 'duration', text: number + unit, lower: number + unit, ...span };
}

const LONG_UNITS: readonly (readonly [RegExp, string])[] = [
  [/^(ms|msecs?|milliseconds?|millis)$/, 'ms'],
  [/^secs?$|^seconds?$/, 's'],
  [/^mins?$|^minutes?$/, 'm'],
  [/^hrs?$|^hours?$/, 'h'],
  [/^days?$/, 'd'],
  [/^wks?$|^weeks?$/, 'w'],
  [/^mo$|^mons$|^months?$/, 'mon'],
  [/^qtrs?$|^quarters?$/, 'q'],
  [/^yrs?$|^years?$/, 'y'],
];

/** `7days`, `1_000`. */
function numberHint(number: string, unit: string): string | null {
  if (/^_\d/.test(unit)) return 'numbers have no separators between thousands: `1000`';
  const short = LONG_UNITS.find(([pattern]) => pattern.test(unit))?.[1];
  return short === undefined ? null : `write \`${number}${short}\``;
}

/** Quotes that text processors put in; as letters beyond ASCII they would pass for names. */
function isStrayQuote(char: string): boolean {
  return '\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb'.includes(char);
}

/** Signs of mathematics and typesetting that would pass for letters too. */
const PLAIN_SIGNS: Readonly<Record<string, string>> = {
  '\u2260': '<>',
  '\u2264': '<=',
  '\u2265': '>=',
  '\u2212': '-',
  '\u2013': '-',
  '\u2014': '-',
  '\u00d7': '*',
  '\u00f7': '/',
};

/** Punctuation as East Asian keyboards give it, which looks like ours and would pass for letters too. */
const WIDE = /[\u3000-\u3002\uff01-\uff0f\uff1a-\uff20\uff3b-\uff3e\uff40\uff5b-\uff65]/;
const WIDE_OFFSET = 0xfee0;

function isStray(char: string): boolean {
  return isStrayQuote(char) || WIDE.test(char) || PLAIN_SIGNS[char] !== undefined;
}

/** Returns the offset at which a word ends; such signs are no part of it. */
function plainWordEnd(text: string, at: number): number {
  const end = skipWord(text, at);
  for (let index = at; index < end; index++)
    if (text.charCodeAt(index) > 127 && isStray(text[index]!)) return index;
  return end;
}

/** `，` is `,`. */
function plainOf(char: string): string {
  if (char === '\u3001') return ',';
  if (char === '\u3002' || char === '\uff61') return '.';
  const code = char.charCodeAt(0);
  return code >= 0xff01 && code <= 0xff5e ? String.fromCharCode(code - WIDE_OFFSET) : ' ';
}

const STRAY_HINTS: Readonly<Record<string, string>> = {
  '!': 'for "not" write `not`, for "differs" `<>`',
  '&': 'for "and" write `and`; for bits `bitand(a, b)`',
  '^': 'for powers write `pow(a, b)`; for bits `bitxor(a, b)`',
  '~': 'for patterns write `regexp_match(text, pattern)`',
  '?': 'a parameter has a name: `:name`; a choice is `if(condition, a, b)`',
  $: 'a parameter has a name: `:name`',
  '{': 'stages have no braces; quote names with "double quotes"',
  '}': 'stages have no braces; quote names with "double quotes"',
  '#': '`#` begins a comment only at the start of a line; elsewhere use `--`',
  '\\': "a backslash is only itself, inside 'quotes'",
};

function strayCharacter(text: string, at: number): QueryError {
  const char = String.fromCodePoint(text.codePointAt(at)!);
  const shown = char < ' ' ? `U+${char.charCodeAt(0).toString(16).padStart(4, '0')}` : char;
  const plain = PLAIN_SIGNS[char];
  const wide = WIDE.test(char) ? `this is a wide character; write the plain \`${plainOf(char)}\`` : undefined;
  const hint = isStrayQuote(char)
    ? 'use plain quotes: \'text\' and "name"'
    : (wide ?? (plain === undefined ? STRAY_HINTS[char] : `write \`${plain}\``));
  const span = { start: at, end: at + char.length };
  return new QueryError(
    'syntax',
    `\`${shown}\` has no meaning in a stage`,
    hint === undefined ? { span } : { span, hint },
  );
}
