/** The credential of a request: one `Authorization: Bearer` header with an API key or a token, and nothing else. */
import type { IncomingMessage } from 'node:http';
import { keyIdOf } from '../../core/access/api-key.ts';
import { QueryError } from '../../core/protocol/errors.ts';

export type Credential =
  | { readonly kind: 'key'; readonly id: string; readonly key: string }
  | { readonly kind: 'token'; readonly token: string };

/** More than any provider puts into a token; Node takes headers of 16 KB. */
const MAX_TOKEN_CHARACTERS = 8192;
const BEARER = /^bearer +([A-Za-z0-9._~+/=-]+) *$/i;
/** The older engine's clients say `Angora` for `Bearer`, at its addresses. */
const LEGACY_BEARER = /^(?:bearer|angora) +([A-Za-z0-9._~+/=-]+) *$/i;
const TOKEN = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/;
const NAME = 'authorization';

/** The parts of a request that a credential is read from. */
export type CredentialPlace = Pick<IncomingMessage, 'headers' | 'rawHeaders' | 'url'>;

/** Throws bad-request for several headers, unauthenticated without one that can be read; no text has any of it. */
export function credentialOf({ headers, rawHeaders, url = '' }: CredentialPlace): Credential {
  const { authorization } = headers;
  if (authorization === undefined) throw unauthenticated('this server wants to know who asks');
  refuseSecond(rawHeaders);
  const form = url.startsWith('/angora/') ? LEGACY_BEARER : BEARER;
  const bearer = form.exec(authorization)?.[1];
  if (bearer === undefined)
    throw unauthenticated('the Authorization header does not have the form "Bearer ..."');
  const id = keyIdOf(bearer);
  if (id !== null) return { kind: 'key', id, key: bearer };
  if (bearer.length > MAX_TOKEN_CHARACTERS)
    throw unauthenticated(`the token is longer than ${MAX_TOKEN_CHARACTERS} characters`);
  if (TOKEN.test(bearer)) return { kind: 'token', token: bearer };
  throw unauthenticated('the credential is neither an API key nor a token');
}

/** Node takes the first and drops the others; what a proxy in front took is not known. */
function refuseSecond(rawHeaders: readonly string[]): void {
  let seen = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!;
    if (name.length === NAME.length && name.toLowerCase() === NAME) seen++;
  }
  if (seen > 1)
    throw new QueryError('bad-request', 'the header Authorization is given twice', { hint: 'Send it once.' });
}

/** The problem is told to whoever asks, so that it says nothing about keys that exist. */
export function unauthenticated(problem: string, hint = HINT): QueryError {
  return new QueryError('unauthenticated', problem, { hint });
}

const HINT =
  'Send "Authorization: Bearer <key>", with a key that "forkline keys create" made or a token of the identity provider.';
