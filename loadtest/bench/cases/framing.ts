/** The server's work on the bytes of an answer on a worker's socket: taking frames off, without copying. */
import { createFrameReader, dataHeader, messageFrame } from '../../../core/protocol/frames.ts';
import { type BenchCase, timeOf } from '../case.ts';

const FRAMES = 2000;
const FRAME_BYTES = 64 * 1024;
/** Pieces as sockets deliver them, which do not end where frames do. */
const PIECE_BYTES = 48_000;

export async function open(): Promise<BenchCase> {
  const frame = Buffer.concat([dataHeader(FRAME_BYTES), Buffer.alloc(FRAME_BYTES, 'x')]);
  const few = Buffer.concat([
    ...Array.from({ length: 20 }, () => frame),
    messageFrame({ type: 'reply', id: 'q1', ok: true }),
  ]);
  const pieces = Array.from({ length: Math.ceil(few.length / PIECE_BYTES) }, (_, index) =>
    few.subarray(index * PIECE_BYTES, (index + 1) * PIECE_BYTES),
  );
  return {
    async measure() {
      let [bytes, messages] = [0, 0];
      const feed = createFrameReader({
        onData: (piece) => {
          bytes += piece.length;
        },
        onMessage: () => void messages++,
      });
      const rounds = FRAMES / 20;
      const ms = timeOf(() => {
        for (let i = 0; i < rounds; i++) for (const piece of pieces) feed(piece);
      });
      if (bytes !== FRAMES * FRAME_BYTES || messages !== rounds) throw new Error('frames were lost');
      return (ms * 1e6) / FRAMES;
    },
  };
}
