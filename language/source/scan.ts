/**
 * What the SQL part and the stages lex alike: character classes, quotes and comments. Every function takes the
 * whole text and an offset, looks at each character once and returns the offset after what it skipped, so that
 * lexing is linear in the text. What has no end throws `unterminated-string` with the span of its opening line.
 */
import { QueryError, type Span } from '../../core/protocol/errors.ts';

export function isSpace(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13) || code === 0xa0 || code === 0xfeff;
}

export function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** Letters, underscore and everything beyond ASCII, as in PostgreSQL. */
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

/** From `start` to the end of its line: enough to show where something began. */
export function restOfLine(text: string, start: number): Span {
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

/** Skips PostgreSQL's E'...' where a backslash escapes the next character. `start` is at the quote. */
export function skipEscapeString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length) {
    const char = text[at];
    if (char === '\\') at += 2;
    else if (char !== "'") at += 1;
    else if (text[at + 1] === "'") at += 2;
    else return at + 1;
  }
  throw unterminated(text, start, 'string', "'");
}

export function skipLineComment(text: string, start: number): number {
  const newline = text.indexOf('\n', start);
  return newline === -1 ? text.length : newline;
}

/** Block comments nest, as in PostgreSQL. */
export function skipBlockComment(text: string, start: number): number {
  let depth = 0;
  let at = start;
  while (at < text.length) {
    if (text[at] === '/' && text[at + 1] === '*') {
      depth++;
      at += 2;
    } else if (text[at] === '*' && text[at + 1] === '/') {
      depth--;
      at += 2;
      if (depth === 0) return at;
    } else at++;
  }
  throw unterminated(text, start, 'comment', '*/');
}

/** Is `at` the first thing on its line? `#` and `//` begin a comment only there. */
function atLineStart(text: string, at: number): boolean {
  let before = at - 1;
  while (before >= 0 && text[before] !== '\n' && isSpace(text.charCodeAt(before))) before--;
  return before < 0 || text[before] === '\n';
}

/** Skips white space and comments; `lineStart` also those that `#` and `//` begin at the start of a line. */
export function skipTrivia(text: string, start: number, lineStart: boolean): number {
  let at = start;
  for (;;) {
    while (at < text.length && isSpace(text.charCodeAt(at))) at++;
    const two = text.slice(at, at + 2);
    if (two === '--') at = skipLineComment(text, at);
    else if (two === '/*') at = skipBlockComment(text, at);
    else if (lineStart && (two === '//' || two[0] === '#') && atLineStart(text, at))
      at = skipLineComment(text, at);
    else return at;
  }
}

export function unterminated(text: string, start: number, what: string, closing: string): QueryError {
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
