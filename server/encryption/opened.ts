/** The requests whose encrypted bodies were decrypted here: only these are read as encrypted ones. */
import type { IncomingMessage } from 'node:http';
import { ENCRYPTED_TYPE } from '../../core/encryption/record-keys.ts';
import { QueryError } from '../../core/protocol/errors.ts';

const CLAIMS = ['iat', 'exp', 'jti', 'answerKey', 'ath'];
const opened = new WeakSet<IncomingMessage>();

export function rememberOpened(request: IncomingMessage): void {
  opened.add(request);
}

export function wasEncrypted(request: IncomingMessage): boolean {
  return request.headers['content-type'] === ENCRYPTED_TYPE && opened.has(request);
}

/** Returns the request's own members of what was encrypted. Throws unsupported-media-type when nothing was decrypted. */
export function withoutClaims(request: IncomingMessage, value: unknown): unknown {
  if (!opened.has(request)) throw notTaken();
  for (const name of CLAIMS) delete (value as Record<string, unknown>)[name];
  return value;
}

/** The error of a server without keys, and of a path that takes no encrypted bodies. */
export function notTaken(): QueryError {
  return new QueryError('unsupported-media-type', 'an encrypted body is not taken here', {
    hint: 'POST it to /v1/query of a server with encryption.keys (FORKLINE_ENCRYPTION_KEYS).',
  });
}
