/**
 * Writes a kept result into the input pipe of a DSL worker. The pipe is opened without blocking, since an open that waits for its reader
 * would hold a thread; until the worker has opened it, that is tried again.
 */
import { constants, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { KEPT_END } from '../../core/protocol/dsl-worker.ts';
import { drained } from '../results/drained.ts';

const RETRY_MS = 2;

/** Resolves once everything was written, or the reader wants no more, or `isOver`. Rejects with what `pieces` throws. */
export async function feedPipe(
  path: string,
  pieces: AsyncIterable<Buffer>,
  isOver: () => boolean,
): Promise<void> {
  const pipe = await opened(path, isOver);
  if (pipe === null) return;
  const closed = new Promise<void>((resolve) => pipe.once('close', () => resolve()));
  pipe.on('error', () => {}); // the reader has gone, which is no fault of ours: its reply tells
  try {
    for await (const piece of pieces) {
      if (isOver() || pipe.destroyed) return;
      // A piece may be reused when the next one is asked for.
      if (!pipe.write(piece)) await drained(pipe);
    }
    pipe.end(Buffer.of(KEPT_END));
    await closed;
  } finally {
    pipe.destroy();
    await closed;
  }
}

async function opened(path: string, isOver: () => boolean): Promise<Socket | null> {
  while (!isOver()) {
    try {
      const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
      return new Socket({ fd, readable: false, writable: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error;
      await wait(RETRY_MS);
    }
  }
  return null;
}
