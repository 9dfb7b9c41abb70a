/** Finds the place in the user's query that a database's error position is about. */
import type { Span } from '../../core/protocol/errors.ts';
import type { SourceSegment } from '../../core/protocol/plan.ts';
import { isDigit, isWordPart, skipWord } from './scan.ts';

/**
 * `position`: 1-based, in code points of `sql` (what was sent). The span covers the word or
 * character there. null when it lies in text that we put around the user's.
 */
export function mapPosition(
  position: number,
  sql: string,
  segments: readonly SourceSegment[],
  query: string,
): Span | null {
  const offset = utf16Offset(sql, position - 1);
  const segment = segments.find(({ sqlStart, length }) => offset >= sqlStart && offset < sqlStart + length);
  const start =
    segment === undefined ? atEnd(offset, segments) : segment.queryStart + offset - segment.sqlStart;
  return start === null ? null : { start, end: tokenEnd(query, start) };
}

/** "syntax error at end of input": just after the user's last character. */
function atEnd(offset: number, segments: readonly SourceSegment[]): number | null {
  const last = segments.at(-1);
  if (last === undefined || offset !== last.sqlStart + last.length) return null;
  return last.queryStart + last.length - 1;
}

function utf16Offset(text: string, codePoints: number): number {
  let at = 0;
  for (let left = codePoints; left > 0 && at < text.length; left--)
    at += text.codePointAt(at)! > 0xffff ? 2 : 1;
  return at;
}

function tokenEnd(query: string, start: number): number {
  const char = query[start];
  if (char === undefined) return start;
  if (isWordPart(query.charCodeAt(start)) || isDigit(query.charCodeAt(start))) return skipWord(query, start);
  if (char === ':') return skipWord(query, start + 1);
  if (char === '"' || char === "'") {
    const close = query.indexOf(char, start + 1);
    return close === -1 ? start + 1 : close + 1;
  }
  return start + (query.codePointAt(start)! > 0xffff ? 2 : 1);
}
