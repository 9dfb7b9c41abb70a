/**
 * Bytes that wait for a pipe, in pieces that are handed to it one after the other. A pipe holds 64 KB, far less than a batch of rows, and its socket
 * says that there is room only when it holds nothing more: a writer that began then to make the next batch would leave the reader without work meanwhile.
 */

/** Bytes that may wait while more are made. */
const AHEAD_BYTES = 512 * 1024;

export interface PipeEnd {
  /** Returns false when the writer must wait until it is told that there is room (`wasDrained`). */
  write(bytes: Buffer): boolean;
}

export class WriteAhead {
  readonly #pipe: PipeEnd;
  readonly #onRoom: () => void;
  readonly #waiting: Buffer[] = [];
  #waitingBytes = 0;
  /** Whether the pipe has something that it did not take yet. */
  #isBusy = false;
  #most = AHEAD_BYTES;

  /** `onRoom` is called after `write`, or `finish`, returned false. */
  constructor(pipe: PipeEnd, onRoom: () => void) {
    this.#pipe = pipe;
    this.#onRoom = onRoom;
  }

  /** Takes the buffer. Returns false when no more are to be made for now. */
  write(bytes: Buffer): boolean {
    if (this.#isBusy) {
      this.#waiting.push(bytes);
      this.#waitingBytes += bytes.length;
    } else this.#isBusy = !this.#pipe.write(bytes);
    return this.#hasRoom;
  }

  /** Says whether the pipe has got everything; from now on `onRoom` tells of that. */
  finish(): boolean {
    this.#most = 0;
    return this.#hasRoom;
  }

  /** The pipe has room again. */
  wasDrained(): void {
    this.#isBusy = false;
    while (!this.#isBusy && this.#waiting.length > 0) {
      const bytes = this.#waiting.shift()!;
      this.#waitingBytes -= bytes.length;
      this.#isBusy = !this.#pipe.write(bytes);
    }
    if (this.#hasRoom) this.#onRoom();
  }

  get #hasRoom(): boolean {
    return this.#waitingBytes <= this.#most;
  }
}
