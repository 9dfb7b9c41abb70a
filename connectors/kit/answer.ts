/**
 * Encodes the rows of one answer as they come, counts them, and enforces the call's limits. A row comes as bytes: in the row
 * format (`encode/row-encoder.ts`) from most databases, or as its database sends it where the connector has an encoder for that.
 */
import type { AnswerLimits, AnswerSummary } from '../../core/protocol/answer.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import type { RunSqlCall } from '../../core/protocol/sql-worker.ts';
import { ByteWriter, type WriterStock } from './encode/byte-writer.ts';
import type { RowEncoder, TextAnswer } from './encode/row-encoder.ts';

export class Answer {
  readonly #limits: AnswerLimits;
  readonly #maxRowBytes: number;
  /** The most rows that are written. */
  readonly #lastRow: number;
  readonly #writer: ByteWriter;
  #encoder: RowEncoder | null = null;
  #rows = 0;
  #complete = true;

  constructor({ limits, maxRowBytes }: RunSqlCall, emit: (bytes: Buffer) => void, stock: WriterStock) {
    this.#limits = limits;
    this.#maxRowBytes = maxRowBytes;
    this.#lastRow = Math.min(limits.capRows ?? limits.maxRows, limits.maxRows);
    this.#writer = new ByteWriter(emit, stock);
  }

  /** Writes the head. Must be called once, before any row; the encoder reads the rows that `add` is given. */
  begin(encoder: RowEncoder): void {
    this.#encoder = encoder;
    encoder.writeHead(this.#writer);
  }

  /** Writes the row in bytes[start, end). Returns false when the client wants no more rows. Throws result-too-large. */
  add(bytes: Buffer, start: number, end: number): boolean {
    if (end - start > this.#maxRowBytes) throw this.longRow(end - start);
    if (this.#rows === this.#lastRow) return this.#refuseRow();
    this.#encoder!.writeRow(this.#writer, bytes, start, end);
    this.#rows++;
    const { totalBytes } = this.#writer;
    if (totalBytes > this.#limits.maxBytes) throw tooLarge('resultBytes', this.#limits.maxBytes, totalBytes);
    return true;
  }

  finish(): AnswerSummary {
    this.#writer.flush();
    return { rows: this.#rows, bytes: this.#writer.totalBytes, complete: this.#complete };
  }

  longRow(observed: number): QueryError {
    const value = this.#maxRowBytes;
    return new QueryError('result-too-large', `a row of the result has more than ${value} bytes`, {
      hint: 'Leave the long column out or shorten it (`left`, `substr`), or raise `limits.dslRowBytes`, the longest row.',
      limit: { name: 'dslRowBytes', value, observed },
    });
  }

  #refuseRow(): false {
    const { capRows, maxRows } = this.#limits;
    if (capRows === null || capRows > maxRows) throw tooLarge('resultRows', maxRows, this.#rows + 1);
    this.#complete = false;
    return false;
  }
}

/** Returns the options of an answer in a text format. Throws for a format that SQL workers do not encode. */
export function textAnswerOf({ answer: { format, rows, numbers, end, head } }: RunSqlCall): TextAnswer {
  if (format === 'arrow' || format === 'parquet') throw new Error(`SQL workers do not encode ${format}`);
  return { format, rows, numbers, end, head };
}

function tooLarge(name: 'resultRows' | 'resultBytes', value: number, observed: number): QueryError {
  const unit = name === 'resultRows' ? 'rows' : 'bytes';
  return new QueryError('result-too-large', `the result has more than ${value} ${unit}`, {
    hint: 'Ask for fewer rows or columns, or put `| head n` behind it.',
    limit: { name, value, observed },
  });
}

/** Throws duplicate-column when two columns have the same name, since rows as objects could not hold both. */
export function refuseSameNames(columns: readonly { readonly name: string }[]): void {
  const seen = new Set<string>();
  for (const { name } of columns) {
    if (seen.has(name))
      throw new QueryError('duplicate-column', `two columns of the result are named "${name}"`, {
        hint: 'Give each a name of its own: select ... as name.',
      });
    seen.add(name);
  }
}

/** Returns the error for a row that the stage engine would silently drop. */
export function rowTooLongForStages(maxRowBytes: number): QueryError {
  return new QueryError('bad-value', `a row that the stages read is longer than ${maxRowBytes} bytes`, {
    hint: 'Leave the long column out, or shorten it in the SQL part.',
    limit: { name: 'dslRowBytes', value: maxRowBytes },
  });
}
