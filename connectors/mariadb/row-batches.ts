/**
 * Rows that MariaDB pushes, as batches that are pulled: what a chunk of the connection held is one batch. While batches wait the
 * connection is paused, so that an answer of any size needs the same little memory. Whoever leaves early ends the statement.
 */
import type { QueryError } from '../../core/protocol/errors.ts';
import type { DatabaseColumn } from '../../core/protocol/types.ts';
import type { Row } from '../kit/row-writer.ts';
import type { RowReader } from './rows/values.ts';
import type { RowTaker, WireSession } from './wire-session.ts';

/** Batches that wait before the connection is paused. */
const MOST_WAITING = 4;

export interface RowBatchesOptions {
  readonly maxRowBytes: number;
  tooLarge(bytes: number): QueryError;
  /** Called with the columns of the rows, before any; may throw a QueryError. */
  reader(columns: readonly DatabaseColumn[]): RowReader;
}

export class RowBatches implements RowTaker {
  readonly maxRowBytes: number;
  readonly #session: WireSession;
  readonly #options: RowBatchesOptions;
  readonly #waiting: Row[][] = [];
  #batch: Row[] = [];
  #reader: RowReader | null = null;
  #wake: (() => void) | null = null;
  #isOver = false;

  constructor(session: WireSession, options: RowBatchesOptions) {
    this.#session = session;
    this.#options = options;
    this.maxRowBytes = options.maxRowBytes;
  }

  tooLarge(bytes: number): QueryError {
    return this.#options.tooLarge(bytes);
  }

  onColumns(columns: readonly DatabaseColumn[]): void {
    this.#reader = this.#options.reader(columns);
  }

  onRow(bytes: Buffer, start: number): void {
    this.#batch.push(this.#reader!.read(bytes, start));
  }

  onChunkEnd(): void {
    if (this.#batch.length === 0) return;
    this.#waiting.push(this.#batch);
    this.#batch = [];
    if (this.#waiting.length > MOST_WAITING) this.#session.pause();
    this.#notify();
  }

  /** Tells that no row follows. */
  over(): void {
    this.#isOver = true;
    this.#notify();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly Row[]> {
    try {
      for (;;) {
        const next = this.#waiting.shift();
        if (next !== undefined) {
          if (this.#waiting.length === 0) this.#session.resume();
          yield next;
        } else if (this.#isOver) return;
        else
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
      }
    } finally {
      if (!this.#isOver) this.#session.discard(null);
    }
  }

  #notify(): void {
    this.#wake?.();
    this.#wake = null;
  }
}
