/**
 * The other end of the pipe for mariadb.ts and spark.ts: the stage engine reads what the connector sends, and says how many rows and columns; then it is
 * ready for the next rows, as a DSL worker is.
 */
import { DuckDBInstance } from '@duckdb/node-api';
import type { WireColumn } from '../../../workers/dsl/chunks/decoders.ts';
import { inputRows, registerInputFunction } from '../../../workers/dsl/chunks/input-function.ts';
import { readInput } from '../../../workers/dsl/chunks/input-reader.ts';
import { RowSource } from '../../../workers/dsl/chunks/row-source.ts';

const COLUMNS: readonly WireColumn[] = [
  { name: 'id', wire: 'int64' },
  { name: 'n', wire: 'int64' },
  { name: 'name', wire: 'text' },
  { name: 'price', wire: 'decimal', size: { precision: 12, scale: 2 } },
  { name: 'ratio', wire: 'float64' },
  { name: 'day', wire: 'date' },
  { name: 'at', wire: 'timestamp' },
];
const SQL = `SELECT count(*), sum(id), sum(n), max(name), sum(price), sum(ratio), max(day), max("at")
  FROM (${inputRows(COLUMNS, 0)})`;

const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
const connection = await instance.connect();
let input = openInput();
registerInputFunction(connection, () => input.source);
process.on('message', () => void read());
process.send!('ready');

function openInput(): { readonly source: RowSource; close(): void } {
  const source = new RowSource({ columns: COLUMNS, maxRowBytes: 1e6, onRoom: () => reader.resume() });
  const reader = readInput(
    process.argv[2]!,
    {
      room: () => source.room(),
      took(bytes) {
        source.took(bytes);
        return !source.isFull;
      },
    },
    (error) => {
      throw error;
    },
  );
  return { source, close: () => reader.close() };
}

async function read(): Promise<void> {
  const result = await connection.runAndReadAll(SQL);
  input.close();
  input = openInput();
  const [values] = result.getRowsJson();
  process.send!(`${String(values![0])} ${values!.filter((value) => value !== null).length - 1}`);
}
