/**
 * Reads the pairs of a query string or of an HTML form. Text that is not UTF-8 is refused: a decoder that replaces it by
 * U+FFFD would run another query than the one that was sent. (Node's parser already refuses bytes beyond ASCII that are not
 * escaped.) Each name may stand once.
 */
import { QueryError } from '../../../core/protocol/errors.ts';

/** Matches a percent sign that does not begin an escape: it stands for itself, as in browsers (`select+5+%+3`). */
const BARE_PERCENT = /%(?![0-9a-f]{2})/gi;

/** Returns the pairs of a request target; none without a question mark. Throws bad-request. */
export function searchPairs(url: string): ReadonlyMap<string, string> {
  const start = url.indexOf('?');
  return start === -1 ? NONE : readPairs(url.slice(start + 1), 'the URL');
}

const NONE: ReadonlyMap<string, string> = new Map();

/** Returns the pairs in `text`. Errors name `where`. Throws bad-request. */
export function readPairs(text: string, where: string): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>();
  for (const piece of text.split('&')) {
    if (piece === '') continue;
    const equals = piece.indexOf('=');
    const name = decode(equals === -1 ? piece : piece.slice(0, equals), where);
    const value = equals === -1 ? '' : decode(piece.slice(equals + 1), where);
    if (pairs.has(name)) throw givenTwice(name, where);
    pairs.set(name, value);
  }
  return pairs;
}

export function givenTwice(name: string, where: string): QueryError {
  return new QueryError('bad-request', `${name} is given twice in ${where}`, { hint: 'Give it once.' });
}

function decode(text: string, where: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' ').replace(BARE_PERCENT, '%25'));
  } catch {
    throw notUtf8(where);
  }
}

function notUtf8(where: string): QueryError {
  return new QueryError('bad-request', `${where} is not valid UTF-8`, {
    hint: 'Encode it as UTF-8, then each byte as %XX.',
  });
}
