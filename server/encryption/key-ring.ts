/** The private keys with which queries are read, by the thumbprint of their public half (RFC 7638), and what clients are told of them. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';

export const KEY_ALGORITHM = 'RSA-OAEP-256';
export const CONTENT_ALGORITHM = 'A256GCM';

/** The key set of /.well-known/jwks.json: the one key that clients should use now. */
export interface OfferedKeys {
  readonly keys: readonly object[];
}

export interface KeyRing {
  readonly offered: OfferedKeys;
  /** Returns null for a key that is not of this server, or not any more. */
  find(keyId: string): KeyObject | null;
}

/** `pems`: at least one; the first is offered, and queries for all of them are read. */
export async function createKeyRing(pems: readonly string[]): Promise<KeyRing> {
  const keys = new Map<string, KeyObject>();
  const offered: object[] = [];
  for (const pem of pems) {
    const key = createPrivateKey(pem);
    const { kty, n, e } = createPublicKey(key).export({ format: 'jwk' });
    const kid = await calculateJwkThumbprint({ kty: kty!, n: n!, e: e! });
    if (keys.size === 0) offered.push({ kty, n, e, kid, use: 'enc', alg: KEY_ALGORITHM });
    keys.set(kid, key);
  }
  return { offered: { keys: offered }, find: (keyId) => keys.get(keyId) ?? null };
}
