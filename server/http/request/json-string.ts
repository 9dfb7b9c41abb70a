/** Finds where a string in a JSON text ends, for checks that read the text before it is parsed. The text need not be valid JSON. */

const BACKSLASH = 0x5c;

/** Returns the index after the closing quote of the string that begins at `start`; the text's length when it is not closed. */
export function endOfString(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); quote !== -1; quote = text.indexOf('"', quote + 1))
    if (!isEscaped(text, quote)) return quote + 1;
  return text.length;
}

function isEscaped(text: string, quote: number): boolean {
  let backslashes = 0;
  while (text.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes++;
  return backslashes % 2 === 1;
}
