/**
 * Divides the bytes from PostgreSQL into messages, without copying messages that arrived complete. A message that is spread over
 * several chunks is gathered in one buffer of its full length. The exceptions are messages of one type, CopyData or DataRow, which are passed on as they
 * come, as many at a time as lie side by side, and bytes that `accept` does not want, which are dropped as they arrive: so a value of
 * 500 MB costs nothing when its answer has already failed, and an error's text of 500 MB is cut. The caller may reuse a chunk when
 * the call returns.
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

/** The messages in one piece that is passed on. The object is valid during the call only. */
export interface FoundMessages {
  /** The number of messages that end in the piece. */
  messages: number;
  /** The payload's length of the longest message whose header is in the piece. */
  longest: number;
}

export interface BackendHandlers {
  /** Takes a complete message: its payload is bytes[start, end), a view, and its header the five bytes before. */
  onMessage(type: number, bytes: Buffer, start: number, end: number): void;
  /** Returns the type of the messages that are passed on as they come. It changes between exchanges only. */
  passedOn(): number;
  /** Takes bytes[start, end) of such messages, in order and with their headers. They are a view. */
  onPassedOn(bytes: Buffer, start: number, end: number, found: FoundMessages): void;
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
  /** The bytes still to come of a payload that is passed on, or of a dropped one. */
  let streaming = 0;
  let dropping = false;
  const found: FoundMessages = { messages: 0, longest: 0 };
  /** The bytes to drop behind the wanted part of the incomplete message. */
  let surplus = 0;
  /** The type of the messages that are passed on; it is asked for with each chunk. */
  let passed: number = BackendMessage.copyData;

  function continueStream(chunk: Buffer): number {
    const taken = Math.min(streaming, chunk.length);
    streaming -= taken;
    if (!dropping && taken > 0) passOn(chunk, 0, taken, streaming === 0 ? 1 : 0, 0);
    return taken;
  }

  function passOn(bytes: Buffer, start: number, end: number, messages: number, longest: number): void {
    found.messages = messages;
    found.longest = longest;
    handlers.onPassedOn(bytes, start, end, found);
  }

  /** Passes on the whole messages that lie side by side from `start` on, where one does; returns their end. */
  function passRunOn(chunk: Buffer, start: number): number {
    const last = chunk.length - HEADER_BYTES;
    let at = start;
    let messages = 0;
    let longest = 0;
    while (at <= last && chunk[at] === passed) {
      const length = lengthAt(chunk, at);
      const end = at + 1 + length;
      if (end > chunk.length) break;
      if (length > longest) longest = length;
      messages++;
      at = end;
    }
    passOn(chunk, start, at, messages, longest + 1 - HEADER_BYTES);
    return at;
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
    if (dropping || type === passed) {
      streaming = payloadBytes;
      if (!dropping) passOn(header, 0, HEADER_BYTES, payloadBytes === 0 ? 1 : 0, payloadBytes);
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
    passed = handlers.passedOn();
    while (streaming > 0 || message !== null || header.length > 0) {
      if (offset === chunk.length) return;
      const rest = offset === 0 ? chunk : chunk.subarray(offset);
      offset += streaming > 0 ? continueStream(rest) : continueGathering(rest);
    }
    while (offset + HEADER_BYTES <= chunk.length) {
      const type = chunk[offset]!;
      const end = offset + 1 + lengthAt(chunk, offset);
      if (end > chunk.length) break;
      if (type === passed) offset = passRunOn(chunk, offset);
      else {
        handlers.onMessage(type, chunk, offset + HEADER_BYTES, end);
        offset = end;
      }
    }
    while (offset < chunk.length) {
      const rest = chunk.subarray(offset);
      offset += streaming > 0 ? continueStream(rest) : continueGathering(rest);
    }
  };
}

/** Returns the length that a message's header at `at` says, which counts itself and the payload. */
function lengthAt(chunk: Buffer, at: number): number {
  return (chunk[at + 1]! << 24) | (chunk[at + 2]! << 16) | (chunk[at + 3]! << 8) | chunk[at + 4]!;
}
