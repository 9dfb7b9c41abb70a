/** The JSON bodies of the catalogue's requests. */
import type { Request } from 'express';
import { QueryError } from '../../core/protocol/errors.ts';
import { bodyText, bodyType, parseJson } from '../http/request/body-text.ts';
import { bodyOf } from '../http/request/query-request.ts';

/** Throws bad-json, unsupported-media-type. */
export function jsonOf(request: Request): unknown {
  const type = bodyType(request.headers['content-type']);
  if (type.mediaType !== 'application/json' && type.mediaType !== '')
    throw new QueryError('unsupported-media-type', `a body of type ${type.mediaType} is not understood`, {
      hint: 'Send JSON as application/json.',
    });
  return parseJson(bodyText(bodyOf(request), type));
}
