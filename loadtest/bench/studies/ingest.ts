/**
 * Ways of handing 1,000,000 rows of 7 columns from PostgreSQL to DuckDB, as ratios to what COPY alone takes in the
 * same run. Run it against a database of your own, in which it makes one table and drops it again:
 *
 *   npx tsx loadtest/bench/studies/ingest.ts postgresql://... [rows] [rounds]
 *
 * `fifo, 1 MB buffer` is what the DSL worker does. Ways are interleaved; the medians are printed.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { createFifos } from '../../../workers/dsl/fifo.ts';
import { inputSelect } from '../../../workers/dsl/input.ts';

const COLUMNS = {
  id: 'BIGINT',
  date: 'TIMESTAMP',
  delay: 'BIGINT',
  distance: 'BIGINT',
  origin: 'VARCHAR',
  destination: 'VARCHAR',
  score: 'DOUBLE',
};
const INPUT = Object.entries(COLUMNS).map(([name, csvType]) => ({ name, csvType, expression: null }));
const AGGREGATE =
  'SELECT count(*), min(date), max(delay), sum(distance), min(origin), max(destination), sum(score)';
const TABLE = 'forkline_bench_ingest';
const COPY = `COPY (SELECT * FROM ${TABLE}) TO STDOUT (FORMAT csv)`;

interface Bench {
  readonly connection: DuckDBConnection;
  readonly dir: string;
  readonly fifo: string;
  /** Runs psql with its output redirected; resolves at its end. */
  psql(sql: string, output: string): Promise<void>;
}

const MB = 1024 * 1024;

const inputAt = (fifoPath: string, maxRowBytes = MB) => ({ fifoPath, columns: INPUT, maxRowBytes });

async function throughFifo({ connection, fifo, psql }: Bench, bufferBytes: number): Promise<void> {
  const written = psql(COPY, fifo);
  await connection.run(`${AGGREGATE} FROM (${inputSelect(inputAt(fifo, bufferBytes))})`);
  await written;
}

/** Each way, from the first byte asked for to the aggregate's result. */
const WAYS: Readonly<Record<string, (bench: Bench) => Promise<void>>> = {
  'psql COPY to nowhere': ({ psql }) => psql(COPY, '/dev/null'),
  'fifo, 1 MB buffer': (bench) => throughFifo(bench, MB),
  'fifo, 8 MB buffer': (bench) => throughFifo(bench, 8 * MB),
  'fifo, 32 MB buffer': (bench) => throughFifo(bench, 32 * MB),
  async 'fifo into a table first'({ connection, fifo, psql }) {
    const written = psql(COPY, fifo);
    await connection.run(`CREATE OR REPLACE TEMP TABLE kept AS ${inputSelect(inputAt(fifo))}`);
    await connection.run(`${AGGREGATE} FROM kept`);
    await connection.run('DROP TABLE kept');
    await written;
  },
  async 'spool file'({ connection, dir, psql }) {
    const file = join(dir, 'spool.csv');
    await psql(COPY, file);
    await connection.run(`${AGGREGATE} FROM (${inputSelect(inputAt(file))})`);
    rmSync(file);
  },
  async 'node parses, appender'({ connection }) {
    await appendRows(connection);
  },
};

async function appendRows(connection: DuckDBConnection): Promise<void> {
  const columns = Object.entries(COLUMNS).map(
    ([name, type]) => `${name} ${type === 'TIMESTAMP' ? 'VARCHAR' : type}`,
  );
  await connection.run(`CREATE OR REPLACE TEMP TABLE appended (${columns.join(', ')})`);
  const appender = await connection.createAppender('appended');
  const psql = spawn('psql', ['-qc', COPY, databaseUrl()], { stdio: ['ignore', 'pipe', 'inherit'] });
  let rest = '';
  for await (const piece of psql.stdout.setEncoding('utf8')) {
    const lines = (rest + String(piece)).split('\n');
    rest = lines.pop() ?? '';
    // The bench's rows have no quotes: this is the least that any parser in JavaScript would do.
    for (const line of lines) {
      const [id, date, delay, distance, origin, destination, score] = line.split(',') as [
        string,
        string,
        string,
        string,
        string,
        string,
        string,
      ];
      appender.appendBigInt(BigInt(id));
      appender.appendVarchar(date);
      appender.appendBigInt(BigInt(delay));
      appender.appendBigInt(BigInt(distance));
      appender.appendVarchar(origin);
      appender.appendVarchar(destination);
      appender.appendDouble(Number(score));
      appender.endRow();
    }
  }
  appender.closeSync();
  await connection.run(`${AGGREGATE.replace('min(date)', 'min(date::TIMESTAMP)')} FROM appended`);
  await connection.run('DROP TABLE appended');
}

function databaseUrl(): string {
  const url = process.argv[2];
  if (url === undefined) throw new Error('usage: ingest.ts DATABASE_URL [rows] [rounds]');
  return url;
}

async function psql(sql: string, output: string): Promise<void> {
  const child = spawn(
    'sh',
    ['-c', 'exec psql -v ON_ERROR_STOP=1 -qc "$0" "$1" > "$2"', sql, databaseUrl(), output],
    {
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`psql ended with ${code}`);
}

function createTable(rows: number): string {
  return `CREATE TABLE ${TABLE} AS SELECT i::int AS id, timestamp '2001-01-01' + i * interval '17 second' AS date,
    (i * 7919 % 180 - 20)::int AS delay, (i * 31 % 2500)::int AS distance,
    (array['ATL','ORD','DFW','LAX','PHX','DEN','SFO','JFK'])[1 + i % 8] AS origin,
    (array['BOS','SEA','MIA','IAH'])[1 + i % 4] AS destination, (i * 0.37)::float8 AS score
    FROM generate_series(1::bigint, ${rows}) AS i`;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

async function main(rows: number, rounds: number): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'forkline-ingest-'));
  const fifo = join(dir, 'fifo');
  createFifos([fifo]);
  const instance = await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '512MB' });
  const bench: Bench = { connection: await instance.connect(), dir, fifo, psql };
  await psql(createTable(rows), '/dev/null');
  const times = new Map<string, number[]>(Object.keys(WAYS).map((name) => [name, []]));
  try {
    for (let round = 0; round <= rounds; round++) {
      for (const [name, run] of Object.entries(WAYS)) {
        const startedAt = performance.now();
        await run(bench);
        // The first round warms up.
        if (round > 0) times.get(name)!.push(performance.now() - startedAt);
      }
    }
  } finally {
    await psql(`DROP TABLE ${TABLE}`, '/dev/null');
    rmSync(dir, { recursive: true });
  }
  const base = median(times.get('psql COPY to nowhere')!);
  console.log(`${rows} rows, medians of ${rounds}`);
  for (const [name, each] of times) {
    const ms = median(each);
    console.log(`${name.padEnd(26)} ${ms.toFixed(0).padStart(6)} ms  ${(ms / base).toFixed(2)} x COPY`);
  }
}

await main(Number(process.argv[3] ?? 1_000_000), Number(process.argv[4] ?? 5));
