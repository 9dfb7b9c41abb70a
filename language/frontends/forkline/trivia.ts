/** White space and comments between the tokens of stages: `--`, nested block comments, and `#` or `//` at the start of a line. */
import { isSpace, skipBlockComment, skipLineComment } from '../../source/scan.ts';

/** Says whether `at` is the first thing on its line: `#` and `//` begin a comment only there. */
function atLineStart(text: string, at: number): boolean {
  let before = at - 1;
  while (before >= 0 && text[before] !== '\n' && isSpace(text.charCodeAt(before))) before--;
  return before < 0 || text[before] === '\n';
}

/** Returns the offset of what comes next. */
export function skipTrivia(text: string, start: number): number {
  let at = start;
  for (;;) {
    while (at < text.length && isSpace(text.charCodeAt(at))) at++;
    const two = text.slice(at, at + 2);
    if (two === '--') at = skipLineComment(text, at);
    else if (two === '/*') at = skipBlockComment(text, at);
    else if ((two === '//' || two[0] === '#') && atLineStart(text, at)) at = skipLineComment(text, at);
    else return at;
  }
}
