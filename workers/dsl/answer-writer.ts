/**
 * The answer's way to the server: head first, then rows as they come, with back-pressure and the byte limit. An
 * answer that fails before its first row has sent nothing at all.
 */
import type { Socket } from 'node:net';
import { QueryError } from '../../core/protocol/errors.ts';
import { writeData } from '../../core/protocol/frames.ts';

export class AnswerWriter {
  readonly #socket: Socket;
  readonly #head: Buffer;
  readonly #maxBytes: number;
  #bytes = 0;
  #startedAt: number | null = null;
  #abandoned = false;
  #wake: () => void = () => {};

  constructor(socket: Socket, head: Buffer, maxBytes: number) {
    this.#socket = socket;
    this.#head = head;
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** performance.now() at the first bytes; null before. */
  get startedAt(): number | null {
    return this.#startedAt;
  }

  /** false: wait for `drained()`. Throws result-too-large. */
  write(piece: Buffer): boolean {
    this.#start();
    this.#count(piece.length);
    return writeData(this.#socket, piece);
  }

  /** Writes all rows of a short answer, so that they leave together with the head and the reply that follows. */
  writeLast(rows: Buffer): void {
    const socket = this.#socket;
    socket.cork();
    process.nextTick(() => socket.uncork());
    this.write(rows);
  }

  /** Writes the head of an answer without rows. */
  end(): void {
    this.#start();
  }

  /** Resolves when the socket takes more, is closed, or the answer was abandoned. */
  drained(): Promise<void> {
    const socket = this.#socket;
    if (this.#abandoned || socket.destroyed || !socket.writableNeedDrain) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        socket.off('drain', wake);
        socket.off('close', wake);
        resolve();
      };
      this.#wake = wake;
      socket.on('drain', wake);
      socket.on('close', wake);
    });
  }

  /** The answer has failed: nobody need wait for its reader any more. */
  abandon(): void {
    this.#abandoned = true;
    this.#wake();
  }

  #start(): void {
    if (this.#startedAt !== null) return;
    this.#startedAt = performance.now();
    this.#count(this.#head.length);
    writeData(this.#socket, this.#head);
  }

  #count(length: number): void {
    this.#bytes += length;
    if (this.#bytes <= this.#maxBytes) return;
    throw new QueryError('result-too-large', `the answer is larger than ${this.#maxBytes} bytes`, {
      hint: 'aggregate, or take fewer rows or columns',
      limit: { name: 'resultBytes', value: this.#maxBytes, observed: this.#bytes },
    });
  }
}
