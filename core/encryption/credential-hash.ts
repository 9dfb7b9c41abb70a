/** The hash by which an encrypted query says with which credential it is sent. */
import { createHash } from 'node:crypto';

/** `authorization`: a header, `Bearer ...`. */
export function credentialHash(authorization: string): string {
  const credential = authorization.replace(/^bearer +/i, '').trim();
  return createHash('sha256').update(credential).digest('base64url');
}
