/** Reads a request's body as text: its media type, its charset, and the JSON in it. */
import { isAscii } from 'node:buffer';
import { QueryError } from '../../../core/protocol/errors.ts';
import { duplicateMember } from './duplicate-member.ts';
import { requireFewParts } from './json-shape.ts';
import { withExactNumbers } from './parameters.ts';

export interface BodyType {
  /** The media type in lower case, without parameters; empty when there is none. */
  readonly mediaType: string;
  /** Whether the charset is ASCII, so that other bytes are refused. */
  readonly asciiOnly: boolean;
}

const PARAMETER = /;\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))/g;

/** Returns the type of a body. Throws unsupported-media-type for a charset that is neither UTF-8 nor a subset of it. */
export function bodyType(contentType: string | undefined): BodyType {
  if (contentType === undefined) return UNTYPED;
  const semicolon = contentType.indexOf(';');
  if (semicolon === -1) return { mediaType: contentType.trim().toLowerCase(), asciiOnly: false };
  const mediaType = contentType.slice(0, semicolon).trim().toLowerCase();
  let asciiOnly = false;
  for (const [, name, quoted, plain] of contentType.slice(semicolon).matchAll(PARAMETER)) {
    if (name!.toLowerCase() !== 'charset') continue;
    const charset = quoted ?? plain ?? '';
    if (/^(us-)?ascii$/i.test(charset)) asciiOnly = true;
    else if (!/^utf-?8$/i.test(charset)) throw otherCharset(charset);
  }
  return { mediaType, asciiOnly };
}

const UNTYPED: BodyType = { mediaType: '', asciiOnly: false };

function otherCharset(charset: string): QueryError {
  return new QueryError('unsupported-media-type', `a body in the charset ${charset} is not read`, {
    hint: 'Encode it as UTF-8, and say charset=utf-8 or nothing.',
  });
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Returns the body as text. Throws bad-request for bytes that are not in its charset. */
export function bodyText(body: Buffer, { asciiOnly }: BodyType): string {
  if (asciiOnly && !isAscii(body))
    throw new QueryError('bad-request', 'the body says that it is ASCII, and is not', {
      hint: 'Encode it as UTF-8, and say charset=utf-8 or nothing.',
    });
  try {
    return utf8.decode(body);
  } catch {
    throw new QueryError('bad-request', 'the body is not valid UTF-8', {
      hint: 'Encode the query as UTF-8.',
    });
  }
}

/**
 * Returns the parsed JSON. Throws bad-json; throws bad-request for a text with more members and items than a body may have,
 * and for a member that stands twice in one object (JSON.parse would silently take the last).
 */
export function parseJson(text: string): unknown {
  requireFewParts(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (thrown) {
    throw new QueryError('bad-json', `the body is not valid JSON: ${(thrown as Error).message}`, {
      hint: 'Send {"query": "select 1"}, or the bare query as text/plain.',
    });
  }
  const twice = duplicateMember(text, value);
  if (twice === null) return withExactNumbers(text, value);
  throw new QueryError('bad-request', `${twice} is given twice in the body`, { hint: 'Give it once.' });
}
