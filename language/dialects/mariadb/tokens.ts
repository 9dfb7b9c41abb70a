/**
 * Cuts a text of MariaDB's into the tokens that matter for what we decide on it, by the rules that the `sql_mode` of every session
 * of ours gives: "..." is a text, a backslash in a text escapes. Where MariaDB would see code, this sees code: comments that it
 * executes (`/*! ... *\/`) are a token of their own.
 */

export interface SqlToken {
  readonly kind:
    | 'word'
    | 'quoted-name'
    | 'parameter'
    | 'text'
    | 'number'
    | 'punctuation'
    | 'executed-comment'
    | 'unterminated';
  /** UTF-16 offsets. */
  readonly start: number;
  readonly end: number;
  /** Words in lower case, names without quotes, a parameter's digits, one character of punctuation; else ''. */
  readonly text: string;
}

const SPACE = /[\t\n\v\f\r ]+/y;
const LINE_COMMENT = /(?:#|--(?=[\t\n\v\f\r ]|$))[^\n]*/y;
const WORD = /[A-Za-z_$\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*/y;
/** A name may begin with digits, but not be of digits alone: `1a`; after a point it is always a name. */
const NUMBER = /(?:0[xb][0-9a-f]+|[0-9]+(?:\.[0-9]*)?(?:e[+-]?[0-9]+)?|\.[0-9]+(?:e[+-]?[0-9]+)?)/iy;
const PARAMETER = /\$(\d+)(?![A-Za-z0-9_$\u0080-\uffff])/y;

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
  if (!sql.startsWith('/*', offset) || isExecuted(sql, offset)) return offset;
  const close = sql.indexOf('*/', offset + 2);
  return close === -1 ? offset : close + 2;
}

function isExecuted(sql: string, offset: number): boolean {
  return sql.startsWith('/*!', offset) || /^\/\*M!/i.test(sql.slice(offset, offset + 4));
}

function readToken(sql: string, start: number): SqlToken {
  const char = sql[start]!;
  if (sql.startsWith('/*', start))
    return {
      kind: isExecuted(sql, start) ? 'executed-comment' : 'unterminated',
      start,
      end: sql.length,
      text: '',
    };
  if (char === "'" || char === '"') return quoted('text', sql, start, true);
  if (char === '`') return quoted('quoted-name', sql, start, false);
  const parameter = matchAt(PARAMETER, sql, start);
  if (parameter !== null)
    return { kind: 'parameter', start, end: start + parameter[0].length, text: parameter[1]! };
  const word = matchAt(WORD, sql, start);
  if (word !== null) return { kind: 'word', start, end: start + word[0].length, text: word[0].toLowerCase() };
  const number = matchAt(NUMBER, sql, start);
  if (number !== null) return { kind: 'number', start, end: start + number[0].length, text: '' };
  return { kind: 'punctuation', start, end: start + 1, text: char };
}

function quoted(kind: 'text' | 'quoted-name', sql: string, start: number, escapes: boolean): SqlToken {
  const quote = sql[start]!;
  let offset = start + 1;
  while (offset < sql.length) {
    if (escapes && sql[offset] === '\\') offset += 2;
    else if (sql[offset] !== quote) offset++;
    else if (sql[offset + 1] === quote) offset += 2;
    else {
      const text = kind === 'text' ? '' : sql.slice(start + 1, offset).replaceAll('``', '`');
      return { kind, start, end: offset + 1, text };
    }
  }
  return { kind: 'unterminated', start, end: sql.length, text: '' };
}

/** The 1-based position in code points of a UTF-16 offset. */
export function positionOf(sql: string, offset: number): number {
  let position = 1;
  for (let index = 0; index < offset; index++) {
    const unit = sql.charCodeAt(index);
    if (unit < 0xdc00 || unit > 0xdfff) position++;
  }
  return position;
}
