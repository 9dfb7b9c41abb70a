/** The beginning of a text of the client's, for a line of an error. */

const MAX_CHARACTERS = 120;

export function excerptOf(text: string): string {
  return text.length <= MAX_CHARACTERS ? text : `${text.slice(0, MAX_CHARACTERS)}…`;
}
