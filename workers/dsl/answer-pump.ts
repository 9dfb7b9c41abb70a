/**
 * Moves blocks of the finished answer from the answer pipe to the server, one block late, so that the last one can be
 * shortened. Pausing the pipe is what holds the engine back when the server takes no more.
 */
import { QueryError } from '../../core/protocol/errors.ts';
import type { AnswerWriter } from './answer-writer.ts';
import { readFifo } from './fifo.ts';

export interface AnswerPump {
  /** The engine has written everything: ends when the last byte was handed to the socket. */
  finish(): Promise<void>;
  /** Nobody wants the rest: an engine that is blocked in opening or writing the pipe is set free. */
  discard(): void;
  /** The engine has let go of the pipe. */
  close(): void;
}

/** `dropTrailing` bytes at the answer's end are left out: the separator after the last row, where there must be none. */
export function pumpAnswer(
  path: string,
  writer: AnswerWriter,
  dropTrailing: number,
  onFailure: (cause: QueryError) => void,
): AnswerPump {
  let held: Buffer | null = null;

  function forward(block: Buffer): void {
    try {
      if (writer.write(block)) return;
    } catch (thrown) {
      onFailure(QueryError.from(thrown));
      return;
    }
    reader.pause();
    void writer.drained().then(() => reader.resume());
  }

  const reader = readFifo(path, (block) => {
    if (held !== null) forward(held);
    held = block;
  });

  return {
    async finish() {
      await reader.writerDone();
      if (held !== null) forward(held.subarray(0, held.length - dropTrailing));
      held = null;
    },
    discard: reader.discard,
    close: reader.destroy,
  };
}
