/**
 * Named pipes at the two ends of the engine: CSV comes in through one, the finished answer leaves through the other.
 * The engine reads and writes them with plain blocking calls on threads of its own, so the other end is where a
 * stuck query is set free: an interrupt alone wakes neither a blocked read nor a blocked write.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, rmSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';

const { O_RDONLY, O_WRONLY, O_NONBLOCK } = constants;
const RETRY_MS = 2;
const FLOOD = Buffer.alloc(64 * 1024, '\n');

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

/**
 * Sets free whoever is blocked in opening or reading this pipe, whose result nobody wants any more: it is fed line
 * ends until `ended()`. Only an end of file or a full buffer ends such a read, and the end of file is not ours to
 * give while another writer has the pipe open. `onTick` runs before each attempt.
 */
export async function floodReader(path: string, ended: () => boolean, onTick: () => void): Promise<void> {
  while (!ended()) {
    onTick();
    const fd = openForWriting(path);
    if (fd !== null) {
      writeSome(fd, FLOOD);
      closeSync(fd);
    }
    await pause();
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
  // Whoever waits for writerDone() sees the error; without anybody waiting the query has failed already.
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
