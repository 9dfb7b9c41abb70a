/** Encrypts an answer as records (record-keys.ts) while it is written. */
import { createCipheriv, randomBytes } from 'node:crypto';
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

/** The size of a record: what is encrypted in one call, and what a reader must hold. */
const RECORD_BYTES = 64 * 1024;
const NOTHING = Buffer.alloc(0);

export class RecordWriter {
  readonly #keys: RecordKeys;
  readonly #contentBytes: number;
  #header: Buffer;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #records = 0;

  /** `secret` must be random and used for this answer only. */
  constructor(secret: Buffer, recordBytes = RECORD_BYTES) {
    const salt = randomBytes(SALT_BYTES);
    this.#keys = recordKeys(secret, salt);
    this.#contentBytes = recordBytes - RECORD_OVERHEAD_BYTES;
    this.#header = Buffer.alloc(FIXED_HEADER_BYTES);
    salt.copy(this.#header);
    this.#header.writeUInt32BE(recordBytes, SALT_BYTES);
  }

  /** Returns what can be sent now: whole records, possibly none. The bytes may be reused afterwards. */
  write(bytes: Buffer): Buffer {
    if (this.#heldBytes + bytes.length <= this.#contentBytes) {
      if (bytes.length > 0) this.#hold(Buffer.from(bytes));
      return NOTHING;
    }
    const all = Buffer.concat([...this.#held, bytes], this.#heldBytes + bytes.length);
    const out: Buffer[] = [];
    let at = 0;
    // A record is sent only when something follows it: the last one has another delimiter.
    for (; all.length - at > this.#contentBytes; at += this.#contentBytes)
      out.push(this.#record(all.subarray(at, at + this.#contentBytes), MORE_DELIMITER));
    this.#held = [];
    this.#heldBytes = 0;
    this.#hold(all.subarray(at));
    return this.#withHeader(out);
  }

  /** Returns the last record, with what was held back. */
  end(bytes: Buffer = NOTHING): Buffer {
    const before = this.write(bytes);
    const last = this.#record(Buffer.concat(this.#held, this.#heldBytes), LAST_DELIMITER);
    this.#held = [];
    this.#heldBytes = 0;
    return Buffer.concat([before, this.#withHeader([last])]);
  }

  #hold(bytes: Buffer): void {
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
  }

  #withHeader(records: readonly Buffer[]): Buffer {
    const header = this.#header;
    this.#header = NOTHING;
    return Buffer.concat([header, ...records]);
  }

  #record(content: Buffer, delimiter: number): Buffer {
    const cipher = createCipheriv(CIPHER, this.#keys.key, this.#keys.nonceOf(this.#records++), {
      authTagLength: TAG_BYTES,
    });
    const parts = [cipher.update(content), cipher.update(Buffer.of(delimiter)), cipher.final()];
    return Buffer.concat([...parts, cipher.getAuthTag()]);
  }
}
