/** Checks that an answer has the bytes that were asked for, of the file in the state that it was found in. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { QueryError } from '../../../core/protocol/errors.ts';
import type { Identity } from '../file-tree.ts';
import type { ByteRange } from './store.ts';

const AGAIN = { hint: 'send the query again' };

export function changed(path: string): QueryError {
  return new QueryError('file-changed', `${path} was changed or replaced while it was read`, AGAIN);
}

export function removed(path: string): QueryError {
  return new QueryError('file-changed', `${path} was removed, or cannot be read any more`, AGAIN);
}

/** What a store says of a file's state; empty texts where it says nothing. */
export interface Validators {
  /** With its quotes. */
  readonly etag: string;
  /** The time of the last change, in the form of HTTP or of the store's own. */
  readonly modified: string;
}

/** `place`: the file among all others. */
export function identityFrom(place: string, bytes: number, { etag, modified }: Validators): Identity {
  return { bytes, stamp: [place, bytes, etag, modified].join('\n') };
}

/** The identity of a file by the head of an answer; null when it does not tell the file's size. */
export function identityOf(headers: IncomingHttpHeaders, place: string): Identity | null {
  const bytes = Number(headers['content-length'] ?? Number.NaN);
  return Number.isSafeInteger(bytes) ? identityFrom(place, bytes, validatorsOf(headers)) : null;
}

function validatorsOf(headers: IncomingHttpHeaders): Validators {
  return { etag: headers.etag ?? '', modified: headers['last-modified'] ?? '' };
}

function validatorsIn({ stamp }: Identity): Validators {
  const [, , etag = '', modified = ''] = stamp.split('\n');
  return { etag, modified };
}

/**
 * The headers that make a server refuse to answer with another state. Times are compared in the answer alone: servers hold them
 * finer than headers say them, and refuse a file that has not changed.
 */
export function conditionFor(identity: Identity): Readonly<Record<string, string>> {
  const { etag } = validatorsIn(identity);
  return etag.startsWith('"') ? { 'If-Match': etag } : {};
}

/** Throws `file-changed` when the head of an answer is of another state, `unsupported` when the server answers no ranges. */
export function checkRange(
  path: string,
  identity: Identity,
  { from, to }: ByteRange,
  { statusCode, headers }: IncomingMessage,
): void {
  if (statusCode === 412 || statusCode === 416) throw changed(path);
  if (statusCode === 404 || statusCode === 410) throw removed(path);
  const before = validatorsIn(identity);
  const now = validatorsOf(headers);
  if (differ(before.etag, now.etag) || differ(before.modified, now.modified)) throw changed(path);
  if (statusCode === 206) {
    const range = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(headers['content-range'] ?? '');
    if (range === null || Number(range[1]) !== from || Number(range[2]) !== to) throw noRanges(path);
    if (Number(range[3]) !== identity.bytes) throw changed(path);
    return;
  }
  if (from > 0 || to !== identity.bytes - 1) throw noRanges(path);
  if (headers['content-length'] !== undefined && Number(headers['content-length']) !== identity.bytes)
    throw changed(path);
}

/** What one of the two does not say makes no difference. */
function differ(before: string, now: string): boolean {
  return before !== '' && now !== '' && before !== now;
}

function noRanges(path: string): QueryError {
  return new QueryError('unsupported', `${path}: the server answers no parts of files (HTTP ranges)`, {
    hint: 'copy the file to where a server answers them, or below a local root',
  });
}
