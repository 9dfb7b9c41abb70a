/**
 * Cuts what PostgreSQL sends into messages, without copying those that arrived whole. A message that is spread
 * over several chunks is gathered once its length is known (never re-copied as it grows), except CopyData, whose
 * payload is handed on piece by piece, and what is more than `accept` wants, which is dropped as it arrives: so a value
 * of 500 MB costs nothing when its answer has already failed, and an error's text of 500 MB is cut. A chunk is the caller's again when the call returns: what
 * is needed of it later is copied.
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
  /** One whole message: its payload is bytes[start, end), its header the five bytes before. A view. */
  onMessage(type: number, bytes: Buffer, start: number, end: number): void;
  /** A piece of a CopyData payload, in order; `last` says that the message ends with it. A view. */
  onCopyData(bytes: Buffer, start: number, end: number, last: boolean): void;
  /**
   * Asked before a message that is not here whole is gathered: how many bytes of its payload are wanted. 0 drops it; of
   * one that is cut, `onMessage` gets the beginning, under a header that says so.
   */
  accept(type: number, payloadBytes: number): number;
}

/** Returns a function to be fed with whatever arrives on the connection. */
export function createBackendParser(handlers: BackendHandlers): (chunk: Buffer) => void {
  /** The header of a message that is not here whole, as far as it has arrived. */
  let header = EMPTY;
  /** The message under way, or the beginning of it that is wanted; null while its header is not whole. */
  let message: Buffer | null = null;
  let gathered = 0;
  /** Bytes still to come of a CopyData payload, or of what is dropped. */
  let streaming = 0;
  let dropping = false;
  /** Bytes to drop behind the message under way. */
  let surplus = 0;

  function continueStream(chunk: Buffer): number {
    const taken = Math.min(streaming, chunk.length);
    streaming -= taken;
    if (!dropping && taken > 0) handlers.onCopyData(chunk, 0, taken, streaming === 0);
    return taken;
  }

  /** Takes from `chunk` what the message under way lacks; returns how much. */
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

  /** Copies into `target` what it lacks and `chunk` has from `offset` on; returns how much. */
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

  /** The header of an incomplete message is known: what becomes of its payload. */
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
