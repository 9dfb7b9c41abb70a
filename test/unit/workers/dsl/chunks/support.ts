/** Wire bytes into a relation of the engine's, cut as a test likes. */
import type { DuckDBConnection, DuckDBResultReader } from '@duckdb/node-api';
import type { QueryError } from '../../../../../core/protocol/errors.ts';
import type { WireColumn } from '../../../../../workers/dsl/chunks/decoders.ts';
import { inputRows, registerInputFunction } from '../../../../../workers/dsl/chunks/input-function.ts';
import { RowSource } from '../../../../../workers/dsl/chunks/row-source.ts';
import { withEngine } from '../support.ts';

export interface ReadOptions {
  readonly pieceBytes?: number;
  readonly maxRowBytes?: number;
  /** The SQL that reads the rows; `$rows` stands for them. */
  readonly sql?: string;
}

/** An engine knows the function for as long as it lives. */
const registered = new WeakSet<DuckDBConnection>();
let current: RowSource | null = null;

export const MAX_ROW_BYTES = 1024 * 1024;

/** Runs a statement over the rows while their bytes come in pieces, of which only so many come as there is room for. */
export function readRows(
  columns: readonly WireColumn[],
  stream: Uint8Array,
  options: ReadOptions = {},
): Promise<unknown[][]> {
  return withEngine((connection) => readWith(connection, columns, stream, options));
}

/** The rows as JSON has them: texts for what it has no type for. */
export function readRowsJson(columns: readonly WireColumn[], stream: Uint8Array): Promise<unknown[][]> {
  return withEngine(async (connection) => (await readerOf(connection, columns, stream, {})).getRowsJson());
}

export async function readWith(
  connection: DuckDBConnection,
  columns: readonly WireColumn[],
  stream: Uint8Array,
  options: ReadOptions = {},
): Promise<unknown[][]> {
  return (await readerOf(connection, columns, stream, options)).getRows() as unknown[][];
}

function readerOf(
  connection: DuckDBConnection,
  columns: readonly WireColumn[],
  stream: Uint8Array,
  { pieceBytes = 64 * 1024, maxRowBytes = MAX_ROW_BYTES, sql = '$rows' }: ReadOptions,
): Promise<DuckDBResultReader> {
  let at = 0;
  const source = new RowSource({ columns, maxRowBytes, onRoom: () => void setImmediate(send) });
  let scheduled = false;
  function send(): void {
    scheduled = false;
    if (source.isFull) return;
    if (at >= stream.length) {
      source.end();
      return;
    }
    source.push(stream.subarray(at, at + pieceBytes));
    at += pieceBytes;
    if (!source.isFull && !scheduled) {
      scheduled = true;
      setImmediate(send);
    }
  }
  current = source;
  if (!registered.has(connection)) registerInputFunction(connection, () => current!);
  registered.add(connection);
  send();
  return connection.runAndReadAll(sql.replace('$rows', inputRows(columns, 0)));
}

/** Returns the error that the engine would get of a stream of wire rows, as `code: message`; 'no error' for a whole one. */
export function readFailure(
  bytes: Uint8Array,
  columns: readonly WireColumn[],
  maxRowBytes = MAX_ROW_BYTES,
): string {
  const source = new RowSource({ columns, maxRowBytes, onRoom: () => {} });
  source.open(columns.map((_, index) => index));
  source.push(bytes);
  source.end();
  try {
    for (let taken = source.take(); taken !== 'ended'; taken = source.take())
      if (taken !== null) source.giveBack(taken);
  } catch (thrown) {
    const { code, message } = thrown as QueryError;
    return `${code}: ${message}`;
  }
  return 'no error';
}
