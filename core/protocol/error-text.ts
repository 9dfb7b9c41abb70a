/** Cuts the texts of errors: generously between processes, shorter where people or the log read them. */

/** Between processes: a raised error (a dialect's raise.ts) comes as JSON in the text of another one, whole. */
const MAX_CARRIED = 64 * 1024;
/** The most characters in an answer, the list of queries and the log. Databases quote a value that they reject, however long it is. */
const MAX_TOLD = 2048;

/** Returns the text as it may travel between processes. */
export function carriedText(text: string): string {
  return cut(text, MAX_CARRIED);
}

/** Returns the text as people read it; a text that was cut says how much is missing. */
export function toldText(text: string): string {
  return cut(text, MAX_TOLD);
}

/** Returns the text, cut to `max` characters. A cut text is a copy, since a slice would keep the whole text in memory. */
function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  const kept = Buffer.from(text.slice(0, max), 'utf16le').toString('utf16le');
  return `${kept}…[+${text.length - max} characters]`;
}
