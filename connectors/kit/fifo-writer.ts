/**
 * The writing end of a DSL worker's FIFO.
 *
 *   opening --a reader is there--> open --end()--> ended (from opening too: what is queued is written first)
 *      |                            | the reader closed (EPIPE)
 *      +--- destroy() ---> closed <-+ (from ended too)
 *
 * The FIFO is opened without blocking, because a blocking open without a reader would hold a thread for ever. It is opened with
 * the first bytes, since the reader is usually there by then. While there is no reader the open fails with ENXIO and is tried
 * again, at first every millisecond, since a query on few rows waits longer for this than for its rows. Such an open never
 * waits, so it needs no thread of the pool. Writes are event-driven, and are queued while opening.
 */
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { QueryError } from '../../core/protocol/errors.ts';
import { ByteWriter, WriterStock } from './encode/byte-writer.ts';
import type { PipeEnd } from './write-ahead.ts';

/** The buffers of all pipes of this process: new ones for every 128 KB cost page faults, and collections of the whole heap. */
const BUFFERS = new WriterStock();

const RETRY_MS = 1;
/** The number of quick retries. After these the engine is not about to read (stages read this input second, or the worker is stuck). */
const HASTE_RETRIES = 30;
const SLOW_RETRY_MS = 16;

export interface FifoEvents {
  /** Called when there is room again after `write` returned false. */
  onDrain(): void;
  /** Called once, when the reader has closed the FIFO because it had enough; nothing is written after it. */
  onReaderClosed(): void;
  /** Called once, when the FIFO cannot be opened or written. */
  onError(error: QueryError): void;
}

type State = 'opening' | 'open' | 'ended' | 'closed';

const NEXT: Readonly<Record<State, readonly State[]>> = {
  opening: ['open', 'ended', 'closed'],
  open: ['ended', 'closed'],
  ended: ['closed'],
  closed: [],
};

export class FifoWriter {
  readonly #path: string;
  readonly #events: FifoEvents;
  readonly #queued: Buffer[] = [];
  readonly #closed: Promise<void>;
  #markClosed!: () => void;
  #state: State = 'opening';
  #socket: Socket | null = null;
  #retry: NodeJS.Timeout | undefined;

  constructor(path: string, events: FifoEvents) {
    this.#path = path;
    this.#events = events;
    this.#closed = new Promise((resolve) => {
      this.#markClosed = resolve;
    });
    this.#retry = setTimeout(() => this.#tryOpen(HASTE_RETRIES), RETRY_MS);
  }

  /** Returns a writer of bytes that are written here, or by way of `target`; `onFull` is called when it must wait for room there. */
  byteWriter(onFull: () => void, target: PipeEnd = this): ByteWriter {
    return new ByteWriter((bytes) => {
      if (!target.write(bytes)) onFull();
    }, BUFFERS);
  }

  /** Writes the buffer, which then belongs to the writer. Returns false when the caller must wait for `onDrain`. */
  write(bytes: Buffer): boolean {
    if (this.#state === 'closed') return true;
    if (this.#socket !== null) return writeTo(this.#socket, bytes);
    this.#queued.push(bytes);
    if (this.#queued.length === 1) this.#tryOpen(HASTE_RETRIES);
    return this.#hasRoom;
  }

  /** Ends the input. Resolves when the pipe has taken everything, or when the writer was destroyed. */
  end(): Promise<void> {
    if (this.#state === 'opening' || this.#state === 'open') {
      this.#become('ended');
      this.#socket?.end();
    }
    return this.#closed;
  }

  /** Closes at once. The reader sees an end of the input, which it must not take for complete. Idempotent. */
  destroy(): void {
    if (this.#state === 'closed') return;
    this.#become('closed');
    clearTimeout(this.#retry);
    if (this.#socket === null) this.#markClosed();
    else this.#socket.destroy();
  }

  get #hasRoom(): boolean {
    if (this.#state === 'closed') return true;
    return this.#socket !== null && !this.#socket.writableNeedDrain;
  }

  #become(state: State): void {
    if (!NEXT[this.#state].includes(state)) throw new Error(`FIFO writer: ${this.#state} -> ${state}`);
    this.#state = state;
  }

  #tryOpen(hasteLeft: number): void {
    clearTimeout(this.#retry);
    let fd: number;
    try {
      fd = openPipe(this.#path);
    } catch (thrown) {
      const error = thrown as NodeJS.ErrnoException; // fs throws only such errors
      if (error.code !== 'ENXIO') return void this.#failed(error);
      const retryMs = hasteLeft > 0 ? RETRY_MS : SLOW_RETRY_MS;
      this.#retry = setTimeout(() => this.#tryOpen(hasteLeft - 1), retryMs);
      return;
    }
    this.#opened(fd);
  }

  #opened(fd: number): void {
    const socket = new Socket({ fd, readable: false, writable: true });
    this.#socket = socket;
    socket.on('error', (error: NodeJS.ErrnoException) => this.#onError(error));
    socket.on('close', this.#markClosed);
    for (const bytes of this.#queued.splice(0)) writeTo(socket, bytes);
    if (this.#state === 'ended') return void socket.end();
    this.#become('open');
    socket.on('drain', () => this.#events.onDrain());
    if (!socket.writableNeedDrain) this.#events.onDrain();
  }

  #onError(error: NodeJS.ErrnoException): void {
    if (this.#state === 'closed') return;
    this.#become('closed');
    if (error.code === 'EPIPE') this.#events.onReaderClosed();
    else this.#events.onError(fifoFailure(error));
  }

  #failed(error: NodeJS.ErrnoException): void {
    this.#become('closed');
    this.#markClosed();
    this.#events.onError(fifoFailure(error));
  }
}

function writeTo(socket: Socket, bytes: Buffer): boolean {
  return socket.write(bytes, () => BUFFERS.give(bytes));
}

/** Opens a pipe for writing without waiting for its reader. Whoever made it may not lead this process to another file. */
function openPipe(path: string): number {
  const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  if (fstatSync(fd).isFIFO()) return fd;
  closeSync(fd);
  throw Object.assign(new Error(`${path} is no pipe`), { code: 'EINVAL' });
}

function fifoFailure(error: NodeJS.ErrnoException): QueryError {
  return new QueryError('internal', `the pipe to the DSL worker failed: ${error.code}`, {}, error);
}
