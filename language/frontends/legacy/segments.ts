/** Cuts a legacy query at its pipes: those that stand neither in quotes nor in brackets. */
import { QueryError, type Span } from '../../../core/protocol/errors.ts';
import { beginsLine, skipBlanks } from './lexer.ts';

const QUOTES = '\'"`';
const OPEN = '([{';
const CLOSE = ')]}';

/** The stretches between the pipes, without blanks around them. Throws syntax for an open quote or bracket. */
export function segments(text: string, from: number): readonly Span[] {
  const found: Span[] = [];
  const open: number[] = [];
  let start = from;
  let at = from;
  while (at < text.length) {
    const sign = text[at]!;
    if (QUOTES.includes(sign)) at = closingQuote(text, at);
    else if (sign === '#' && beginsLine(text, at)) at = lineEnd(text, at);
    else if (OPEN.includes(sign)) open.push(at);
    else if (CLOSE.includes(sign)) open.pop();
    else if (sign === '|' && open.length === 0) {
      found.push(trimmed(text, start, at));
      start = at + 1;
    }
    at++;
  }
  const last = open.at(-1);
  if (last !== undefined) throw unclosed(text, last, 'bracket');
  found.push(trimmed(text, start, text.length));
  return found;
}

/** The last command of a text that is not whole: where it begins, the pipe before it, and whether the text ends in quotes. */
export function closedSegments(
  text: string,
  from: number,
): { readonly start: number; readonly pipe: number | null; readonly quoted: boolean } {
  let pipe: number | null = null;
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const sign = text[at]!;
    if (QUOTES.includes(sign)) {
      at = text.indexOf(sign, at + 1);
      if (at === -1) return { start: text.length, pipe, quoted: true };
    } else if (sign === '#' && beginsLine(text, at)) {
      at = lineEnd(text, at);
      if (at === text.length) return { start: at, pipe, quoted: true };
    } else if (OPEN.includes(sign)) depth++;
    else if (CLOSE.includes(sign)) depth = Math.max(0, depth - 1);
    else if (sign === '|' && depth === 0) pipe = at;
  }
  return { start: pipe === null ? from : pipe + 1, pipe, quoted: false };
}

/** Options whose quoted value may have quotes inside that are not doubled. */
const OPEN_VALUE = /\b(?:sql\s*=?|mkdata\s*=|join_query\s*=)\s*$/iu;
/** Matches what stands behind the last quote of such a value: a pipe, the end, or the next option. `||` is SQL. */
const BEHIND =
  /^\s*(?:$|;\s*$|\|\s*[\p{L}_(`*#]|(?:connector_\w+|alias_table_name|join_\w+|sql|mkdata|path|name|\w*owner)\s*=)/iu;

function closingQuote(text: string, at: number): number {
  if (OPEN_VALUE.test(text.slice(Math.max(0, at - 30), at)))
    for (
      let close = text.indexOf(text[at]!, at + 1);
      close !== -1;
      close = text.indexOf(text[at]!, close + 1)
    )
      if (BEHIND.test(text.slice(close + 1))) return close;
  const close = text.indexOf(text[at]!, at + 1);
  if (close === -1) throw unclosed(text, at, 'quote');
  return close;
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end;
}

function unclosed(text: string, at: number, what: string): QueryError {
  return new QueryError('syntax', `the ${what} ${text[at]} is never closed`, {
    span: { start: at, end: at + 1 },
    hint: what === 'quote' ? 'write the same quote at the end of the text' : 'close it before the next pipe',
  });
}

function trimmed(text: string, start: number, end: number): Span {
  const first = skipBlanks(text, start, end);
  let last = end;
  while (last > first && /[\s;]/u.test(text[last - 1]!)) last--;
  return { start: first, end: last };
}
