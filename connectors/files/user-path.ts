/**
 * Paths as users and configurations write them: below a root, with `/` between the names, `*` for a part of a name and
 * `**` for any number of directories. Everything that could mean a place outside of the root, or something other than what
 * it looks like, is refused before anything is looked up.
 */
import { QueryError } from '../../core/protocol/errors.ts';

/** The parts of a path; the last may stand for a file or for a directory. */
export type PathPattern = readonly Segment[];

export type Segment =
  | { readonly kind: 'name'; readonly name: string }
  /** A name with `*` in it. */
  | { readonly kind: 'pattern'; readonly pattern: RegExp }
  /** `**` */
  | { readonly kind: 'any' };

const HINT = 'write a path below the root of the connection, such as "2024/sales.parquet" or "2024/*.csv"';
/** Characters that mean something else in another place: globs of other tools, the query part of a URL, Windows' separator. */
const REFUSED = /[?#[\]{}\\]/;
const MAX_SEGMENTS = 64;

/** Throws `read-only` for a path that leads, or may lead, out of the root. */
export function parsePath(path: string): PathPattern {
  if (path === '') throw refused(path, 'it is empty');
  if (/^[a-z][a-z0-9+.-]*:/i.test(path)) throw refused(path, 'it begins as a URL');
  if (path.startsWith('/')) throw refused(path, 'it is absolute');
  if (path.startsWith('~')) throw refused(path, 'it begins with `~`');
  if ([...path].some(isControl)) throw refused(path, 'it holds a control character');
  const found = REFUSED.exec(path);
  if (found !== null) throw refused(path, `it holds \`${found[0]}\``);
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  if (names.includes('..')) throw refused(path, 'it holds `..`');
  if (names.length > MAX_SEGMENTS) throw refused(path, `it has more than ${MAX_SEGMENTS} parts`);
  return names.map(segmentOf);
}

/** Says whether a name in a FROM is meant as a path: it has a separator, a pattern, or the ending of a file. */
export function looksLikePath(name: string): boolean {
  return /[/\\*:]|\.[a-z0-9]+$/i.test(name);
}

function isControl(character: string): boolean {
  const code = character.codePointAt(0)!;
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0xd800 && code <= 0xdfff);
}

function segmentOf(name: string): Segment {
  if (name === '**') return { kind: 'any' };
  if (!name.includes('*')) return { kind: 'name', name };
  const parts = name.split(/\*+/).map((part) => part.replace(/[.+^$()|]/g, '\\$&'));
  return { kind: 'pattern', pattern: new RegExp(`^${parts.join('.*')}$`, 'su') };
}

function refused(path: string, why: string): QueryError {
  const shown = path.length > 100 ? `${path.slice(0, 100)}...` : path;
  return new QueryError('read-only', `no file is opened at ${JSON.stringify(shown)}: ${why}`, { hint: HINT });
}
