/** Reads what a change says of itself: the version that it was made for, its author and its reason. */
import type { Request } from 'express';
import type { Authorship, Expected } from '../../catalogue/store/revisions.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import { principalOf } from '../../core/protocol/principal.ts';
import { knownOptions } from '../http/request/known-options.ts';

/** Returns the version of `If-Match: "3"`; `absent` of `If-None-Match: *`. Throws bad-request. */
export function expectedVersion({ headers }: Request): Expected {
  const { 'if-match': match, 'if-none-match': noneMatch } = headers;
  if (noneMatch !== undefined) {
    if (noneMatch.trim() === '*' && match === undefined) return 'absent';
    throw malformed('If-None-Match is `*` here: make it only if it is not there yet');
  }
  if (match === undefined) return 'not said';
  if (match.trim() === '*') return 'any';
  const [, version] = /^\s*(?:W\/)?"?([1-9]\d{0,8})"?\s*$/.exec(match) ?? [];
  if (version === undefined) throw malformed('If-Match is a version, such as `If-Match: "3"`');
  return Number(version);
}

function malformed(message: string): QueryError {
  return new QueryError('bad-request', message, { hint: 'the ETag of GET is the version that it showed' });
}

/** The most characters of a reason. */
const MOST_REASON = 1000;

/** Returns who changes and why: `?reason=...`. */
export function authorshipOf(request: Request, others: readonly string[] = []): Authorship {
  const reason = knownOptions(request.originalUrl, ['reason', ...others]).get('reason') ?? '';
  if (reason.length > MOST_REASON || reason.includes('\0'))
    throw new QueryError('bad-request', `a reason has at most ${MOST_REASON} characters`, {});
  return { author: principalOf(request).id, reason };
}

export function etagOf(version: number): string {
  return `"${version}"`;
}

/** Returns the member of the path, as it was decoded. */
export function nameOf(request: Request): string {
  return String(request.params.name);
}
