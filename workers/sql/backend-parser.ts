/**
 * Cuts what PostgreSQL sends into messages, without copying those that arrived whole. A message that is spread
 * over several chunks is gathered once its length is known (never re-copied as it grows), except CopyData, whose
 * payload is handed on piece by piece, and whatever `accept` declines, which is dropped as it arrives: so a value
 * of 500 MB costs nothing when its answer has already failed. A chunk is the caller's again when the call returns: what
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
  /** Asked before a message that is not here whole is gathered; false drops it. */
  accept(type: number, payloadBytes: number): boolean;
}

/** Returns a function to be fed with whatever arrives on the connection. */
export function createBackendParser(handlers: BackendHandlers): (chunk: Buffer) => void {
  /** Begin of a message that is not here whole. */
  let pieces: Buffer[] = [];
  let gathered = 0;
  /** Bytes of the gathered message, header included; 0 while its header is not whole. */
  let wanted = 0;
  /** Bytes still to come of a CopyData payload, or of a message that is dropped. */
  let streaming = 0;
  let dropping = false;

  function continueStream(chunk: Buffer): number {
    const taken = Math.min(streaming, chunk.length);
    streaming -= taken;
    if (!dropping && taken > 0) handlers.onCopyData(chunk, 0, taken, streaming === 0);
    return taken;
  }

  /** Takes from `chunk` what the gathered message lacks; returns how much. */
  function continueGathering(chunk: Buffer): number {
    let taken = 0;
    if (wanted === 0) {
      taken = Math.min(HEADER_BYTES - gathered, chunk.length);
      keep(chunk.subarray(0, taken));
      if (gathered < HEADER_BYTES) return taken;
      const header = Buffer.concat(pieces);
      pieces = [header];
      if (!expect(header[0]!, header.readUInt32BE(1) + 1)) {
        pieces = [];
        gathered = 0;
        return taken;
      }
    }
    const more = Math.min(wanted - gathered, chunk.length - taken);
    keep(chunk.subarray(taken, taken + more));
    if (gathered === wanted) finishGathering();
    return taken + more;
  }

  function keep(piece: Buffer): void {
    if (piece.length > 0) pieces.push(Buffer.from(piece));
    gathered += piece.length;
  }

  /** The header of an incomplete message is known: true when its payload is to be gathered. */
  function expect(type: number, messageBytes: number): boolean {
    dropping = !handlers.accept(type, messageBytes - HEADER_BYTES);
    if (dropping || type === BackendMessage.copyData) {
      streaming = messageBytes - HEADER_BYTES;
      if (streaming === 0 && !dropping) handlers.onCopyData(EMPTY, 0, 0, true);
      return false;
    }
    wanted = messageBytes;
    return true;
  }

  function finishGathering(): void {
    const message = Buffer.concat(pieces, gathered);
    pieces = [];
    gathered = 0;
    wanted = 0;
    handlers.onMessage(message[0]!, message, HEADER_BYTES, message.length);
  }

  /** Keeps the begin of a message that `chunk` does not hold whole. */
  function keepRest(chunk: Buffer, offset: number): void {
    const rest = chunk.subarray(offset);
    if (rest.length < HEADER_BYTES || expect(rest[0]!, rest.readUInt32BE(1) + 1)) {
      keep(rest);
      return;
    }
    const payload = rest.subarray(HEADER_BYTES);
    if (payload.length > 0) continueStream(payload);
  }

  return (chunk) => {
    let offset = 0;
    while (streaming > 0 || gathered > 0) {
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
    if (offset < chunk.length) keepRest(chunk, offset);
  };
}
