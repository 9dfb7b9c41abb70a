/**
 * Lexes the parts that SQL and stages have in common: character classes, quotes and comments. Every function takes the
 * whole text and an offset, looks at each character once and returns the offset after what it skipped, so that
 * lexing is linear in the text. A quote or comment without an end throws `unterminated-string` with the span of its opening line.
 */
import { QueryError, type Span } from '../../core/protocol/errors.ts';
import type { Lexical } from '../dialects/lexical.ts';

export function isSpace(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13) || code === 0xa0 || code === 0xfeff;
}

export function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** Letters, underscore and everything beyond ASCII. */
export function isWordStart(code: number): boolean {
  return (
    (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95 || (code > 127 && code !== 0xa0)
  );
}

export function isWordPart(code: number): boolean {
  return isWordStart(code) || isDigit(code) || code === 36;
}

export function skipWord(text: string, start: number): number {
  let at = start;
  while (at < text.length && isWordPart(text.charCodeAt(at))) at++;
  return at;
}

/** Returns the span from `start` to the end of its line: enough to show where something began. */
function restOfLine(text: string, start: number): Span {
  const newline = text.indexOf('\n', start);
  return { start, end: newline === -1 ? text.length : Math.max(newline, start + 1) };
}

/** Skips a quoted thing whose quote is doubled to stand for itself. `start` is at the opening quote. */
export function skipQuoted(text: string, start: number, what: string): number {
  const quote = text[start]!;
  let at = start + 1;
  for (;;) {
    const close = text.indexOf(quote, at);
    if (close === -1) throw unterminated(text, start, what, quote);
    if (text[close + 1] !== quote) return close + 1;
    at = close + 2;
  }
}

/** Skips a text in which a backslash escapes the next character, and a quote may be doubled. `start` is at the quote. */
export function skipEscapedText(text: string, start: number): number {
  const quote = text[start]!;
  let at = start + 1;
  while (at < text.length) {
    const char = text[at];
    if (char === '\\') at += 2;
    else if (char !== quote) at += 1;
    else if (text[at + 1] === quote) at += 2;
    else return at + 1;
  }
  throw new QueryError('unterminated-string', 'this string has no end', {
    span: restOfLine(text, start),
    hint: `close it with ${quote}`,
  });
}

/** Skips a text of the dialect's. `start` is at the quote. */
export function skipText(text: string, start: number, { backslashEscapes }: Lexical): number {
  return backslashEscapes ? skipEscapedText(text, start) : skipQuoted(text, start, 'string');
}

/** Skips `[name]`. */
export function skipBracketName(text: string, start: number): number {
  const close = text.indexOf(']', start);
  if (close === -1) throw unterminated(text, start, 'quoted name', ']');
  return close + 1;
}

/** Skips `$tag$ ... $tag$`; null when no tag stands at `start`. */
export function skipDollarText(text: string, start: number): number | null {
  let end = start + 1;
  while (end < text.length && (isWordStart(text.charCodeAt(end)) || isDigit(text.charCodeAt(end)))) end++;
  if (text[end] !== '$') return null;
  const tag = text.slice(start, end + 1);
  const close = text.indexOf(tag, end + 1);
  if (close === -1) throw unterminated(text, start, 'dollar-quoted string', tag);
  return close + tag.length;
}

export function skipLineComment(text: string, start: number): number {
  const newline = text.indexOf('\n', start);
  return newline === -1 ? text.length : newline;
}

/** `nested`: a comment within it has an end of its own. */
export function skipBlockComment(text: string, start: number, nested = true): number {
  let depth = 0;
  let at = start;
  while (at < text.length) {
    if (text[at] === '/' && text[at + 1] === '*') {
      depth = nested ? depth + 1 : 1;
      at += 2;
    } else if (text[at] === '*' && text[at + 1] === '/') {
      depth--;
      at += 2;
      if (depth === 0) return at;
    } else at++;
  }
  throw unterminated(text, start, 'comment', '*/');
}

const DASH = 45;
const SLASH = 47;
const STAR = 42;
const HASH = 35;

/** Says whether a comment of SQL begins at `at`. */
export function beginsSqlComment(text: string, at: number, lexical: Lexical): boolean {
  switch (text.charCodeAt(at)) {
    case DASH:
      return (
        text.charCodeAt(at + 1) === DASH &&
        (!lexical.dashesNeedSpace || at + 2 >= text.length || isSpace(text.charCodeAt(at + 2)))
      );
    case SLASH:
      return text.charCodeAt(at + 1) === STAR;
    case HASH:
      return lexical.hashComments;
    default:
      return false;
  }
}

/** Skips the comment of SQL that begins at `at`. */
export function skipSqlComment(text: string, at: number, { nestedComments }: Lexical): number {
  return text.charCodeAt(at) === SLASH
    ? skipBlockComment(text, at, nestedComments)
    : skipLineComment(text, at);
}

/** Skips white space and comments of SQL. */
export function skipSqlTrivia(text: string, start: number, lexical: Lexical): number {
  let at = start;
  for (;;) {
    while (at < text.length && isSpace(text.charCodeAt(at))) at++;
    if (!beginsSqlComment(text, at, lexical)) return at;
    at = skipSqlComment(text, at, lexical);
  }
}

function unterminated(text: string, start: number, what: string, closing: string): QueryError {
  // `'it\\'s'`: the quote after the backslash has ended a text before this one.
  const line = text.slice(text.lastIndexOf('\n', start) + 1, start);
  const escaped = closing === "'" && line.includes("\\'");
  return new QueryError('unterminated-string', `this ${what} has no end`, {
    span: restOfLine(text, start),
    hint: escaped
      ? "a backslash is only itself; a quote inside a text is doubled: `'it''s'`"
      : `close it with ${closing}`,
  });
}
