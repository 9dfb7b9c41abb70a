/** Decrypts an answer of records (record-keys.ts) while it arrives, and refuses one that was changed, reordered or cut off. */
import { createDecipheriv } from 'node:crypto';
import {
  CIPHER,
  FIXED_HEADER_BYTES,
  LAST_DELIMITER,
  MORE_DELIMITER,
  RECORD_OVERHEAD_BYTES,
  type RecordKeys,
  recordKeys,
  SALT_BYTES,
  TAG_BYTES,
} from './record-keys.ts';

/** The largest record that is read: one must be held in memory. */
const MOST_RECORD_BYTES = 1024 * 1024;

/** The answer is not what the server encrypted, or not all of it. */
export class BrokenAnswer extends Error {}

export class RecordReader {
  readonly #secret: Buffer;
  #keys: RecordKeys | null = null;
  #recordBytes = 0;
  #held = Buffer.alloc(0);
  #records = 0;

  constructor(secret: Buffer) {
    this.#secret = secret;
  }

  /** Returns the content of the records that are certain to be followed by another. Throws BrokenAnswer. */
  read(bytes: Buffer): Buffer {
    this.#held = Buffer.concat([this.#held, bytes]);
    if (this.#keys === null && !this.#readHeader()) return Buffer.alloc(0);
    const contents: Buffer[] = [];
    let at = 0;
    for (; this.#held.length - at > this.#recordBytes; at += this.#recordBytes)
      contents.push(this.#content(this.#held.subarray(at, at + this.#recordBytes), MORE_DELIMITER));
    this.#held = this.#held.subarray(at);
    return Buffer.concat(contents);
  }

  /** Returns the content of the last record. Throws BrokenAnswer when it is not the last one. */
  end(): Buffer {
    if (this.#keys === null) throw new BrokenAnswer('the encrypted answer ends in its header');
    return this.#content(this.#held, LAST_DELIMITER);
  }

  #readHeader(): boolean {
    const held = this.#held;
    if (held.length < FIXED_HEADER_BYTES) return false;
    const headerBytes = FIXED_HEADER_BYTES + held[FIXED_HEADER_BYTES - 1]!;
    if (held.length < headerBytes) return false;
    this.#recordBytes = held.readUInt32BE(SALT_BYTES);
    if (this.#recordBytes <= RECORD_OVERHEAD_BYTES || this.#recordBytes > MOST_RECORD_BYTES)
      throw new BrokenAnswer(`the encrypted answer has records of ${this.#recordBytes} bytes`);
    this.#keys = recordKeys(this.#secret, held.subarray(0, SALT_BYTES));
    this.#held = held.subarray(headerBytes);
    return true;
  }

  #content(record: Buffer, delimiter: number): Buffer {
    const number = this.#records++;
    const plain = this.#decrypted(record, number);
    let end = plain.length - 1;
    while (end >= 0 && plain[end] === 0) end--; // padding
    if (plain[end] === delimiter) return plain.subarray(0, end);
    throw new BrokenAnswer(
      delimiter === LAST_DELIMITER
        ? 'the encrypted answer was cut off: its last record is missing'
        : `the encrypted answer goes on after its last record (${number + 1})`,
    );
  }

  #decrypted(record: Buffer, number: number): Buffer {
    const tagAt = record.length - TAG_BYTES;
    if (tagAt < 1) throw new BrokenAnswer('the encrypted answer was cut off');
    const { key, nonceOf } = this.#keys!; // set with the header, before any record
    const decipher = createDecipheriv(CIPHER, key, nonceOf(number), { authTagLength: TAG_BYTES });
    decipher.setAuthTag(record.subarray(tagAt));
    try {
      return Buffer.concat([decipher.update(record.subarray(0, tagAt)), decipher.final()]);
    } catch {
      throw new BrokenAnswer(
        `record ${number + 1} of the encrypted answer was changed, moved or cut off on its way`,
      );
    }
  }
}
