/** The answers to commands, each taken packet by packet until it is complete. */
import type { DatabaseColumn } from '../../../core/protocol/types.ts';
import { isEof, OK, type Prepared, readColumn, readLength, readPrepared } from './server-messages.ts';

export type Taken = 'more' | 'complete' | 'broken';

export interface Answer {
  /** The next packet is a row, if it begins with a 0. */
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

/** Takes the columns and the rows of an answer. */
export interface RowSink {
  columns(columns: readonly DatabaseColumn[]): void;
  row(bytes: Buffer, start: number, end: number): void;
}

/** The columns and the rows of a statement; none for one that is no query. */
export function rowsAnswer(extended: boolean, sink: RowSink, { resolve, reject }: Promised<void>): Answer {
  const columns: DatabaseColumn[] = [];
  let columnsLeft = -1;
  let inRows = false;

  function begin(bytes: Buffer, start: number): Taken {
    columnsLeft = bytes[start] === OK ? 0 : readLength(bytes, start);
    return columnsLeft === 0 ? complete() : 'more';
  }

  function complete(): Taken {
    resolve();
    return 'complete';
  }

  return {
    get inRows() {
      return inRows;
    },
    take(bytes, start, end) {
      if (columnsLeft === -1) return begin(bytes, start);
      if (columnsLeft > 0) {
        columns.push(readColumn(bytes, start, extended));
        columnsLeft--;
      } else if (!inRows) {
        inRows = true;
        sink.columns(columns);
      } else if (isEof(bytes, start, end)) return complete();
      else sink.row(bytes, start, end);
      return 'more';
    },
    reject,
  };
}
