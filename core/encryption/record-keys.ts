/**
 * The format of encrypted answers, RFC 8188 (`Content-Encoding: aes128gcm`): a header, then records of one size, each
 * authenticated with its number, so that none can be changed, moved or left out. The last record says that it is the last.
 *
 *   salt 16 | record size 4 | length of key id 1 | key id | record | record | ... | last record
 */
import { createHmac } from 'node:crypto';

export const SALT_BYTES = 16;
/** The bytes of the header before the key id. */
export const FIXED_HEADER_BYTES = SALT_BYTES + 5;
export const TAG_BYTES = 16;
/** The bytes by which a record is longer than its content: the tag, and the delimiter between content and padding. */
export const RECORD_OVERHEAD_BYTES = TAG_BYTES + 1;
export const MORE_DELIMITER = 1;
export const LAST_DELIMITER = 2;
export const CIPHER = 'aes-128-gcm';
/** The media type of an encrypted query. */
export const ENCRYPTED_TYPE = 'application/jose';
/** The content coding of an encrypted answer. */
export const ENCRYPTED_CODING = 'aes128gcm';
/** The header of an encrypted answer with its key, which is encrypted for the client. */
export const ANSWER_KEY_HEADER = 'Forkline-Answer-Key';
/** The longest time for which a client may let an encrypted query be valid. */
export const LONGEST_VALID_SECONDS = 60;

const KEY_BYTES = 16;
const NONCE_BYTES = 12;

export interface RecordKeys {
  readonly key: Buffer;
  /** Returns the nonce of the record with this number, from 0. */
  nonceOf(number: number): Buffer;
}

/** Derives key and nonces from the answer's secret. */
export function recordKeys(secret: Buffer, salt: Buffer): RecordKeys {
  const pseudoRandom = createHmac('sha256', salt).update(secret).digest();
  const derive = (purpose: string, bytes: number): Buffer =>
    createHmac('sha256', pseudoRandom)
      .update(`Content-Encoding: ${purpose}\0\x01`, 'latin1')
      .digest()
      .subarray(0, bytes);
  const base = derive('nonce', NONCE_BYTES);
  return {
    key: derive('aes128gcm', KEY_BYTES),
    nonceOf(number) {
      const nonce = Buffer.from(base);
      // XOR with the number as 96 bits; 48 of them are more than any answer has.
      const low = base.readUIntBE(NONCE_BYTES - 6, 6);
      nonce.writeUIntBE(Number(BigInt(low) ^ BigInt(number)), NONCE_BYTES - 6, 6);
      return nonce;
    },
  };
}
