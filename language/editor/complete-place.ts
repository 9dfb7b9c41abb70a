/**
 * Finds where in a query the cursor stands, in text that need not be whole. Looks only at what is before the cursor, and never
 * throws a QueryError. Linear in the text.
 */
import { QueryError } from '../../core/protocol/errors.ts';
import { isWordPart, skipWord } from '../source/scan.ts';
import { type LexicalOf, type Place, type Typed, Walker } from './complete-walker.ts';

export function placeAt(text: string, position: number, lexicalOf: LexicalOf): Place {
  const cursor = Math.min(position, text.length);
  const head = text.slice(0, cursor);
  const typed = typedAt(text, cursor);
  const walker = new Walker(head, lexicalOf);
  try {
    walker.walk();
  } catch (thrown) {
    if (!(thrown instanceof QueryError)) throw thrown;
    if (thrown.code === 'unterminated-string') return placeInQuotes(text, head, { typed, lexicalOf }, thrown);
  }
  if (isParameter(text, typed))
    return { kind: 'parameter', typed: { ...typed, from: typed.from - 1, word: head.slice(typed.from) } };
  return walker.place(typed);
}

function typedAt(text: string, cursor: number): Typed {
  let from = cursor;
  while (from > 0 && isWordPart(text.charCodeAt(from - 1))) from--;
  return { from, to: skipWord(text, cursor), word: text.slice(from, cursor), quote: null };
}

function isParameter(text: string, { from }: Typed): boolean {
  return text[from - 1] === ':' && text[from - 2] !== ':';
}

/** A quote or comment is still open, in which the cursor stands: a "name is completed as if it were none, quotes and all. */
function placeInQuotes(
  text: string,
  head: string,
  { typed, lexicalOf }: { readonly typed: Typed; readonly lexicalOf: LexicalOf },
  error: QueryError,
): Place {
  const start = error.details.span?.start ?? head.length;
  const quote = head[start];
  if (quote !== '"' && quote !== '`') return { kind: 'nothing', typed };
  const wordEnd = skipWord(text, head.length);
  const to = text[wordEnd] === quote ? wordEnd + 1 : wordEnd;
  const walker = new Walker(head.slice(0, start), lexicalOf);
  try {
    walker.walk();
  } catch (thrown) {
    if (!(thrown instanceof QueryError)) throw thrown; // broken text before the cursor ends the walk: its place so far counts
  }
  return walker.place({ from: start, to, word: head.slice(start + 1), quote });
}
