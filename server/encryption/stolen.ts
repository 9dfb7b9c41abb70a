/**
 * An encrypted query belongs to the credential that it is sent with: whoever takes it on its way and sends it with a credential of
 * their own is refused, as it holds the hash of another one (`ath`, as in RFC 9449).
 */
import { credentialHash } from '../../core/encryption/credential-hash.ts';
import { refused } from './envelope.ts';

/** `authorization`: the header of the request, which the gate has accepted. Throws bad-encryption. */
export function refuseStolen(hash: unknown, authorization: string | undefined): void {
  if (authorization === undefined && hash === undefined) return;
  if (authorization !== undefined && hash === credentialHash(authorization)) return;
  throw refused(problemOf(hash, authorization), HINT);
}

function problemOf(hash: unknown, authorization: string | undefined): string {
  if (authorization === undefined)
    return 'it was made to be sent with a key or token (ath), and came without';
  return hash === undefined
    ? 'it does not say with which key or token it is sent (ath), so that anybody could send it'
    : 'it was made to be sent with another key or token than it came with (ath)';
}

const HINT =
  'ath is the SHA-256 of the key or token behind "Bearer ", in base64url; without an Authorization header it is left out (docs/encryption.md).';
