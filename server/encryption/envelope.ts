/**
 * Reads an encrypted query: a JWE in compact form whose content is the JSON body of the request with `iat`, `exp`, `jti` and
 * possibly `answerKey`. Until it is known what the client's key is, errors are answered in the clear: so no error here tells
 * anything of the content.
 */
import { compactDecrypt } from 'jose';
import { LONGEST_VALID_SECONDS } from '../../core/encryption/record-keys.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import { CONTENT_ALGORITHM, KEY_ALGORITHM, type KeyRing } from './key-ring.ts';

/** By how much the clocks of client and server may differ. */
export const SKEW_SECONDS = 30;
/** The longest protected header: it has two algorithms and a thumbprint. */
const MOST_HEADER_CHARACTERS = 1024;
const PART = /^[A-Za-z0-9_-]*$/;
/** At least as long as 96 random bits: it also proves to the client that the answer is the one to its query. */
const UNIQUE_ID = /^[A-Za-z0-9._~-]{16,128}$/;
const JWKS_HINT = 'Encrypt it for the key at /.well-known/jwks.json, which may have changed.';

export interface Envelope {
  /** The JSON text that was encrypted. */
  readonly text: string;
  readonly uniqueId: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** The client's public key as it was sent, unchecked; undefined: the client wants its answer in the clear. */
  readonly answerKey: unknown;
  /** The SHA-256 of the credential that it is sent with, as it was sent, unchecked; undefined: it is sent without one. */
  readonly credentialHash: unknown;
}

/** `nowMs`: the time. Rejects with bad-encryption and unknown-encryption-key. */
export async function openEnvelope(body: Buffer, ring: KeyRing, nowMs: number): Promise<Envelope> {
  const token = body.toString('latin1').trim();
  const key = keyFor(token, ring);
  let content: Uint8Array;
  try {
    const options = {
      keyManagementAlgorithms: [KEY_ALGORITHM],
      contentEncryptionAlgorithms: [CONTENT_ALGORITHM],
    };
    content = (await compactDecrypt(token, key, options)).plaintext;
  } catch {
    throw refused('it was changed on its way, or encrypted for another key under this name');
  }
  return claimsOf(Buffer.from(content), nowMs);
}

/** Reads the protected header before anything is computed with a key. */
function keyFor(token: string, ring: KeyRing) {
  const end = token.indexOf('.');
  if (end === -1 || end > MOST_HEADER_CHARACTERS) throw noToken();
  const parts = token.split('.', 6);
  if (parts.length !== 5 || !parts.every((part) => PART.test(part))) throw noToken();
  const { alg, enc, kid } = headerOf(parts[0]!);
  if (alg !== KEY_ALGORITHM || enc !== CONTENT_ALGORITHM)
    throw refused(
      `only alg ${KEY_ALGORITHM} with enc ${CONTENT_ALGORITHM} is read`,
      'Other algorithms are weaker, or cannot be told from no encryption.',
    );
  if (typeof kid !== 'string') throw refused('its header has no kid, which names the key', JWKS_HINT);
  const key = ring.find(kid);
  if (key !== null) return key;
  throw new QueryError(
    'unknown-encryption-key',
    'the query is encrypted for a key that this server does not have, or not any more',
    { hint: JWKS_HINT },
  );
}

function headerOf(encoded: string): Readonly<Record<string, unknown>> {
  try {
    const header: unknown = JSON.parse(Buffer.from(encoded, 'base64url').toString('utf8'));
    if (typeof header === 'object' && header !== null) return header as Record<string, unknown>;
  } catch {
    // answered below
  }
  throw noToken();
}

function claimsOf(content: Buffer, nowMs: number): Envelope {
  const text = content.toString('utf8');
  const { iat, exp, jti, answerKey, ath: credentialHash } = objectOf(text);
  if (typeof iat !== 'number' || typeof exp !== 'number')
    throw refused('iat and exp must be numbers: seconds since 1970');
  if (!(exp > iat) || exp - iat > LONGEST_VALID_SECONDS)
    throw refused(`exp must be after iat, by ${LONGEST_VALID_SECONDS} seconds at most`);
  const now = nowMs / 1000;
  if (now > exp + SKEW_SECONDS) throw refused(`it expired ${Math.round(now - exp)} seconds ago`, CLOCK_HINT);
  if (now < iat - SKEW_SECONDS)
    throw refused(`it is of a time that comes in ${Math.round(iat - now)} seconds`, CLOCK_HINT);
  if (typeof jti !== 'string' || !UNIQUE_ID.test(jti))
    throw refused('jti must be 16 to 128 letters, digits and -._~, new for each query: a random UUID');
  return { text, uniqueId: jti, issuedAt: iat, expiresAt: exp, answerKey, credentialHash };
}

/** The parser's own message would quote the query. */
function objectOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // answered below
  }
  throw refused('what was encrypted is no JSON object');
}

function noToken(): QueryError {
  return refused('it is not a JWE in compact form');
}

export function refused(problem: string, hint = HINT): QueryError {
  return new QueryError('bad-encryption', `the encrypted query cannot be taken: ${problem}`, { hint });
}

const HINT = 'docs/encryption.md has clients in TypeScript and Python; "forkline query --encrypt" is one.';
const CLOCK_HINT = `Set the clock, and encrypt each query when it is sent: clocks may differ by ${SKEW_SECONDS} seconds.`;
