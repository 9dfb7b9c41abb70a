/**
 * Moves blocks of the finished answer from the answer pipe to the server; what is done to its end, `ending` knows.
 * Pausing the pipe is what holds the engine back when the server takes no more.
 */
import { QueryError } from '../../core/protocol/errors.ts';
import type { AnswerEnding } from './answer-ending.ts';
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

/** `ending` says what of the answer's bytes is sent, and when. */
export function pumpAnswer(
  path: string,
  writer: AnswerWriter,
  ending: AnswerEnding,
  onFailure: (cause: QueryError) => void,
): AnswerPump {
  function forward(block: Buffer): void {
    try {
      const piece = ending.pass(block);
      if (piece.length === 0 || writer.write(piece)) return;
    } catch (thrown) {
      onFailure(QueryError.from(thrown));
      return;
    }
    reader.pause();
    void writer.drained().then(() => reader.resume());
  }

  const reader = readFifo(path, forward);

  return {
    async finish() {
      await reader.writerDone();
      const rest = ending.end();
      if (rest.length > 0) writer.write(rest);
    },
    discard: reader.discard,
    close: reader.destroy,
  };
}
