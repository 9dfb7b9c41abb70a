/** An error as text for terminals: the message, the line of the query it is about with a caret under it, the hint. */
import type { Span, WireError } from '../../core/protocol/errors.ts';

export interface Place {
  /** The line and the column, both from 1; the column counts code points. */
  readonly line: number;
  readonly column: number;
}

export interface RenderedError {
  /** The place of the error; null when the error has no span. */
  readonly place: Place | null;
  readonly text: string;
}

/** Longer lines are shown as a window around the caret. */
const MAX_SHOWN = 100;

function placeOf(span: Span, query: string): Place {
  const start = Math.min(span.start, query.length);
  const lineStart = query.lastIndexOf('\n', start - 1) + 1;
  let line = 1;
  for (let at = query.indexOf('\n'); at !== -1 && at < lineStart; at = query.indexOf('\n', at + 1)) line++;
  return { line, column: countCodePoints(query, lineStart, start) + 1 };
}

export function renderError(error: WireError, query: string): RenderedError {
  const head = `error: ${error.message} [${error.code}]`;
  const hint = error.hint === undefined ? [] : [`hint: ${error.hint}`];
  if (error.span === undefined) return { place: null, text: [head, ...hint].join('\n') };
  const place = placeOf(error.span, query);
  return { place, text: [head, ...excerpt(error.span, query, place), ...hint].join('\n') };
}

function excerpt(span: Span, query: string, { line, column }: Place): readonly string[] {
  const start = Math.min(span.start, query.length);
  const lineStart = query.lastIndexOf('\n', start - 1) + 1;
  const newline = query.indexOf('\n', start);
  const lineEnd = newline === -1 ? query.length : newline;
  const short = lineEnd - lineStart <= MAX_SHOWN;
  const from = short ? lineStart : Math.max(lineStart, start - MAX_SHOWN / 2);
  const to = Math.min(lineEnd, from + MAX_SHOWN);
  const before = flat(query.slice(from, start));
  const marked = flat(query.slice(start, Math.max(start, Math.min(span.end, to))));
  const shown = before + flat(query.slice(start, to));
  const gutter = ` ${line} | `;
  const carets = '^'.repeat(Math.max(1, [...marked].length));
  return [
    `${' '.repeat(gutter.length - 2)}--> line ${line}, column ${column}`,
    gutter + shown,
    ' '.repeat(gutter.length + [...before].length) + carets,
  ];
}

/** Tabs and control characters take one column, so that the caret stands right. */
function flat(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not reach a terminal
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
}

function countCodePoints(text: string, start: number, end: number): number {
  let count = 0;
  for (let at = start; at < end; count++) at += text.codePointAt(at)! > 0xffff ? 2 : 1;
  return count;
}
