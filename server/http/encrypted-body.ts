/** Decrypts the body of a request of the type application/jose, and tells clients for which key to encrypt. */
import type { RequestHandler } from 'express';
import { ENCRYPTED_TYPE } from '../../core/encryption/record-keys.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import type { Encryption } from '../encryption/encryption.ts';
import { notTaken } from '../encryption/opened.ts';
import { bodyType } from './request/body-text.ts';
import { bodyOf } from './request/query-request.ts';

/** Clients may keep the key for so long; a removed key must have been replaced before. */
const KEYS_MAX_AGE_SECONDS = 300;

/** Returns a handler that comes after the one that reads the body, and replaces it. */
export function openBody(encryption: Encryption | null): RequestHandler {
  return async (request, response, next) => {
    if (bodyType(request.headers['content-type']).mediaType === ENCRYPTED_TYPE) {
      if (encryption === null) throw notTaken();
      request.body = await encryption.open(bodyOf(request), request, response);
    }
    next();
  };
}

export function offeredKeys(encryption: Encryption | null): RequestHandler {
  return (_, response) => {
    if (encryption === null)
      throw new QueryError('not-found', 'this server takes no encrypted queries', {
        hint: 'They need encryption.keys (FORKLINE_ENCRYPTION_KEYS).',
      });
    response.setHeader('Cache-Control', `public, max-age=${KEYS_MAX_AGE_SECONDS}`);
    response.type('application/jwk-set+json').send(JSON.stringify(encryption.offered));
  };
}
