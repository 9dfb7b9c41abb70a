/**
 * The named pipe through which the finished answer leaves the engine. The engine writes it with plain blocking calls on threads of
 * its own, so its other end is where a stuck query is set free: an interrupt alone wakes no blocked write.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';

const { O_RDONLY, O_WRONLY, O_NONBLOCK } = constants;

/** New, empty pipes for this user only; whatever stood at these paths is gone, and with it a late writer's bytes. */
export function createFifos(paths: readonly string[]): void {
  for (const path of paths) rmSync(path, { force: true });
  execFileSync('mkfifo', ['-m', '600', ...paths]);
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
