/**
 * Named pipes at the two ends of the engine: rows come in through some, the finished answer leaves through another. The engine
 * writes that one with plain blocking calls on threads of its own, so its other end is where a stuck query is set
 * free: an interrupt alone wakes no blocked write. The inputs are read here, on the JavaScript thread.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, rmSync, writeSync } from 'node:fs';
import { type ConnectOpts, Socket, type SocketConstructorOpts } from 'node:net';

const { O_RDONLY, O_WRONLY, O_RDWR, O_NONBLOCK } = constants;
const RETRY_MS = 2;

/** New, empty pipes for this user only; whatever stood at these paths is gone, and with it a late writer's bytes. */
export function createFifos(paths: readonly string[]): void {
  for (const path of paths) rmSync(path, { force: true });
  execFileSync('mkfifo', ['-m', '600', ...paths]);
}

function errorCode(thrown: unknown): string | undefined {
  return thrown instanceof Error ? (thrown as NodeJS.ErrnoException).code : undefined;
}

/** Opens for writing without blocking; null when nobody reads. */
function openForWriting(path: string): number | null {
  try {
    return openSync(path, O_WRONLY | O_NONBLOCK);
  } catch (thrown) {
    const code = errorCode(thrown);
    if (code === 'ENXIO' || code === 'ENOENT') return null;
    throw thrown;
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, RETRY_MS));
}

/** Writes as much as fits now; false once the reader is gone. */
function writeSome(fd: number, bytes: Buffer): number | 'closed' {
  try {
    return writeSync(fd, bytes);
  } catch (thrown) {
    const code = errorCode(thrown);
    if (code === 'EAGAIN') return 0;
    if (code === 'EPIPE') return 'closed';
    throw thrown;
  }
}

/** Waits for a reader and writes `bytes` to it. Ends early when the reader closes or `cancelled()` is true. */
export async function writeToFifo(path: string, bytes: Buffer, cancelled: () => boolean): Promise<void> {
  let fd = openForWriting(path);
  while (fd === null) {
    if (cancelled()) return;
    await pause();
    fd = openForWriting(path);
  }
  try {
    let offset = 0;
    while (offset < bytes.length && !cancelled()) {
      const written = writeSome(fd, bytes.subarray(offset));
      if (written === 'closed') return;
      offset += written;
      if (written === 0) await pause();
    }
  } finally {
    closeSync(fd);
  }
}

export interface FifoReader {
  pause(): void;
  resume(): void;
  /** The writer is done: ends once what it wrote has been read. */
  writerDone(): Promise<void>;
  /**
   * Nobody wants the rest: what still comes is dropped. The pipe stays open, since a writer that has yet to open it
   * would wait for a reader for ever, and no interrupt wakes it.
   */
  discard(): void;
  /** The writer has ended. */
  destroy(): void;
}

/** Reads a pipe through the event loop. A write end of its own keeps the pipe open until `writerDone`. */
export function readFifo(path: string, onData: (bytes: Buffer) => void): FifoReader {
  const fd = openSync(path, O_RDONLY | O_NONBLOCK);
  const keeper = openSync(path, O_WRONLY | O_NONBLOCK);
  const socket = new Socket({ fd, readable: true, writable: false });
  let keeperOpen = true;
  function releaseKeeper(): void {
    if (keeperOpen) closeSync(keeper);
    keeperOpen = false;
  }
  const closed = new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.once('close', () => resolve());
  });
  // A caller that waits for writerDone() sees the error; when nobody waits the query has failed already.
  closed.catch(() => {});
  socket.on('data', onData);
  return {
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    writerDone() {
      releaseKeeper();
      return closed;
    },
    discard() {
      socket.off('data', onData);
      socket.resume();
    },
    destroy() {
      releaseKeeper();
      socket.destroy();
    },
  };
}

export interface InputReader {
  /** Reads on after the sink said that it wants no more. */
  resume(): void;
  /** The writer finds nobody who reads. */
  close(): void;
}

/** The taker of the bytes of an input pipe. */
export interface InputSink {
  /** Returns memory for the next bytes. */
  room(): Uint8Array;
  /** Takes so many bytes, which stand in the memory that `room` returned. Returns false when no more are wanted for now. */
  took(bytes: number): boolean;
}

/**
 * Reads an input pipe from now on. Opened for writing too, so that no end of file is seen before its writer comes or after it went:
 * the rows say themselves where they end.
 */
export function readInput(path: string, sink: InputSink, onError: (error: Error) => void): InputReader {
  const fd = openSync(path, O_RDWR | O_NONBLOCK);
  // The types know `onread` for sockets that connect only.
  const options: SocketConstructorOpts & ConnectOpts = {
    fd,
    readable: true,
    writable: false,
    onread: { buffer: () => sink.room(), callback: (count) => sink.took(count) },
  };
  const socket = new Socket(options);
  socket.on('error', onError);
  return { resume: () => void socket.resume(), close: () => void socket.destroy() };
}
