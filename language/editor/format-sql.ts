/**
 * SQL as the formatter leaves it: as written, without the white space at the ends of its lines and around it. Inside of
 * strings, quoted names and dollar quotes white space is part of the value, so those are copied.
 */
import { QueryError } from '../../core/protocol/errors.ts';
import { skipBlockComment, skipEscapeString, skipLineComment, skipQuoted } from '../source/scan.ts';

/** The text from `start` to `end`, which has parsed. */
export function sqlText(text: string, start: number, end: number): string {
  const parts: string[] = [];
  let plainFrom = start;
  let at = start;
  while (at < end) {
    const stop = endOfQuoted(text, at);
    if (stop === null) {
      at = afterOther(text, at);
      continue;
    }
    parts.push(trimmedLines(text.slice(plainFrom, at)), text.slice(at, stop));
    at = stop;
    plainFrom = stop;
  }
  parts.push(trimmedLines(text.slice(plainFrom, end)));
  return parts.join('').trim();
}

/** Whatever comes behind this SQL must begin a line. */
export function endsInLineComment(sql: string): boolean {
  let at = 0;
  while (at < sql.length) {
    const comment = sql.startsWith('--', at);
    at = sqlStep(sql, at);
    if (comment && at === sql.length) return true;
  }
  return false;
}

function trimmedLines(sql: string): string {
  return sql.replace(/[^\S\n]+\n/g, '\n');
}

/** Offset after the quoted thing that begins here; null when none does. */
function endOfQuoted(text: string, at: number): number | null {
  switch (text[at]) {
    case "'":
      return isEscapeString(text, at) ? skipEscapeString(text, at) : skipQuoted(text, at, 'string');
    case '"':
    case '`':
      return skipQuoted(text, at, 'quoted name');
    case '$': {
      const tag = /^\$[\p{L}_]?[\p{L}\p{N}_]*\$/u.exec(text.slice(at, at + 70))?.[0];
      if (tag === undefined) return null;
      const close = text.indexOf(tag, at + tag.length);
      return close === -1 ? text.length : close + tag.length;
    }
    default:
      return null;
  }
}

/** E'...', but not the end of a longer word. */
function isEscapeString(text: string, at: number): boolean {
  return /(^|[^\p{L}\p{N}_$])[eE]$/u.test(text.slice(Math.max(0, at - 2), at));
}

/** The offset after the quoted thing, comment or character that begins at `at`, in SQL that need not be whole. */
export function sqlStep(text: string, at: number): number {
  try {
    return endOfQuoted(text, at) ?? afterOther(text, at);
  } catch (thrown) {
    if (!(thrown instanceof QueryError)) throw thrown;
    return text.length; // what is never closed takes the rest
  }
}

function afterOther(text: string, at: number): number {
  if (text.startsWith('--', at)) return skipLineComment(text, at);
  return text.startsWith('/*', at) ? skipBlockComment(text, at) : at + 1;
}
