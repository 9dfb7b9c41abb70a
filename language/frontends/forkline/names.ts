/** Names that stages read: of columns, and of what they make. */
import type { WrittenName } from '../query-tree.ts';
import type { Cursor } from './cursor.ts';

/** A column's name, quoted or not. `what` says in an error what is missing. */
export function parseName(cursor: Cursor, what: string): WrittenName {
  const token = cursor.peek();
  if (token.kind !== 'word' && token.kind !== 'quoted') {
    const hint = token.kind === 'string' ? `names stand in "double quotes": "${token.text}"` : undefined;
    return cursor.fail(`${what} is expected`, hint);
  }
  cursor.next();
  return { name: token.text, quoted: token.kind === 'quoted', span: { start: token.start, end: token.end } };
}

const MAX_NAME = 63;

/**
 * The name of a value that was given none: the words and numbers of its text, joined by `_`; `avg(delay)` is
 * `avg_delay` and `count()` is `count`.
 */
export function defaultName(text: string): string {
  const words = text.match(/[\p{L}\p{N}_]+/gu) ?? ['value'];
  return words.join('_').slice(0, MAX_NAME);
}
