/** Rows of a real PostgreSQL as inputs of an engine in this process, by the same bytes and decoders as in production. */
import type { DuckDBConnection } from '@duckdb/node-api';
import type pg from 'pg';
import type { InputColumn } from '../../core/protocol/plan.ts';
import { registerInputFunction } from '../../workers/dsl/chunks/input-function.ts';
import { RowSource } from '../../workers/dsl/chunks/row-source.ts';

export interface EngineInput {
  readonly columns: readonly InputColumn[];
  readonly bytes: Uint8Array;
}

const MAX_ROW_BYTES = 4 * 1024 * 1024;

/** The inputs of each engine, which knows the function for as long as it lives. */
const SOURCES = new WeakMap<DuckDBConnection, RowSource[]>();

/** Gives `inputSelect` in this engine what it reads from now on, each once. */
export function giveInputs(connection: DuckDBConnection, inputs: readonly EngineInput[]): void {
  const known = SOURCES.get(connection);
  const sources = known ?? [];
  SOURCES.set(connection, sources);
  if (known === undefined) registerInputFunction(connection, (index) => sources[index]!);
  sources.length = 0;
  for (const { columns, bytes } of inputs) {
    const source = new RowSource({ columns, maxRowBytes: MAX_ROW_BYTES, onRoom: () => {} });
    source.push(bytes);
    sources.push(source);
  }
}

/** The rows of a SELECT as a SQL worker sends them. */
export async function copyBinary(client: pg.Client, select: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const { connection } = client as unknown as { connection: NodeJS.EventEmitter };
  // The bytes are the connection's own buffer, which it fills again.
  const onData = ({ chunk }: { chunk: Buffer }): void => void chunks.push(Buffer.from(chunk));
  connection.on('copyData', onData);
  try {
    await client.query(`COPY (${select}\n) TO STDOUT (FORMAT binary)`);
  } finally {
    connection.off('copyData', onData);
  }
  return Buffer.concat(chunks);
}
