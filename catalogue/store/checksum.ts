/** The checksum of a migration as Flyway computes it, so that each reads what the other has recorded. */
import { crc32 } from 'node:zlib';

/** Returns the CRC-32 over the lines without their ends, in UTF-8 and without a byte order mark, as a signed 32-bit number. */
export function flywayChecksum(text: string): number {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/);
  return crc32(Buffer.from(lines.join(''))) | 0;
}
