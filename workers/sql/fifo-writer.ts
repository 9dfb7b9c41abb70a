/**
 * The writing end of a DSL worker's FIFO.
 *
 *   opening --a reader is there--> open --end()--> ended
 *      |                            | the reader closed (EPIPE)
 *      +--- destroy() ---> closed <-+
 *
 * Opened without blocking, because a blocking open without a reader would hold a thread for ever: while there is no
 * reader the open fails with ENXIO and is tried again, shortly. Writes are event-driven and queue while opening.
 */
import { constants, open } from 'node:fs';
import { Socket } from 'node:net';
import { QueryError } from '../errors.ts';

const FIRST_RETRY_MS = 1;
const LAST_RETRY_MS = 16;

export interface FifoEvents {
  /** There is room again after `write` returned false. */
  onDrain(): void;
  /** The reader has had enough. Once; nothing is written after it. */
  onReaderClosed(): void;
  /** The FIFO cannot be opened or written. Once. */
  onError(error: QueryError): void;
}

export interface FifoWriter {
  /** Takes the buffer over. False: wait for `onDrain`. */
  write(bytes: Buffer): boolean;
  /** Resolves when the reader's side of the pipe has everything, or the writer was destroyed. */
  end(): Promise<void>;
  /** Closes at once; the reader sees an end that it must not take for a whole. Idempotent. */
  destroy(): void;
}

export function createFifoWriter(path: string, events: FifoEvents): FifoWriter {
  let socket: Socket | null = null;
  let destroyed = false;
  let ending = false;
  let retry: NodeJS.Timeout | undefined;
  const queued: Buffer[] = [];
  let markClosed!: () => void;
  const closed = new Promise<void>((resolve) => {
    markClosed = resolve;
  });

  function tryOpen(retryMs: number): void {
    open(path, constants.O_WRONLY | constants.O_NONBLOCK, (error, fd) => {
      if (error === null) return opened(fd);
      if (destroyed) return;
      if (error.code !== 'ENXIO') return failed(error);
      retry = setTimeout(() => tryOpen(Math.min(2 * retryMs, LAST_RETRY_MS)), retryMs);
    });
  }

  function opened(fd: number): void {
    socket = new Socket({ fd, readable: false, writable: true });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (destroyed) return;
      destroyed = true;
      if (error.code === 'EPIPE') events.onReaderClosed();
      else events.onError(fifoFailure(error));
    });
    socket.on('close', markClosed);
    if (destroyed) return void socket.destroy();
    for (const bytes of queued.splice(0)) socket.write(bytes);
    if (ending) return void socket.end();
    socket.on('drain', events.onDrain);
    if (!socket.writableNeedDrain) events.onDrain();
  }

  function failed(error: NodeJS.ErrnoException): void {
    destroyed = true;
    markClosed();
    events.onError(fifoFailure(error));
  }

  tryOpen(FIRST_RETRY_MS);
  return {
    write(bytes) {
      if (destroyed) return true;
      if (socket !== null) return socket.write(bytes);
      queued.push(bytes);
      return false;
    },
    end() {
      ending = true;
      if (!destroyed) socket?.end();
      return closed;
    },
    destroy() {
      if (destroyed) return;
      destroyed = true;
      clearTimeout(retry);
      if (socket === null) markClosed();
      else socket.destroy();
    },
  };
}

function fifoFailure(error: NodeJS.ErrnoException): QueryError {
  return new QueryError('internal', `the pipe to the DSL worker failed: ${error.code}`, {}, error);
}
