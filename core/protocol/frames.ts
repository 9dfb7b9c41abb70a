/**
 * Frames on a unix-domain socket between server, workers and logger: `u32 length (LE) | u8 kind | payload`, where
 * length counts the payload. Kind 0 is one JSON message, kind 1 is result bytes. The reader passes result bytes on as
 * views of the chunks that arrived (a data frame may come in several pieces), so that large results are never copied;
 * JSON messages are small, and their pieces are joined.
 */
import type { Socket } from 'node:net';

const HEADER_BYTES = 5;
const MESSAGE_KIND = 0;
const DATA_KIND = 1;
/** The longest JSON message: room for a query text of 1 MB, escaped, with parameters. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
const NO_BYTES: Buffer = Buffer.alloc(0);

export function messageFrame(message: object): Buffer {
  const json = JSON.stringify(message);
  const length = Buffer.byteLength(json);
  const frame = Buffer.allocUnsafe(HEADER_BYTES + length);
  frame.writeUInt32LE(length, 0);
  frame[4] = MESSAGE_KIND;
  frame.write(json, HEADER_BYTES);
  return frame;
}

/** Returns the header of a data frame; the caller writes `length` bytes after it. */
export function dataHeader(length: number): Buffer {
  const header = Buffer.allocUnsafe(HEADER_BYTES);
  header.writeUInt32LE(length, 0);
  header[4] = DATA_KIND;
  return header;
}

/**
 * Writes one data frame without copying. `onWritten` is called once the bytes may be reused, and never when they could not
 * be written. Returns false when the socket's buffer is full: the caller then waits for 'drain'.
 */
export function writeData(socket: Socket, bytes: Buffer, onWritten?: () => void): boolean {
  if (bytes.length === 0) return true;
  socket.cork();
  socket.write(dataHeader(bytes.length));
  const more = socket.write(bytes, (error) => {
    if (!error) onWritten?.();
  });
  socket.uncork();
  return more;
}

export function writeMessage(socket: Socket, message: object): boolean {
  return socket.write(messageFrame(message));
}

export interface FrameHandlers {
  onMessage(message: unknown): void;
  /** Called with each piece of result bytes, in order. `bytes` is a view that is overwritten later: copy it to keep it. */
  onData(bytes: Buffer): void;
}

/**
 * Returns a function that takes each chunk as it arrives. It throws when the frames are malformed, and keeps no view of
 * the chunk, so that the chunk's buffer may be filled again.
 */
export function createFrameReader(handlers: FrameHandlers): (chunk: Buffer) => void {
  let header = NO_BYTES;
  let kind = -1;
  let remaining = 0;
  let pieces: Buffer[] = [];

  function finishMessage(): void {
    const bytes = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
    pieces = [];
    handlers.onMessage(JSON.parse(bytes.toString('utf8')));
  }

  function readHeader(chunk: Buffer, offset: number): number {
    const wanted = HEADER_BYTES - header.length;
    const piece = chunk.subarray(offset, offset + wanted);
    header = header.length === 0 && piece.length === HEADER_BYTES ? piece : Buffer.concat([header, piece]);
    if (header.length < HEADER_BYTES) return chunk.length;
    remaining = header.readUInt32LE(0);
    kind = header[4]!;
    header = NO_BYTES;
    if (kind !== MESSAGE_KIND && kind !== DATA_KIND) throw new Error(`frame of unknown kind ${kind}`);
    if (kind === MESSAGE_KIND && remaining > MAX_MESSAGE_BYTES)
      throw new Error(`message of ${remaining} bytes is over ${MAX_MESSAGE_BYTES}`);
    return offset + piece.length;
  }

  return (chunk) => {
    let offset = 0;
    while (offset < chunk.length) {
      if (kind === -1) {
        offset = readHeader(chunk, offset);
        if (kind === -1) return;
      }
      const piece = chunk.subarray(offset, offset + remaining);
      offset += piece.length;
      remaining -= piece.length;
      if (kind === DATA_KIND) {
        if (piece.length > 0) handlers.onData(piece);
      } else if (piece.length > 0) pieces.push(remaining === 0 ? piece : Buffer.from(piece));
      if (remaining === 0) {
        const finished = kind;
        kind = -1;
        if (finished === MESSAGE_KIND) finishMessage();
      }
    }
  };
}
