/**
 * API keys: `fk_<id>_<secret>`. The id finds the key's entry, the secret (256 random bits) proves that it is meant. Only the
 * SHA-256 of the whole key is kept; a secret of 256 bits needs no salt and no slow hash.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const ID_BYTES = 6;
const SECRET_BYTES = 32;
const KEY = /^fk_([0-9a-f]{12})_[A-Za-z0-9_-]{43}$/;

export interface NewKey {
  readonly id: string;
  /** The key itself, which nothing keeps. */
  readonly key: string;
  readonly hash: string;
}

export function makeKey(): NewKey {
  const id = randomBytes(ID_BYTES).toString('hex');
  const key = `fk_${id}_${randomBytes(SECRET_BYTES).toString('base64url')}`;
  return { id, key, hash: hashOf(key).toString('hex') };
}

/** The id in a text of the form of a key; null for any other text. */
export function keyIdOf(text: string): string | null {
  return KEY.exec(text)?.[1] ?? null;
}

/** Whether the key is the one of this hash, in a time that does not depend on where they differ. */
export function isKeyOf(key: string, hash: Buffer): boolean {
  return timingSafeEqual(hashOf(key), hash);
}

function hashOf(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
