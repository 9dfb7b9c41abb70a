/** Shortens a text that the client sent, so that an error can quote it in one line. */

const MAX_CHARACTERS = 120;

export function excerptOf(text: string): string {
  return text.length <= MAX_CHARACTERS ? text : `${text.slice(0, MAX_CHARACTERS)}…`;
}
