/**
 * Ways of handing rows of PostgreSQL's to DuckDB, as ratios to what psql's COPY as CSV takes in the same run: CSV that DuckDB
 * reads from a FIFO, and binary rows that are decoded into DuckDB's vectors here, for a table function that hands them over or an
 * appender that writes them into a table. Run it against a database of your own, in which it makes one table and drops it again:
 *
 *   npx tsx loadtest/bench/studies/chunks.ts postgresql://... [rows] [rounds]
 *
 * Ways are interleaved; the medians are printed. The peak of memory is that of a process for each way.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBDataChunk, DuckDBInstance } from '@duckdb/node-api';
import { Chunk } from '../../../workers/dsl/chunks/chunk.ts';
import { engineTypeOf, type WireColumn } from '../../../workers/dsl/chunks/decoders.ts';
import { inputRows, registerInputFunction } from '../../../workers/dsl/chunks/input-function.ts';
import { RowReader } from '../../../workers/dsl/chunks/row-reader.ts';
import { RowSource } from '../../../workers/dsl/chunks/row-source.ts';
import { createFifos } from '../../../workers/dsl/fifo.ts';

const TABLE = 'forkline_bench_chunks';
const MAX_ROW_BYTES = 256 * 1024;

interface Shape {
  readonly wire: readonly WireColumn[];
  readonly csv: Readonly<Record<string, string>>;
  readonly aggregate: string;
}

const SHAPES: Readonly<Record<string, Shape>> = {
  '7 columns': {
    wire: [
      { name: 'id', wire: 'int32' },
      { name: 'date', wire: 'timestamp' },
      { name: 'delay', wire: 'int32' },
      { name: 'distance', wire: 'int32' },
      { name: 'origin', wire: 'text' },
      { name: 'destination', wire: 'text' },
      { name: 'score', wire: 'float64' },
    ],
    csv: {
      id: 'BIGINT',
      date: 'TIMESTAMP',
      delay: 'BIGINT',
      distance: 'BIGINT',
      origin: 'VARCHAR',
      destination: 'VARCHAR',
      score: 'DOUBLE',
    },
    aggregate:
      'SELECT count(*), min(date), max(delay), sum(distance), min(origin), max(destination), round(sum(score)), sum(id)',
  },
  '2 columns': {
    wire: [
      { name: 'date', wire: 'timestamp' },
      { name: 'origin', wire: 'text' },
    ],
    csv: { date: 'TIMESTAMP', origin: 'VARCHAR' },
    aggregate: 'SELECT count(*), min(date), min(origin)',
  },
};

interface Bench {
  readonly shape: Shape;
  readonly connection: DuckDBConnection;
  readonly fifo: string;
  source: RowSource | null;
}

function copySql({ csv }: Shape, format: 'csv' | 'binary'): string {
  return `COPY (SELECT ${Object.keys(csv).join(', ')} FROM ${TABLE}) TO STDOUT (FORMAT ${format})`;
}

async function throughFifo({ shape, connection, fifo }: Bench, head = ''): Promise<unknown> {
  const { child, ended } = startPsql(copySql(shape, 'csv'), fifo);
  const types = Object.entries(shape.csv).map(([name, type]) => `'${name}': '${type}'`);
  const options = `columns = {${types.join(', ')}}, header = false, auto_detect = false, buffer_size = ${MAX_ROW_BYTES}`;
  const select = `SELECT * FROM read_csv('${fifo}', ${options})`;
  const result = await rowsOf(connection, `${shape.aggregate} FROM (${select}${head})`);
  if (head !== '') child.kill('SIGKILL');
  await ended;
  return result;
}

async function throughTableFunction(bench: Bench, head = ''): Promise<unknown> {
  const child = spawn('psql', ['-qc', copySql(bench.shape, 'binary'), databaseUrl()], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const source = new RowSource({
    columns: bench.shape.wire,
    maxRowBytes: MAX_ROW_BYTES,
    onRoom: () => child.stdout.resume(),
  });
  bench.source = source;
  child.stdout.on('data', (piece: Buffer) => {
    source.push(piece);
    if (source.isFull) child.stdout.pause();
  });
  child.stdout.on('end', () => source.end());
  const select = inputRows(bench.shape.wire, 0);
  const result = await rowsOf(bench.connection, `${bench.shape.aggregate} FROM (${select}${head})`);
  // psql reads a COPY to its end even when nobody takes what it writes.
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return result;
}

async function throughAppender({ shape, connection }: Bench): Promise<unknown> {
  const types = shape.wire.map((column) => engineTypeOf(column));
  const declared = shape.wire.map(({ name }, index) => `${name} ${types[index]}`);
  await connection.run(`CREATE OR REPLACE TEMP TABLE kept (${declared.join(', ')})`);
  const appender = await connection.createAppender('kept');
  const places = shape.wire.map((_, index) => index);
  const chunk = new Chunk(shape.wire, places);
  const target = DuckDBDataChunk.create(types);
  const reader = new RowReader({ columns: places.length, maxRowBytes: MAX_ROW_BYTES });
  const append = (): void => {
    target.reset();
    chunk.copyTo(target.chunk, places);
    appender.appendDataChunk(target);
    chunk.clear();
  };
  const child = spawn('psql', ['-qc', copySql(shape, 'binary'), databaseUrl()], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const piece of child.stdout) {
    reader.push(piece as Buffer);
    for (let rows = -1; rows !== 0; ) {
      const fields = reader.next(chunk.room);
      rows = fields.rows;
      chunk.read(fields);
      if (chunk.isFull) append();
    }
  }
  append();
  appender.closeSync();
  const result = await rowsOf(connection, `${shape.aggregate} FROM kept`);
  await connection.run('DROP TABLE kept');
  return result;
}

const HEAD = ' LIMIT 100';

/** Each way, from the first byte asked for to the aggregate's result. */
const WAYS: Readonly<Record<string, (bench: Bench) => Promise<unknown>>> = {
  'psql COPY as CSV': ({ shape }) => psql(copySql(shape, 'csv'), '/dev/null'),
  'psql COPY BINARY': ({ shape }) => psql(copySql(shape, 'binary'), '/dev/null'),
  'CSV, FIFO, read_csv': (bench) => throughFifo(bench),
  'binary, table function': (bench) => throughTableFunction(bench),
  'binary, appender': throughAppender,
  'CSV, first 100 rows': (bench) => throughFifo(bench, HEAD),
  'table function, first 100': (bench) => throughTableFunction(bench, HEAD),
};

async function rowsOf(connection: DuckDBConnection, sql: string): Promise<unknown> {
  return (await connection.runAndReadAll(sql)).getRowsJson();
}

function databaseUrl(): string {
  const url = process.argv[2];
  if (url === undefined) throw new Error('usage: chunks.ts DATABASE_URL [rows] [rounds]');
  return url;
}

/** psql with its output redirected; `ended` rejects when it fails by itself. */
function startPsql(sql: string, output: string): { child: ChildProcess; ended: Promise<void> } {
  const script = 'exec psql -v ON_ERROR_STOP=1 -qc "$0" "$1" > "$2"';
  const child = spawn('sh', ['-c', script, sql, databaseUrl(), output], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = once(child, 'exit').then(([code, signal]) => {
    if (code !== 0 && signal === null) throw new Error(`psql ended with ${code}`);
  });
  return { child, ended };
}

function psql(sql: string, output: string): Promise<void> {
  return startPsql(sql, output).ended;
}

function createTable(rows: number): string {
  return `DROP TABLE IF EXISTS ${TABLE}; CREATE TABLE ${TABLE} AS SELECT i::int AS id, timestamp '2001-01-01' + i * interval '17 second' AS date,
    (i * 7919 % 180 - 20)::int AS delay, (i * 31 % 2500)::int AS distance,
    (array['ATL','ORD','DFW','LAX','PHX','DEN','SFO','JFK'])[1 + i % 8] AS origin,
    (array['BOS','SEA','MIA','IAH'])[1 + i % 4] AS destination, (i * 0.37)::float8 AS score
    FROM generate_series(1::bigint, ${rows}) AS i`;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

async function openBench(dir: string, shape: Shape): Promise<Bench> {
  const fifo = join(dir, 'fifo');
  const instance = await DuckDBInstance.create(':memory:', { threads: '1', memory_limit: '512MB' });
  const connection = await instance.connect();
  const bench: Bench = { shape, connection, fifo, source: null };
  registerInputFunction(connection, () => bench.source!);
  return bench;
}

async function compare(dir: string, name: string, rounds: number): Promise<void> {
  const bench = await openBench(dir, SHAPES[name]!);
  const times = new Map<string, number[]>(Object.keys(WAYS).map((way) => [way, []]));
  const results = new Set<string>();
  for (let round = 0; round <= rounds; round++) {
    for (const [way, run] of Object.entries(WAYS)) {
      const startedAt = performance.now();
      const result = await run(bench);
      // The first round warms up.
      if (round > 0) times.get(way)!.push(performance.now() - startedAt);
      if (result !== undefined && !way.includes('100')) results.add(JSON.stringify(result));
    }
  }
  if (results.size !== 1) throw new Error(`the ways differ: ${[...results].join(' / ')}`);
  const base = median(times.get('psql COPY as CSV')!);
  const binary = median(times.get('psql COPY BINARY')!);
  console.log(`\n${name}, medians of ${rounds}`);
  for (const [way, each] of times) {
    const ms = median(each);
    console.log(
      `${way.padEnd(28)} ${ms.toFixed(0).padStart(6)} ms  ${(ms / base).toFixed(2)} x CSV  ${(ms / binary).toFixed(2)} x BINARY  ${memoryOf(name, way)}`,
    );
  }
}

/** The most memory that a process of its own has for one run of this way. */
function memoryOf(shape: string, way: string): string {
  if (way.startsWith('psql')) return '';
  const child = spawnSync(process.execPath, [
    ...process.execArgv,
    process.argv[1]!,
    databaseUrl(),
    shape,
    way,
  ]);
  return `${child.stdout.toString().trim()} MB`;
}

async function main(rows: string, rounds: string): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'forkline-chunks-'));
  createFifos([join(dir, 'fifo')]);
  try {
    if (SHAPES[rows] !== undefined) {
      await WAYS[rounds]!(await openBench(dir, SHAPES[rows]));
      console.log((process.resourceUsage().maxRSS / 1024).toFixed(0));
      return;
    }
    await psql(createTable(Number(rows)), '/dev/null');
    for (const name of Object.keys(SHAPES)) await compare(dir, name, Number(rounds));
    await psql(`DROP TABLE ${TABLE}`, '/dev/null');
  } finally {
    rmSync(dir, { recursive: true });
  }
}

await main(process.argv[3] ?? '1000000', process.argv[4] ?? '5');
