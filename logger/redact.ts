/**
 * Keeps secrets out of the log: fields whose name says that they hold one, and passwords inside URLs and connection
 * strings wherever they stand in a text. Texts come from users too (query texts), so that every pattern here has
 * bounded repetition: no input makes it slow.
 */

export const REDACTED = '***';
/** Longest string kept whole in a field; the rest is cut and the cut is said. */
const MAX_TEXT = 32 * 1024;
/** A cut never falls inside a URL this close to it, where it could part a password from the `@` that betrays it. */
const CUT_MARGIN = 512;

const SECRET_NAME =
  /(?:password|passwd|secret|token|authorization|cookie|connectionstring|databaseurl)$|^(?:url|pwd)$/;
/** postgres passwords may hold `/` and `@` unescaped: up to the last `@` of the word. */
const POSTGRES_URL = /(postgres(?:ql)?:\/\/[^\s:/@"']{0,128}):[^\s"']{0,256}@/gi;
const OTHER_URL = /([a-z][a-z0-9+.-]{0,15}:\/\/[^\s:/@"']{0,128}):[^\s/@"']{1,256}@/gi;
const PASSWORD_PAIR = /(password["']?\s?[=:]\s?)(?:'[^']{0,256}'|"[^"]{0,256}"|[^\s&"',;]{1,256})/gi;

/** Whether a field of this name is never written. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name.toLowerCase().replaceAll('_', '').replaceAll('-', ''));
}

/** The text without passwords, cut at 32 Ki characters. */
export function redactText(text: string): string {
  const cut = text.length > MAX_TEXT;
  let kept = text;
  if (cut) {
    const url = text.lastIndexOf('://', MAX_TEXT);
    kept = text.slice(0, url > MAX_TEXT - CUT_MARGIN ? Math.max(0, url - 16) : MAX_TEXT);
  }
  const removed = text.length - kept.length;
  if (kept.includes('://')) {
    kept = kept.replace(POSTGRES_URL, `$1:${REDACTED}@`).replace(OTHER_URL, `$1:${REDACTED}@`);
  }
  if (kept.includes('assword') || kept.includes('ASSWORD'))
    kept = kept.replace(PASSWORD_PAIR, `$1${REDACTED}`);
  return cut ? `${kept}…[+${removed} characters]` : kept;
}
