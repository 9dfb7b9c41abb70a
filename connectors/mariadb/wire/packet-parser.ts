/**
 * Cuts what MariaDB sends into packets, without copying those that arrived whole: 3 bytes of length (little-endian), one of
 * sequence, and the payload. A payload of 2^24 - 1 bytes goes on in the next packet; such a payload is gathered first.
 * What `accept` does not want is dropped as it arrives, so that a row of a gigabyte costs nothing when nobody takes it.
 */

const HEADER_BYTES = 4;
/** The length of a packet that another one continues. */
const CONTINUED = 0xffffff;
const EMPTY = Buffer.alloc(0);

export interface PacketHandlers {
  /** One whole payload, bytes[start, end). A view, good until the call returns. */
  onPacket(bytes: Buffer, start: number, end: number): void;
  /** Asked before a payload that is not here whole is gathered, with what is known of its length. False: it is dropped. */
  accept(payloadBytes: number): boolean;
}

/** Returns a function to be fed with whatever arrives on the connection. */
export function createPacketParser(handlers: PacketHandlers): (chunk: Buffer) => void {
  /** Bytes of an incomplete header. */
  let header = EMPTY;
  /** Pieces of the payload under way; null: it is dropped. */
  let pieces: Buffer[] | null = [];
  let gathered = 0;
  /** Bytes of the packet under way that are still to come; -1: no header is read. */
  let missing = -1;
  let continues = false;

  function begin(length: number): void {
    missing = length;
    continues = length === CONTINUED;
    if (pieces !== null && !handlers.accept(gathered + length)) pieces = null;
  }

  /** The packet under way is complete. */
  function finish(): void {
    missing = -1;
    if (continues) return;
    const whole = pieces;
    const bytes = gathered;
    pieces = [];
    gathered = 0;
    if (whole !== null) handlers.onPacket(Buffer.concat(whole, bytes), 0, bytes);
  }

  /** Takes from `chunk` what the packet under way lacks; returns up to where. */
  function gather(chunk: Buffer, offset: number): number {
    if (missing === -1) {
      const taken = Math.min(HEADER_BYTES - header.length, chunk.length - offset);
      header = Buffer.concat([header, chunk.subarray(offset, offset + taken)]);
      if (header.length < HEADER_BYTES) return offset + taken;
      begin(header.readUIntLE(0, 3));
      header = EMPTY;
      offset += taken;
    }
    const end = Math.min(chunk.length, offset + missing);
    if (pieces !== null) {
      pieces.push(Buffer.from(chunk.subarray(offset, end)));
      gathered += end - offset;
    }
    missing -= end - offset;
    if (missing === 0) finish();
    return end;
  }

  const isBetween = (): boolean => missing === -1 && header.length === 0 && gathered === 0 && pieces !== null;

  return (chunk) => {
    let offset = 0;
    while (offset < chunk.length) {
      if (isBetween() && offset + HEADER_BYTES <= chunk.length) {
        const length = chunk[offset]! | (chunk[offset + 1]! << 8) | (chunk[offset + 2]! << 16);
        const start = offset + HEADER_BYTES;
        if (length < CONTINUED && start + length <= chunk.length) {
          handlers.onPacket(chunk, start, start + length);
          offset = start + length;
          continue;
        }
      }
      offset = gather(chunk, offset);
    }
  };
}
