/** Finds where the SQL and each stage of a query end, so that it can be run up to one of them. It works on any text, also on one that is wrong further on. */

/** Texts, names and comments: a pipe inside of them does not end a stage. */
const SKIPPED = /--[^\n]*|'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\$(\w*)\$[\s\S]*?\$\1\$|\|\|/uy;
const OPEN = '([{';
const CLOSE = ')]}';

/** Returns the offsets at which the parts of a query end: its SQL, then each stage. What `let` and `set` say before it has no parts. */
export function partEnds(text: string): readonly number[] {
  let ends: number[] = [];
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const skipped = skippedEnd(text, at);
    if (skipped > at) {
      at = skipped - 1;
      continue;
    }
    const character = text[at]!;
    if (OPEN.includes(character)) depth++;
    else if (CLOSE.includes(character)) depth = Math.max(depth - 1, 0);
    else if (depth === 0 && character === ';' && text.slice(at + 1).trim() !== '') ends = [];
    else if (depth === 0 && character === '|') ends.push(at);
  }
  return [...ends, text.length];
}

/** Returns the beginning of a query up to the part in which the cursor stands: its rows are what that part makes. */
export function textUpTo(text: string, cursor: number): string {
  return text.slice(0, partEnds(text).find((end) => end >= cursor) ?? text.length);
}

/** Returns the end of a text, name or comment that begins at `at`; `at` when none begins there. */
function skippedEnd(text: string, at: number): number {
  if (text.startsWith('/*', at)) return commentEnd(text, at);
  SKIPPED.lastIndex = at;
  return SKIPPED.test(text) ? SKIPPED.lastIndex : at;
}

/** Comments nest, as in PostgreSQL. */
function commentEnd(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    if (text.startsWith('/*', at)) depth++;
    else if (text.startsWith('*/', at) && --depth === 0) return at + 2;
    else continue;
    at++;
  }
  return text.length;
}
