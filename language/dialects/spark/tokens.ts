/**
 * Cuts a text of Spark's SQL into the tokens that matter for what we decide on it: "..." is a text as '...' is, a backslash in a
 * text escapes unless an `r` stands before it, and what a hint (a comment that begins with a plus) holds are tokens. A text that is
 * open at the end is a token of its own, and so is a comment in a comment, since Spark's rules for where it ends are not simple.
 */
/** Tokens that no statement may have. */
export type OddToken = 'unterminated' | 'comment-in-comment';

export interface SqlToken {
  readonly kind: 'word' | 'quoted-name' | 'parameter' | 'text' | 'number' | 'punctuation' | OddToken;
  /** UTF-16 offsets. */
  readonly start: number;
  readonly end: number;
  /** Words in lower case by way of their capitals, names without quotes, a parameter's digits, one character of punctuation; else ''. */
  readonly text: string;
}

const SPACE = /\s+/y;
const LINE_COMMENT = /--(?:\\\n|[^\r\n])*/y;
const WORD = /[\p{L}_][\p{L}\p{N}_]*/uy;
const NUMBER = /(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?[a-z]*/iy;
const PARAMETER = /\$(\d+)/y;
const RAW_TEXT = /r(?=['"])/iy;

export function tokenizeSql(sql: string): SqlToken[] {
  const tokens: SqlToken[] = [];
  let offset = 0;
  while (offset < sql.length) {
    const skipped = skipTrivia(sql, offset);
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

function matchAt(pattern: RegExp, text: string, offset: number): RegExpExecArray | null {
  pattern.lastIndex = offset;
  return pattern.exec(text);
}

function skipTrivia(sql: string, offset: number): number {
  const found = matchAt(SPACE, sql, offset) ?? matchAt(LINE_COMMENT, sql, offset);
  if (found !== null) return offset + found[0].length;
  return isComment(sql, offset) ? commentEnd(sql, offset) : offset;
}

/** A hint is none: Spark reads what it holds. */
function isComment(sql: string, offset: number): boolean {
  return sql.startsWith('/*', offset) && sql[offset + 2] !== '+';
}

/** Returns the comment's start for one that has no end, or another one in it. */
function commentEnd(sql: string, start: number): number {
  const end = sql.indexOf('*/', start + 2);
  const inner = sql.indexOf('/*', start + 2);
  return end === -1 || (inner !== -1 && inner < end) ? start : end + 2;
}

function readToken(sql: string, start: number): SqlToken {
  const char = sql[start]!;
  if (isComment(sql, start)) {
    const kind = sql.includes('*/', start + 2) ? 'comment-in-comment' : 'unterminated';
    return { kind, start, end: sql.length, text: '' };
  }
  if (matchAt(RAW_TEXT, sql, start) !== null) return quoted('text', sql, start, start + 1, false);
  if (char === "'" || char === '"') return quoted('text', sql, start, start, true);
  if (char === '`') return quoted('quoted-name', sql, start, start, false);
  const parameter = matchAt(PARAMETER, sql, start);
  if (parameter !== null)
    return { kind: 'parameter', start, end: start + parameter[0].length, text: parameter[1]! };
  const word = matchAt(WORD, sql, start);
  if (word !== null) return { kind: 'word', start, end: start + word[0].length, text: folded(word[0]) };
  const number = matchAt(NUMBER, sql, start);
  if (number !== null) return { kind: 'number', start, end: start + number[0].length, text: '' };
  const width = sql.codePointAt(start)! > 0xffff ? 2 : 1;
  return { kind: 'punctuation', start, end: start + width, text: char };
}

function quoted(
  kind: 'text' | 'quoted-name',
  sql: string,
  start: number,
  open: number,
  escapes: boolean,
): SqlToken {
  const quote = sql[open]!;
  for (let at = open + 1; at < sql.length; at++) {
    if (escapes && sql[at] === '\\') at++;
    else if (sql[at] === quote && kind === 'quoted-name' && sql[at + 1] === quote) at++;
    else if (sql[at] === quote) {
      const text = kind === 'text' ? '' : sql.slice(open + 1, at).replaceAll('``', '`');
      return { kind, start, end: at + 1, text };
    }
  }
  return { kind: 'unterminated', start, end: sql.length, text: '' };
}

/** Spark compares keywords by their capitals, which letters outside of ASCII have too: a long s has S, a dotless i has I. */
function folded(word: string): string {
  return word.toUpperCase().toLowerCase();
}

/** The 1-based position in code points of a UTF-16 offset. */
export function positionOf(sql: string, offset: number): number {
  return [...sql.slice(0, offset)].length + 1;
}
