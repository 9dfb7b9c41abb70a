/**
 * Cuts a SQL text into the tokens that matter for what we decide on it: names, parameters, punctuation. Strings
 * and comments are skipped by PostgreSQL's own rules with standard_conforming_strings on (every session of ours has
 * that): '', E'' with its continuation on a following line, U&'', "", dollar quotes, nested comments. Where PostgreSQL
 * would see code, this sees code; an unterminated literal runs to the end, and PostgreSQL refuses the text.
 */

export interface SqlToken {
  readonly kind: 'name' | 'quoted-name' | 'unicode-name' | 'parameter' | 'string' | 'number' | 'punctuation';
  /** UTF-16 offsets. */
  readonly start: number;
  readonly end: number;
  /** Names: folded as PostgreSQL folds them, without quotes. Parameters: the digits. Punctuation: one character. */
  readonly text: string;
}

const SPACE = /[ \t\n\r\f\v]+/y;
const LINE_COMMENT = /--[^\n\r]*/y;
const NAME = /[A-Za-z_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*/y;
const DIGITS = /[0-9]+/y;
const PARAMETER = /\$(\d+)/y;
const DOLLAR_QUOTE = /\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$/y;
const BLANK = ' \t\n\r\f\v';

function matchAt(pattern: RegExp, text: string, offset: number): RegExpExecArray | null {
  pattern.lastIndex = offset;
  return pattern.exec(text);
}

export function tokenizeSql(sql: string): SqlToken[] {
  const tokens: SqlToken[] = [];
  let offset = 0;
  while (offset < sql.length) {
    const skipped = skipBlank(sql, offset);
    if (skipped > offset) {
      offset = skipped;
      continue;
    }
    const token = readToken(sql, offset);
    tokens.push(token);
    offset = token.end;
  }
  return tokens;
}

function skipBlank(sql: string, offset: number): number {
  const space = matchAt(SPACE, sql, offset) ?? matchAt(LINE_COMMENT, sql, offset);
  if (space !== null) return offset + space[0].length;
  return sql.startsWith('/*', offset) ? skipBlockComment(sql, offset) : offset;
}

function skipBlockComment(sql: string, start: number): number {
  let depth = 0;
  for (let offset = start; offset < sql.length; ) {
    if (sql.startsWith('/*', offset)) {
      depth++;
      offset += 2;
    } else if (sql.startsWith('*/', offset)) {
      depth--;
      offset += 2;
      if (depth === 0) return offset;
    } else offset++;
  }
  return sql.length;
}

function readToken(sql: string, start: number): SqlToken {
  const char = sql[start]!;
  if (char === "'") return stringToken(start, skipString(sql, start, false));
  if (char === '"') return readQuotedName(sql, start, start, 'quoted-name');
  if (char === '$') return readDollar(sql, start);
  const name = matchAt(NAME, sql, start);
  if (name !== null) return readNameOrPrefix(sql, start, name[0]);
  const digits = matchAt(DIGITS, sql, start);
  if (digits !== null) return { kind: 'number', start, end: start + digits[0].length, text: '' };
  return { kind: 'punctuation', start, end: start + 1, text: char };
}

/** A name, unless it is the prefix of a literal: E'' or U&"" (the others end as plain strings do). */
function readNameOrPrefix(sql: string, start: number, name: string): SqlToken {
  const end = start + name.length;
  const folded = foldName(name);
  if (folded === 'e' && sql[end] === "'") return stringToken(start, skipString(sql, end, true));
  if (folded === 'u' && sql.startsWith('&"', end)) return readQuotedName(sql, start, end + 1, 'unicode-name');
  return { kind: 'name', start, end, text: folded };
}

/** PostgreSQL folds ASCII letters only, in a multi-byte encoding. */
function foldName(name: string): string {
  return name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function stringToken(start: number, end: number): SqlToken {
  return { kind: 'string', start, end, text: '' };
}

/** `open` is the offset of the opening quote; returns the offset after the last closing one. */
function skipString(sql: string, open: number, escapes: boolean): number {
  let offset = open + 1;
  while (offset < sql.length) {
    const char = sql[offset];
    if (escapes && char === '\\') offset += 2;
    else if (char !== "'") offset++;
    else if (sql[offset + 1] === "'") offset += 2;
    else {
      const reopened = skipToContinuation(sql, offset + 1);
      if (reopened === -1) return offset + 1;
      offset = reopened;
    }
  }
  return sql.length;
}

/**
 * PostgreSQL joins literals that only white space with a line break (and line comments) separates, in the mode of the
 * first: returns the offset after the quote that opens the next piece, or -1. A loop: a pattern would backtrack.
 */
function skipToContinuation(sql: string, start: number): number {
  let lineBroken = false;
  for (let offset = start; offset < sql.length; offset++) {
    const char = sql[offset]!;
    if (char === "'") return lineBroken ? offset + 1 : -1;
    if (sql.startsWith('--', offset)) offset += matchAt(LINE_COMMENT, sql, offset)![0].length - 1;
    else if (!BLANK.includes(char)) return -1;
    else if (char === '\n' || char === '\r') lineBroken = true;
  }
  return -1;
}

function readQuotedName(sql: string, start: number, open: number, kind: SqlToken['kind']): SqlToken {
  let offset = open + 1;
  while (offset < sql.length) {
    if (sql[offset] !== '"') offset++;
    else if (sql[offset + 1] === '"') offset += 2;
    else break;
  }
  const text = sql.slice(open + 1, offset).replaceAll('""', '"');
  return { kind, start, end: Math.min(offset + 1, sql.length), text };
}

function readDollar(sql: string, start: number): SqlToken {
  const parameter = matchAt(PARAMETER, sql, start);
  if (parameter !== null)
    return { kind: 'parameter', start, end: start + parameter[0].length, text: parameter[1]! };
  const tag = matchAt(DOLLAR_QUOTE, sql, start)?.[0];
  if (tag === undefined) return { kind: 'punctuation', start, end: start + 1, text: '$' };
  const close = sql.indexOf(tag, start + tag.length);
  return stringToken(start, close === -1 ? sql.length : close + tag.length);
}

/** The 1-based position in code points, as PostgreSQL counts, of a UTF-16 offset. */
export function positionOf(sql: string, offset: number): number {
  let position = 1;
  for (let index = 0; index < offset; index++) if (!isLowSurrogate(sql, index)) position++;
  return position;
}

function isLowSurrogate(sql: string, index: number): boolean {
  const unit = sql.charCodeAt(index);
  return unit >= 0xdc00 && unit <= 0xdfff;
}
