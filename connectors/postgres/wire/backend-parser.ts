/**
 * Divides the bytes from PostgreSQL into messages, without copying messages that arrived complete. A message that is spread over
 * several chunks is gathered in one buffer of its full length. The exceptions are CopyData, whose payload is passed on piece
 * by piece, and bytes that `accept` does not want, which are dropped as they arrive: so a value of 500 MB costs nothing when
 * its answer has already failed, and an error's text of 500 MB is cut. The caller may reuse a chunk when the call returns.
 */

export const BackendMessage = {
  parseComplete: 0x31,
  bindComplete: 0x32,
  notification: 0x41,
  commandComplete: 0x43,
  dataRow: 0x44,
  error: 0x45,
  copyInResponse: 0x47,
  emptyQuery: 0x49,
  notice: 0x4e,
  parameterStatus: 0x53,
  rowDescription: 0x54,
  copyBothResponse: 0x57,
  readyForQuery: 0x5a,
  copyDone: 0x63,
  copyData: 0x64,
  noData: 0x6e,
  portalSuspended: 0x73,
  parameterDescription: 0x74,
} as const;

const HEADER_BYTES = 5;
const EMPTY = Buffer.alloc(0);

export interface BackendHandlers {
  /** Takes a complete message: its payload is bytes[start, end), a view, and its header the five bytes before. */
  onMessage(type: number, bytes: Buffer, start: number, end: number): void;
  /** Takes a piece of a CopyData payload, a view, in order; `last` says that the message ends with it. */
  onCopyData(bytes: Buffer, start: number, end: number, last: boolean): void;
  /**
   * Returns how many bytes of an incomplete message's payload are wanted, before it is gathered. With 0 it is dropped; if it
   * is cut, `onMessage` gets its beginning, with the cut length in the header.
   */
  accept(type: number, payloadBytes: number): number;
}

/** Returns a function that takes each chunk as it arrives on the connection. */
export function createBackendParser(handlers: BackendHandlers): (chunk: Buffer) => void {
  /** The header of an incomplete message, as far as it has arrived. */
  let header = EMPTY;
  /** The incomplete message, or its wanted beginning; null while its header is not complete. */
  let message: Buffer | null = null;
  let gathered = 0;
  /** The bytes still to come of a CopyData payload, or of a dropped one. */
  let streaming = 0;
  let dropping = false;
  /** The bytes to drop behind the wanted part of the incomplete message. */
  let surplus = 0;

  function continueStream(chunk: Buffer): number {
    const taken = Math.min(streaming, chunk.length);
    streaming -= taken;
    if (!dropping && taken > 0) handlers.onCopyData(chunk, 0, taken, streaming === 0);
    return taken;
  }

  /** Takes from `chunk` the bytes that the incomplete message lacks; returns their number. */
  function continueGathering(chunk: Buffer): number {
    let taken = 0;
    if (message === null) {
      taken = Math.min(HEADER_BYTES - header.length, chunk.length);
      header = Buffer.concat([header, chunk.subarray(0, taken)]);
      if (header.length < HEADER_BYTES) return taken;
      expect();
    }
    return message === null ? taken : taken + fill(message, chunk, taken);
  }

  /** Copies missing bytes into `target` from `chunk`, starting at `offset`; returns their number. */
  function fill(target: Buffer, chunk: Buffer, offset: number): number {
    const copied = chunk.copy(
      target,
      gathered,
      offset,
      Math.min(chunk.length, offset + target.length - gathered),
    );
    gathered += copied;
    if (gathered === target.length) finishGathering(target);
    return copied;
  }

  /** Decides, once the header of an incomplete message is known, what happens with its payload. */
  function expect(): void {
    const type = header[0]!;
    const payloadBytes = header.readUInt32BE(1) + 1 - HEADER_BYTES;
    const wanted = Math.min(payloadBytes, handlers.accept(type, payloadBytes));
    dropping = wanted === 0 && payloadBytes > 0;
    if (dropping || type === BackendMessage.copyData) {
      streaming = payloadBytes;
      if (payloadBytes === 0) handlers.onCopyData(EMPTY, 0, 0, true);
    } else {
      message = Buffer.allocUnsafe(HEADER_BYTES + wanted);
      header.copy(message);
      message.writeUInt32BE(HEADER_BYTES + wanted - 1, 1);
      gathered = HEADER_BYTES;
      surplus = payloadBytes - wanted;
    }
    header = EMPTY;
  }

  function finishGathering(whole: Buffer): void {
    message = null;
    gathered = 0;
    dropping = surplus > 0;
    streaming = surplus;
    surplus = 0;
    handlers.onMessage(whole[0]!, whole, HEADER_BYTES, whole.length);
  }

  return (chunk) => {
    let offset = 0;
    while (streaming > 0 || message !== null || header.length > 0) {
      if (offset === chunk.length) return;
      const rest = offset === 0 ? chunk : chunk.subarray(offset);
      offset += streaming > 0 ? continueStream(rest) : continueGathering(rest);
    }
    while (offset + HEADER_BYTES <= chunk.length) {
      const type = chunk[offset]!;
      const length =
        (chunk[offset + 1]! << 24) |
        (chunk[offset + 2]! << 16) |
        (chunk[offset + 3]! << 8) |
        chunk[offset + 4]!;
      const start = offset + HEADER_BYTES;
      const end = offset + 1 + length;
      if (end > chunk.length) break;
      if (type === BackendMessage.copyData) handlers.onCopyData(chunk, start, end, true);
      else handlers.onMessage(type, chunk, start, end);
      offset = end;
    }
    while (offset < chunk.length) {
      const rest = chunk.subarray(offset);
      offset += streaming > 0 ? continueStream(rest) : continueGathering(rest);
    }
  };
}
