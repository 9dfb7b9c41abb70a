/** The answers to commands, each taken packet by packet until it is complete. */
import type { DatabaseColumn } from '../../../core/protocol/types.ts';
import { isEof, OK, type Prepared, readColumn, readLength, readPrepared } from './server-messages.ts';

export type Taken = 'more' | 'complete' | 'broken';

export interface Answer {
  /** The next packet is a row, if it begins with a 0; a row is nothing for `take`. */
  readonly inRows: boolean;
  /** Takes a packet that is no error. */
  take(bytes: Buffer, start: number, end: number): Taken;
  reject(error: Error): void;
}

interface Promised<T> {
  resolve(value: T): void;
  reject(error: Error): void;
}

/** A mere yes. */
export function yesAnswer({ resolve, reject }: Promised<void>): Answer {
  return {
    inRows: false,
    take(bytes, start) {
      if (bytes[start] !== OK) return 'broken';
      resolve();
      return 'complete';
    },
    reject,
  };
}

/** The description of a prepared statement. */
export interface Described {
  readonly statement: number;
  readonly columns: readonly DatabaseColumn[];
  readonly parameters: number;
}

/** The statement's number, its parameters, which say nothing, and its columns; an end follows each list that is not empty. */
export function prepareAnswer(extended: boolean, { resolve, reject }: Promised<Described>): Answer {
  const columns: DatabaseColumn[] = [];
  let prepared: Prepared | null = null;
  let left = 0;

  function isColumn(bytes: Buffer, start: number, end: number, count: number): boolean {
    return left >= 1 && left <= count && !isEof(bytes, start, end);
  }

  return {
    inRows: false,
    take(bytes, start, end) {
      if (prepared === null) {
        if (bytes[start] !== OK) return 'broken';
        prepared = readPrepared(bytes, start);
        left = listPackets(prepared.columns) + listPackets(prepared.parameters);
      } else {
        left--;
        if (isColumn(bytes, start, end, prepared.columns)) columns.push(readColumn(bytes, start, extended));
      }
      if (left > 0) return 'more';
      resolve({ statement: prepared.statement, columns, parameters: prepared.parameters });
      return 'complete';
    },
    reject,
  };
}

function listPackets(count: number): number {
  return count === 0 ? 0 : count + 1;
}

/** The columns of a statement's rows, and the end of its rows; neither for a statement that is no query. */
export class RowsAnswer implements Answer {
  inRows = false;
  readonly reject: (error: Error) => void;
  readonly #extended: boolean;
  readonly #onColumns: (columns: readonly DatabaseColumn[]) => void;
  readonly #resolve: () => void;
  readonly #columns: DatabaseColumn[] = [];
  #columnsLeft = -1;

  constructor(
    extended: boolean,
    onColumns: (columns: readonly DatabaseColumn[]) => void,
    { resolve, reject }: Promised<void>,
  ) {
    this.#extended = extended;
    this.#onColumns = onColumns;
    this.#resolve = resolve;
    this.reject = reject;
  }

  /** Takes a packet that is no row. */
  take(bytes: Buffer, start: number, end: number): Taken {
    if (this.#columnsLeft === -1) return this.#begin(bytes, start);
    if (this.#columnsLeft > 0) {
      this.#columns.push(readColumn(bytes, start, this.#extended));
      this.#columnsLeft--;
      return 'more';
    }
    if (!isEof(bytes, start, end)) return 'broken';
    if (this.inRows) return this.#complete();
    this.inRows = true;
    this.#onColumns(this.#columns);
    return 'more';
  }

  #begin(bytes: Buffer, start: number): Taken {
    this.#columnsLeft = bytes[start] === OK ? 0 : readLength(bytes, start);
    return this.#columnsLeft === 0 ? this.#complete() : 'more';
  }

  #complete(): Taken {
    this.#resolve();
    return 'complete';
  }
}
