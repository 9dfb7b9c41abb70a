/** Finds the place in the user's query that a database's error position is about. */
import type { Span } from '../../core/protocol/errors.ts';
import type { SourceSegment } from '../../core/protocol/plan.ts';
import type { Lexical } from '../dialects/lexical.ts';
import { isDigit, isWordPart, skipWord } from './scan.ts';

/** A place in a text that was sent. */
export interface SentPlace {
  /** 1-based, in code points: connectors turn into that what their databases count. */
  readonly position: number;
  readonly sql: string;
  readonly segments: readonly SourceSegment[];
}

/** Returns the span of the word, quoted thing or character there; null when it lies in text that we put around the user's. */
export function mapPosition(
  { position, sql, segments }: SentPlace,
  query: string,
  lexical: Lexical,
): Span | null {
  const offset = utf16Offset(sql, position - 1);
  const segment = segments.find(({ sqlStart, length }) => offset >= sqlStart && offset < sqlStart + length);
  const start =
    segment === undefined ? atEnd(offset, segments) : segment.queryStart + offset - segment.sqlStart;
  return start === null ? null : { start, end: tokenEnd(query, start, lexical) };
}

/** Returns the place just after the user's last character: "syntax error at end of input". */
function atEnd(offset: number, segments: readonly SourceSegment[]): number | null {
  const last = segments.at(-1);
  if (last === undefined || offset !== last.sqlStart + last.length) return null;
  return last.queryStart + last.length - 1;
}

/** Returns the offset after so many code points. */
export function utf16Offset(text: string, codePoints: number): number {
  let at = 0;
  for (let left = codePoints; left > 0 && at < text.length; left--)
    at += text.codePointAt(at)! > 0xffff ? 2 : 1;
  return at;
}

function tokenEnd(query: string, start: number, { nameQuotes, bracketNames }: Lexical): number {
  const char = query[start];
  if (char === undefined) return start;
  if (isWordPart(query.charCodeAt(start)) || isDigit(query.charCodeAt(start))) return skipWord(query, start);
  if (char === ':') return skipWord(query, start + 1);
  const isBracket = bracketNames && char === '[';
  if (isBracket || char === "'" || nameQuotes.includes(char)) {
    const close = query.indexOf(isBracket ? ']' : char, start + 1);
    return close === -1 ? start + 1 : close + 1;
  }
  return start + (query.codePointAt(start)! > 0xffff ? 2 : 1);
}
