/**
 * SQL as the formatter leaves it: as written, without the white space at the ends of its lines and around it. Inside of
 * strings, quoted names and dollar quotes white space is part of the value, so those are copied.
 */
import { QueryError } from '../../core/protocol/errors.ts';
import type { Lexical } from '../dialects/lexical.ts';
import {
  beginsSqlComment,
  isDigit,
  isWordStart,
  skipBracketName,
  skipDollarText,
  skipEscapedText,
  skipQuoted,
  skipSqlComment,
  skipText,
  skipWord,
} from '../source/scan.ts';

/** The text from `start` to `end`, which has parsed. */
export function sqlText(text: string, start: number, end: number, lexical: Lexical): string {
  const parts: string[] = [];
  let plainFrom = start;
  let at = start;
  while (at < end) {
    const stop = endOfQuoted(text, at, lexical);
    if (stop === null) {
      at = afterOther(text, at, lexical);
      continue;
    }
    parts.push(trimmedLines(text.slice(plainFrom, at)), text.slice(at, stop));
    at = stop;
    plainFrom = stop;
  }
  parts.push(trimmedLines(text.slice(plainFrom, end)));
  return parts.join('').trim();
}

/** Says whether the SQL ends in a comment that goes to the end of its line, so that the text behind it must begin a line. */
export function endsInLineComment(sql: string, lexical: Lexical): boolean {
  let at = 0;
  while (at < sql.length) {
    const comment = !sql.startsWith('/*', at) && beginsSqlComment(sql, at, lexical);
    at = sqlStep(sql, at, lexical);
    if (comment && at === sql.length) return true;
  }
  return false;
}

function trimmedLines(sql: string): string {
  return sql.replace(/[^\S\n]+\n/g, '\n');
}

/** Offset after the quoted thing that begins here; null when none does. */
function endOfQuoted(text: string, at: number, lexical: Lexical): number | null {
  const char = text[at]!;
  if (char === "'")
    return lexical.escapeStrings && isEscapeString(text, at)
      ? skipEscapedText(text, at)
      : skipText(text, at, lexical);
  if (lexical.nameQuotes.includes(char)) return skipQuoted(text, at, 'quoted name');
  if (char === '[' && lexical.bracketNames) return skipBracketName(text, at);
  if (char !== '$' || !lexical.dollarQuotes || isDigit(text.charCodeAt(at + 1))) return null;
  return skipDollarText(text, at);
}

/** E'...', but not the end of a longer word. */
function isEscapeString(text: string, at: number): boolean {
  return /(^|[^\p{L}\p{N}_$])[eE]$/u.test(text.slice(Math.max(0, at - 2), at));
}

/** The offset after the quoted thing, comment, word or character that begins at `at`, in SQL that need not be whole. */
export function sqlStep(text: string, at: number, lexical: Lexical): number {
  try {
    return endOfQuoted(text, at, lexical) ?? afterOther(text, at, lexical);
  } catch (thrown) {
    if (!(thrown instanceof QueryError)) throw thrown;
    return text.length; // a quote or comment that is never closed takes the rest
  }
}

function afterOther(text: string, at: number, lexical: Lexical): number {
  if (isWordStart(text.charCodeAt(at))) return skipWord(text, at);
  return beginsSqlComment(text, at, lexical) ? skipSqlComment(text, at, lexical) : at + 1;
}
