/** How long the text of an error may be on its way between processes, and where people or a log read it. */

/** Between processes: a raised error (a dialect's raise.ts) comes as JSON in the text of another one, whole. */
const MAX_CARRIED = 64 * 1024;
/** In an answer, in the list of queries, in the log: databases quote a value that they do not like, however long it is. */
const MAX_TOLD = 2048;

/** The text as it may travel with an error. */
export function carriedText(text: string): string {
  return cut(text, MAX_CARRIED);
}

/** The text as it is told; the cut is said. */
export function toldText(text: string): string {
  return cut(text, MAX_TOLD);
}

/** A copy, since a part of a text would keep the whole alive. */
function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  const kept = Buffer.from(text.slice(0, max), 'utf16le').toString('utf16le');
  return `${kept}…[+${text.length - max} characters]`;
}
