/**
 * The writing end of an input of a DSL worker (core/process/input-socket.ts).
 *
 *   opening --a reader is there--> open --end()--> ended (from opening too: what is queued is written first)
 *      |                            | the reader closed its end
 *      +--- destroy() ---> closed <-+ (from ended too)
 *
 * It connects with the first bytes, since the reader is usually there by then. While there is none that is tried again, at first every
 * millisecond, since a query on few rows waits longer for this than for its rows. Writes are event-driven, and are queued while opening.
 */
import type { Socket } from 'node:net';
import { connectInput, isNotYet, isReaderGone } from '../../core/process/input-socket.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import { ByteWriter, WriterStock } from './encode/byte-writer.ts';
import type { PipeEnd } from './write-ahead.ts';

/** The buffers of all inputs of this process: new ones for every 128 KB cost page faults, and collections of the whole heap. */
const BUFFERS = new WriterStock();

const RETRY_MS = 1;
/** The number of quick retries. After these the engine is not about to read (stages read this input second, or the worker is stuck). */
const HASTE_RETRIES = 30;
const SLOW_RETRY_MS = 16;

export interface InputEvents {
  /** Called when there is room again after `write` returned false. */
  onDrain(): void;
  /** Called once, when the reader has closed its end because it had enough; nothing is written after it. */
  onReaderClosed(): void;
  /** Called once, when the input cannot be opened or written. */
  onError(error: QueryError): void;
}

type State = 'opening' | 'open' | 'ended' | 'closed';

const NEXT: Readonly<Record<State, readonly State[]>> = {
  opening: ['open', 'ended', 'closed'],
  open: ['ended', 'closed'],
  ended: ['closed'],
  closed: [],
};

export class InputWriter {
  readonly #path: string;
  readonly #events: InputEvents;
  readonly #queued: Buffer[] = [];
  readonly #closed: Promise<void>;
  #markClosed!: () => void;
  #state: State = 'opening';
  /** The socket that connects; null before and after. */
  #connecting: Socket | null = null;
  #socket: Socket | null = null;
  #retry: NodeJS.Timeout | undefined;

  constructor(path: string, events: InputEvents) {
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
    if (this.#queued.length === 1 && this.#connecting === null) this.#tryOpen(HASTE_RETRIES);
    return this.#hasRoom;
  }

  /** Ends the input. Resolves when the socket has taken everything, or when the writer was destroyed. */
  end(): Promise<void> {
    if (this.#state === 'opening' || this.#state === 'open') {
      this.#become('ended');
      if (this.#socket !== null) this.#endSocket(this.#socket);
    }
    return this.#closed;
  }

  /** Closes at once. The reader sees an end of the input, which it must not take for complete. Idempotent. */
  destroy(): void {
    if (this.#state === 'closed') return;
    this.#become('closed');
    clearTimeout(this.#retry);
    this.#connecting?.destroy();
    if (this.#socket === null) this.#markClosed();
    else this.#socket.destroy();
  }

  get #hasRoom(): boolean {
    if (this.#state === 'closed') return true;
    return this.#socket !== null && !this.#socket.writableNeedDrain;
  }

  #become(state: State): void {
    if (!NEXT[this.#state].includes(state)) throw new Error(`input writer: ${this.#state} -> ${state}`);
    this.#state = state;
  }

  #tryOpen(hasteLeft: number): void {
    clearTimeout(this.#retry);
    let socket: Socket;
    try {
      socket = connectInput(this.#path);
    } catch (thrown) {
      return void this.#notOpened(thrown as NodeJS.ErrnoException, hasteLeft); // fs throws only such errors
    }
    this.#connecting = socket;
    socket.once('error', (error) => {
      this.#connecting = null;
      this.#notOpened(error, hasteLeft);
    });
    socket.once('connect', () => {
      this.#connecting = null;
      this.#opened(socket.removeAllListeners('error'));
    });
  }

  #notOpened(error: NodeJS.ErrnoException, hasteLeft: number): void {
    if (this.#state === 'closed') return;
    if (!isNotYet(error)) return void this.#failed(error);
    const retryMs = hasteLeft > 0 ? RETRY_MS : SLOW_RETRY_MS;
    this.#retry = setTimeout(() => this.#tryOpen(hasteLeft - 1), retryMs);
  }

  #opened(socket: Socket): void {
    this.#socket = socket;
    socket.on('error', (error: NodeJS.ErrnoException) => this.#onError(error));
    socket.on('end', () => this.#onReaderEnd());
    socket.on('close', this.#markClosed);
    for (const bytes of this.#queued.splice(0)) writeTo(socket, bytes);
    if (this.#state === 'ended') return void this.#endSocket(socket);
    this.#become('open');
    socket.on('drain', () => this.#events.onDrain());
    if (!socket.writableNeedDrain) this.#events.onDrain();
  }

  /** Closes the socket behind what was written: the kernel keeps that for the reader. */
  #endSocket(socket: Socket): void {
    socket.end(() => void socket.destroy());
  }

  /** The reader closed its end before it had all. */
  #onReaderEnd(): void {
    if (this.#state !== 'open') return;
    this.destroy();
    this.#events.onReaderClosed();
  }

  #onError(error: NodeJS.ErrnoException): void {
    if (this.#state === 'closed') return;
    this.#become('closed');
    if (isReaderGone(error)) this.#events.onReaderClosed();
    else this.#events.onError(inputFailure(error));
  }

  #failed(error: NodeJS.ErrnoException): void {
    this.#become('closed');
    this.#markClosed();
    this.#events.onError(inputFailure(error));
  }
}

function writeTo(socket: Socket, bytes: Buffer): boolean {
  return socket.write(bytes, () => BUFFERS.give(bytes));
}

function inputFailure(error: NodeJS.ErrnoException): QueryError {
  return new QueryError('internal', `the socket to the DSL worker failed: ${error.code}`, {}, error);
}
