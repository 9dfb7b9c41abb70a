/**
 * Ways of turning an answer in DuckDB into JSON bytes, as ratios within one run:
 *
 *   npx tsx loadtest/bench/studies/encode.ts [rounds]
 *
 * `copy` is what the DSL worker does: DuckDB prints each row and writes to a pipe, this process moves blocks. `rows`
 * has DuckDB print each row and takes the strings one by one. `vectors` prints the vectors' values in JavaScript.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import duckdb, { type DataChunk } from '@duckdb/node-bindings';
import type { Column } from '../../../core/protocol/types.ts';
import { createFifos, readFifo } from '../../../workers/dsl/fifo.ts';
import { copyText } from '../../../workers/dsl/statements.ts';

const COLUMNS: readonly Column[] = [
  { name: 'id', type: { kind: 'int64' } },
  { name: 'date', type: { kind: 'timestamp' } },
  { name: 'delay', type: { kind: 'int64' } },
  { name: 'distance', type: { kind: 'int64' } },
  { name: 'origin', type: { kind: 'string' } },
  { name: 'destination', type: { kind: 'string' } },
  { name: 'score', type: { kind: 'float64' } },
];
const ANSWER = { format: 'json', rows: 'objects', numbers: 'number' } as const;
const TABLE = `CREATE TABLE answer AS SELECT i AS c0, TIMESTAMP '2001-01-01' + to_seconds(i * 17) AS c1,
  i * 7919 % 180 - 20 AS c2, i * 31 % 2500 AS c3, ['ATL', 'ORD', 'DFW', 'LAX'][1 + i % 4] AS c4,
  ['Boston Logan International', 'SEA', 'Miami International'][1 + i % 3] AS c5, i * 0.37::DOUBLE AS c6
  FROM range(1000000) AS r(i)`;

interface Bench {
  readonly connection: DuckDBConnection;
  readonly fifo: string;
}

type Way = (bench: Bench, select: string) => Promise<number>;

/** Each way returns the number of bytes, without counting commas between rows. */
const WAYS: Readonly<Record<string, Way>> = {
  async copy({ connection, fifo }, select) {
    let bytes = 0;
    const reader = readFifo(fifo, (block) => {
      bytes += block.length;
    });
    await connection.run(copyText(select, COLUMNS, ANSWER, fifo));
    await reader.writerDone();
    return bytes;
  },
  async rows({ connection, fifo }, select) {
    const text = /^COPY \(([\s\S]*)\) TO '/.exec(copyText(select, COLUMNS, ANSWER, fifo))?.[1];
    const result = await connection.stream(text ?? '');
    let bytes = 0;
    for (;;) {
      const chunk = await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) return bytes;
      for (const row of stringsOf(chunk.chunk, 0, chunk.rowCount)) bytes += row.length + 1;
    }
  },
  async vectors({ connection }, select) {
    const result = await connection.stream(select);
    let bytes = 0;
    for (;;) {
      const chunk = await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) return bytes;
      bytes += Buffer.byteLength(printVectors(chunk.chunk, chunk.rowCount)) + 1;
    }
  },
};

function stringsOf(chunk: DataChunk, column: number, rows: number): Buffer[] {
  const data = duckdb.vector_get_data(duckdb.data_chunk_get_vector(chunk, column), rows * 16);
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return Array.from({ length: rows }, (_, row) => {
    const length = bytes.readUInt32LE(row * 16);
    if (length <= 12) return bytes.subarray(row * 16 + 4, row * 16 + 4 + length);
    const long = duckdb.get_data_from_pointer(
      data.buffer as ArrayBuffer,
      data.byteOffset + row * 16 + 8,
      length,
    );
    return Buffer.from(long.buffer, long.byteOffset, length);
  });
}

/** The bench's rows have no nulls and no fractions of seconds: the least that printing in JavaScript can do. */
function printVectors(chunk: DataChunk, rows: number): string {
  const data = (column: number): Uint8Array =>
    duckdb.vector_get_data(duckdb.data_chunk_get_vector(chunk, column), rows * 8);
  const integers = (column: number): BigInt64Array => {
    const bytes = data(column);
    return new BigInt64Array(bytes.buffer, bytes.byteOffset, rows);
  };
  const [ids, dates, delays, distances] = [0, 1, 2, 3].map(integers) as [
    BigInt64Array,
    BigInt64Array,
    BigInt64Array,
    BigInt64Array,
  ];
  const [origins, destinations] = [4, 5].map((column) => stringsOf(chunk, column, rows)) as [
    Buffer[],
    Buffer[],
  ];
  const scoreBytes = data(6);
  const scores = new Float64Array(scoreBytes.buffer, scoreBytes.byteOffset, rows);
  const printed = Array.from({ length: rows }, (_, row) => {
    const date = new Date(Number(dates[row]! / 1000n)).toISOString().slice(0, 19);
    const [origin, destination] = [origins[row]!, destinations[row]!].map((text) =>
      JSON.stringify(text.toString()),
    );
    return `{"id":${ids[row]},"date":"${date}","delay":${delays[row]},"distance":${distances[row]},"origin":${origin},"destination":${destination},"score":${scores[row]}}`;
  });
  return printed.join(',');
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

async function measure(bench: Bench, rows: number, rounds: number): Promise<void> {
  const select = `SELECT * FROM answer LIMIT ${rows}`;
  const times = new Map<string, number[]>(Object.keys(WAYS).map((name) => [name, []]));
  let bytes = 0;
  for (let round = 0; round <= rounds; round++) {
    for (const [name, run] of Object.entries(WAYS)) {
      const startedAt = performance.now();
      bytes = await run(bench, select);
      if (round > 0) times.get(name)!.push(performance.now() - startedAt);
    }
  }
  const base = median(times.get('copy')!);
  console.log(`${rows} rows, ${(bytes / 1e6).toFixed(1)} MB, medians of ${rounds}`);
  for (const [name, each] of times) {
    const ms = median(each);
    console.log(`${name.padEnd(10)} ${ms.toFixed(1).padStart(8)} ms  ${(ms / base).toFixed(2)} x copy`);
  }
}

async function main(rounds: number): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'forkline-encode-'));
  const fifo = join(dir, 'fifo');
  createFifos([fifo]);
  const instance = await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '512MB' });
  const connection = await instance.connect();
  await connection.run(TABLE);
  for (const rows of [5_000, 200_000, 1_000_000]) await measure({ connection, fifo }, rows, rounds);
  rmSync(dir, { recursive: true });
}

await main(Number(process.argv[2] ?? 5));
