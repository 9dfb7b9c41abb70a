/**
 * Turns a QueryError into an RFC 9457 problem document: what went wrong, where in the query, how to mend it, whether
 * sending it again may help. The place is given as line and column from 1, counted in characters.
 */
import { toldText } from '../../core/protocol/error-text.ts';
import type { LimitRef, ModelPlace, Span, StageRef, WireError } from '../../core/protocol/errors.ts';
import { errorClass } from './error-status.ts';

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance?: string;
  readonly code: string;
  readonly queryId?: string;
  readonly retryable: boolean;
  readonly stage?: StageRef;
  readonly position?: Position;
  readonly sqlstate?: string;
  readonly hint?: string;
  readonly suggestions?: readonly string[];
  readonly limit?: LimitRef;
  /** The model that the error is about, with the place in its text. */
  readonly model?: ModelPlace;
}

export interface Position {
  readonly line: number;
  readonly column: number;
  /** Line and column, from 1, of the character after the last one. */
  readonly endLine: number;
  readonly endColumn: number;
  /** The line with carets under the place, for terminals. */
  readonly excerpt: string;
}

export const PROBLEM_TYPE = 'application/problem+json';

export interface ProblemContext {
  readonly queryId?: string;
  readonly queryText?: string;
}

export function problemOf(error: WireError, { queryId, queryText }: ProblemContext): Problem {
  const { status, retryable, title } = errorClass(error.code);
  return {
    type: `urn:forkline:error:${error.code}`,
    title,
    status,
    detail: toldText(error.message),
    ...(queryId !== undefined && { instance: `/v1/queries/${queryId}`, queryId }),
    code: error.code,
    retryable,
    ...(error.stage !== undefined && { stage: error.stage }),
    ...(error.span !== undefined &&
      queryText !== undefined && { position: positionOf(queryText, error.span) }),
    ...(error.sqlstate !== undefined && { sqlstate: error.sqlstate }),
    ...(error.hint !== undefined && { hint: toldText(error.hint) }),
    ...(error.suggestions !== undefined &&
      error.suggestions.length > 0 && { suggestions: error.suggestions.map(toldText) }),
    ...(error.limit !== undefined && { limit: error.limit }),
    ...(error.model !== undefined && { model: error.model }),
  };
}

/** The most characters shown before and after the place: a line may be a megabyte long. */
const EXCERPT_BEFORE = 60;
const EXCERPT_AFTER = 40;

export function positionOf(text: string, span: Span): Position {
  const start = pointOf(text, span.start);
  const end = pointOf(text, Math.max(span.start, span.end));
  return {
    line: start.line,
    column: start.column,
    endLine: end.line,
    endColumn: end.column,
    excerpt: excerpt(text, span),
  };
}

function pointOf(text: string, offset: number): { line: number; column: number } {
  const end = Math.min(offset, text.length);
  let line = 1;
  let lineStart = 0;
  for (let at = text.indexOf('\n'); at !== -1 && at < end; at = text.indexOf('\n', at + 1)) {
    line++;
    lineStart = at + 1;
  }
  return { line, column: charactersBetween(text, lineStart, end) + 1 };
}

/** Counts code points without making a list of them: a line may be a megabyte long. */
function charactersBetween(text: string, start: number, end: number): number {
  let count = 0;
  for (let at = start; at < end; count++) at += text.codePointAt(at)! > 0xffff && at + 1 < end ? 2 : 1;
  return count;
}

function excerpt(text: string, span: Span): string {
  const lineStart = text.lastIndexOf('\n', span.start - 1) + 1;
  const lineEnd = text.indexOf('\n', span.start);
  const from = Math.max(lineStart, span.start - EXCERPT_BEFORE);
  const to = Math.min(lineEnd === -1 ? text.length : lineEnd, span.start + EXCERPT_AFTER);
  const prefix = from > lineStart ? '... ' : '';
  const before = prefix + text.slice(from, span.start).replaceAll('\t', ' ');
  const marked = Math.max(1, Math.min(to, span.end) - span.start);
  return `${prefix}${text.slice(from, to).replaceAll('\t', ' ')}\n${' '.repeat([...before].length)}${'^'.repeat(marked)}`;
}
