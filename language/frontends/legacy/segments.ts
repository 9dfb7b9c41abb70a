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

function closingQuote(text: string, at: number): number {
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
