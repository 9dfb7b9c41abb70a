/**
 * The answer's way to the server: head first, then rows as they come, with back-pressure and the byte limit. An
 * answer that fails before its first row has sent nothing at all.
 */
import type { Socket } from 'node:net';
import { QueryError } from '../errors.ts';
import { writeData } from '../frames.ts';

export interface AnswerWriter {
  /** false: wait for `drained()`. Throws result-too-large. */
  write(bytes: Buffer): boolean;
  /** Writes the head of an answer without rows. */
  end(): void;
  /** Resolves when the socket takes more, is closed, or the answer was abandoned. */
  drained(): Promise<void>;
  /** The answer has failed: nobody need wait for its reader any more. */
  abandon(): void;
  readonly bytes: number;
  /** performance.now() at the first bytes; null before. */
  readonly startedAt: number | null;
}

export function createAnswerWriter(socket: Socket, head: Buffer, maxBytes: number): AnswerWriter {
  let bytes = 0;
  let startedAt: number | null = null;
  let abandoned = false;
  let wake: () => void = () => {};

  function count(length: number): void {
    bytes += length;
    if (bytes <= maxBytes) return;
    throw new QueryError('result-too-large', `the answer is larger than ${maxBytes} bytes`, {
      hint: 'aggregate, or take fewer rows or columns',
      limit: { name: 'resultBytes', value: maxBytes, observed: bytes },
    });
  }

  function start(): void {
    if (startedAt !== null) return;
    startedAt = performance.now();
    count(head.length);
    writeData(socket, head);
  }

  return {
    write(piece) {
      start();
      count(piece.length);
      return writeData(socket, piece);
    },
    end: start,
    drained() {
      if (abandoned || socket.destroyed || !socket.writableNeedDrain) return Promise.resolve();
      return new Promise((resolve) => {
        wake = () => {
          socket.off('drain', wake);
          socket.off('close', wake);
          resolve();
        };
        socket.on('drain', wake);
        socket.on('close', wake);
      });
    },
    abandon() {
      abandoned = true;
      wake();
    },
    get bytes() {
      return bytes;
    },
    get startedAt() {
      return startedAt;
    },
  };
}
