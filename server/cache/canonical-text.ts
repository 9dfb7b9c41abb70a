/**
 * The text of a query as it counts in the key of its answer. Layout is left out only where it provably makes no difference:
 *
 * - only in SQL whose database does not name columns by the text of their expressions, layout included;
 * - only before the first `|`: stages name columns by their text as well;
 * - never in quotes, and not at all in a text with anything that different lexers read in different ways (comments, escapes,
 *   dollar quotes, backticks, brackets, other connections) or that can see its own text (`current_query`).
 *
 * Everything else counts to the letter: two texts that differ there are two answers.
 */
import { type DialectName, LAYOUT_IS_FREE } from '../../core/protocol/dialect-name.ts';

const UNSURE = /[#\\$`@[]|--|\/\/|\/\*|current_query|query_text/i;
/** Quoted texts, which stay as they are, and white space. */
const QUOTED_OR_SPACE = /'[^']*'|"[^"]*"|[ \t\r\n]+/g;
const QUOTE = /['"]/;
/** White space that could be left out: another kind than the space, two of them, or some at the beginning or the end. */
const SQUEEZABLE = /[\t\r\n]| {2}|^ | $/;

export function canonicalText(text: string, dialect: DialectName | undefined): string {
  if (dialect === undefined || !LAYOUT_IS_FREE.has(dialect)) return text;
  if (!SQUEEZABLE.test(text) || UNSURE.test(text)) return text;
  const pipe = text.indexOf('|');
  const head = pipe === -1 ? text : text.slice(0, pipe);
  // An unpaired quote in the head means that the pipe stands in a quoted text.
  if (!isPaired(head)) return text;
  const squeezed = head.replace(QUOTED_OR_SPACE, (found, at: number) => {
    if (QUOTE.test(found[0]!)) return found;
    if (at === 0 || (pipe === -1 && at + found.length === head.length)) return '';
    // Two texts with a line break between them are one.
    const isBetweenQuotes = QUOTE.test(head[at - 1]!) && QUOTE.test(head[at + found.length] ?? '');
    return isBetweenQuotes ? found : ' ';
  });
  return pipe === -1 ? squeezed : squeezed + text.slice(pipe);
}

function isPaired(text: string): boolean {
  return !QUOTE.test(text.replace(/'[^']*'|"[^"]*"/g, ''));
}
