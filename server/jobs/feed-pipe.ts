/** Writes a kept result into the input of a DSL worker. */
import { openInput } from '../../core/process/input-socket.ts';
import { KEPT_END } from '../../core/protocol/dsl-worker.ts';
import { drained } from '../results/drained.ts';

/** Resolves once everything was written, or the reader wants no more, or `isOver`. Rejects with what `pieces` throws. */
export async function feedPipe(
  path: string,
  pieces: AsyncIterable<Buffer>,
  isOver: () => boolean,
): Promise<void> {
  const pipe = await openInput(path, isOver);
  if (pipe === null) return;
  const closed = new Promise<void>((resolve) => pipe.once('close', () => resolve()));
  pipe.on('error', () => {}); // the reader has gone, which is no fault of ours: its reply tells
  try {
    for await (const piece of pieces) {
      if (isOver() || pipe.destroyed) return;
      // A piece may be reused when the next one is asked for.
      if (!pipe.write(piece)) await drained(pipe);
    }
    pipe.end(Buffer.of(KEPT_END), () => void pipe.destroy());
    await closed;
  } finally {
    pipe.destroy();
    await closed;
  }
}
