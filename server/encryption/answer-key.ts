/**
 * The key of an encrypted answer: random, for this answer only, and encrypted for the public key that the client sent. With
 * it goes the query's `jti`, which only the client and this server know: it proves that the answer is the one to this query.
 */
import { randomBytes } from 'node:crypto';
import { CompactEncrypt, importJWK, type JWK } from 'jose';
import { refused } from './envelope.ts';
import { CONTENT_ALGORITHM, KEY_ALGORITHM } from './key-ring.ts';

export interface AnswerKey {
  readonly secret: Buffer;
  /** The value of the header Forkline-Answer-Key: a JWE with `{"jti", "key"}`. */
  readonly header: string;
}

const SECRET_BYTES = 16;
/** 2048 to 4096 bits. */
const RSA_MODULUS_CHARACTERS = { least: 342, most: 684 };
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k'];
const HINT =
  'answerKey is a public JWK: {"kty": "EC", "crv": "P-256", "x", "y"} or {"kty": "RSA", "n", "e"}.';

/** `given`: what the client sent as its public key. Rejects with bad-encryption. */
export async function createAnswerKey(given: unknown, uniqueId: string): Promise<AnswerKey> {
  const jwk = publicKeyOf(given);
  const secret = randomBytes(SECRET_BYTES);
  const content = JSON.stringify({ jti: uniqueId, key: secret.toString('base64url') });
  const alg = jwk.kty === 'RSA' ? KEY_ALGORITHM : 'ECDH-ES';
  try {
    const key = await importJWK(jwk, alg);
    const header = await new CompactEncrypt(Buffer.from(content))
      .setProtectedHeader({ alg, enc: CONTENT_ALGORITHM })
      .encrypt(key);
    return { secret, header };
  } catch {
    throw refused('nothing can be encrypted for its answerKey', HINT);
  }
}

/** Takes only the members that make a key, so that nothing else of the client's object is believed. */
function publicKeyOf(given: unknown): JWK {
  if (typeof given !== 'object' || given === null) throw refused('its answerKey is no JWK', HINT);
  const { kty, crv, x, y, n, e } = given as Readonly<Record<string, unknown>>;
  if (PRIVATE_MEMBERS.some((name) => Object.hasOwn(given, name)))
    throw refused('its answerKey is a private or secret key, which must never be sent', HINT);
  if (kty === 'EC' && crv === 'P-256' && typeof x === 'string' && typeof y === 'string')
    return { kty, crv, x, y };
  if (kty === 'RSA' && typeof n === 'string' && typeof e === 'string') {
    const { least, most } = RSA_MODULUS_CHARACTERS;
    if (n.length >= least && n.length <= most && e.length <= 8) return { kty, n, e };
    throw refused('its answerKey must have 2048 to 4096 bits', HINT);
  }
  throw refused('its answerKey is neither an RSA key nor one on the curve P-256', HINT);
}
