/** Encrypted answers against another implementation of RFC 8188, and against whoever changes them on their way. */
import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { expect } from 'chai';
import { BrokenAnswer, RecordReader } from '../../../../core/encryption/record-reader.ts';
import { RecordWriter } from '../../../../core/encryption/record-writer.ts';

interface OtherImplementation {
  encrypt(content: Buffer, options: object): Buffer;
  decrypt(encrypted: Buffer, options: object): Buffer;
}
const other = createRequire(import.meta.url)('http_ece') as OtherImplementation;

const RECORD_BYTES = 64;
const CONTENT_BYTES = RECORD_BYTES - 17;
const HEADER_BYTES = 21;
const SIZES = [0, 1, CONTENT_BYTES - 1, CONTENT_BYTES, CONTENT_BYTES + 1, 2 * CONTENT_BYTES, 1000];

function written(secret: Buffer, content: Buffer, pieceBytes: number): Buffer {
  const writer = new RecordWriter(secret, RECORD_BYTES);
  const out: Buffer[] = [];
  for (let at = 0; at < content.length; at += pieceBytes) {
    const piece = Buffer.from(content.subarray(at, at + pieceBytes));
    out.push(writer.write(piece));
    piece.fill(0); // the caller may reuse it
  }
  return Buffer.concat([...out, writer.end()]);
}

function read(secret: Buffer, encrypted: Buffer, pieceBytes = encrypted.length + 1): Buffer {
  const reader = new RecordReader(secret);
  const out: Buffer[] = [];
  for (let at = 0; at < encrypted.length; at += pieceBytes)
    out.push(reader.read(encrypted.subarray(at, at + pieceBytes)));
  return Buffer.concat([...out, reader.end()]);
}

describe('encrypted records', () => {
  const secret = randomBytes(16);
  const options = { version: 'aes128gcm', key: secret.toString('base64url') };

  for (const size of SIZES)
    it(`of ${size} bytes are read by another implementation, and its are read`, () => {
      // Zeros at the end look like padding.
      for (const content of [randomBytes(size), Buffer.alloc(size)])
        for (const pieceBytes of [1, 7, CONTENT_BYTES, 5000]) {
          const encrypted = written(secret, content, pieceBytes);
          expect(other.decrypt(encrypted, options)).to.deep.equal(content);
          expect(read(secret, encrypted, pieceBytes)).to.deep.equal(content);
          const theirs = other.encrypt(content, { ...options, rs: RECORD_BYTES, keyid: 'a' });
          expect(read(secret, theirs, pieceBytes)).to.deep.equal(content);
        }
    });

  it('are broken when any byte of them is changed, or any number of bytes is missing at their end', () => {
    const encrypted = written(secret, randomBytes(200), 50);
    for (let at = 0; at < encrypted.length; at++) {
      const changed = Buffer.from(encrypted);
      changed[at]! ^= 1;
      expect(() => read(secret, changed), `byte ${at}`).to.throw(BrokenAnswer);
      expect(() => read(secret, encrypted.subarray(0, at)), `cut at ${at}`).to.throw(BrokenAnswer);
    }
  });

  it('are broken when they are in another order, repeated, or of another answer', () => {
    const [first, second] = [written(secret, randomBytes(200), 50), written(secret, randomBytes(200), 50)];
    const recordsOf = (bytes: Buffer): Buffer[] =>
      [0, 1, 2, 3].map((number) =>
        bytes.subarray(HEADER_BYTES + number * RECORD_BYTES, HEADER_BYTES + (number + 1) * RECORD_BYTES),
      );
    const [a, b, c, d] = recordsOf(first) as [Buffer, Buffer, Buffer, Buffer];
    const header = first.subarray(0, HEADER_BYTES);
    for (const records of [
      [b, a, c, d],
      [a, c, d],
      [a, a, b, c, d],
      [a, b, d],
      [a, recordsOf(second)[1]!, c, d],
    ])
      expect(() => read(secret, Buffer.concat([header, ...records]))).to.throw(BrokenAnswer);
    const rest = first.subarray(HEADER_BYTES + 4 * RECORD_BYTES);
    expect(read(secret, Buffer.concat([header, a, b, c, d, rest]))).to.have.length(200);
  });

  it('are not read with another secret, nor with records of sizes that no server sends', () => {
    const encrypted = written(secret, randomBytes(10), 50);
    expect(() => read(randomBytes(16), encrypted)).to.throw(BrokenAnswer);
    for (const size of [0, 17, 2 ** 31]) {
      const changed = Buffer.from(encrypted);
      changed.writeUInt32BE(size, 16);
      expect(() => read(secret, changed)).to.throw(BrokenAnswer, `${size} bytes`);
    }
  });
});
