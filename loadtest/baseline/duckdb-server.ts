/**
 * The other one-process baseline: Forkline's engine, without its processes. Rows come by COPY into a spool file, DuckDB
 * (on threads of this process) runs the stages, and their result is encoded on the event loop. Against the first
 * baseline it shows what the engine brings; against Forkline, what the processes bring.
 *
 *   DATABASE_URL=postgresql://... node dist-dev/loadtest/baseline/duckdb-server.js POOL_SIZE
 */
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { createPool } from 'generic-pool';
import pg from 'pg';
import { environment } from '../../core/config/config.ts';
import { openWire, type Wire } from '../limit/wire.ts';
import { serveQueries } from './http.ts';
import type { Row } from './stages.ts';
import { stagesSql } from './stages-sql.ts';

interface Slot {
  readonly wire: Wire;
  readonly connection: DuckDBConnection;
  readonly spool: string;
}

const DUCKDB_TYPES: Readonly<Record<number, string>> = {
  16: 'BOOLEAN',
  20: 'BIGINT',
  21: 'SMALLINT',
  23: 'INTEGER',
  700: 'FLOAT',
  701: 'DOUBLE',
  1114: 'TIMESTAMP',
};
const { DATABASE_URL } = environment();
const [poolSize] = process.argv.slice(2);
if (DATABASE_URL === undefined || poolSize === undefined) {
  process.stderr.write('usage: DATABASE_URL=... duckdb-server.js POOL_SIZE\n');
  process.exit(2);
}

const dir = mkdtempSync(join(tmpdir(), 'forkline-duckdb-baseline-'));
process.on('exit', () => rmSync(dir, { recursive: true, force: true }));
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => process.exit(0));

const instance = await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '1GB' });
const plain = new pg.Pool({ connectionString: DATABASE_URL, max: Number(poolSize) });
plain.on('error', () => {}); // an idle connection was lost: the pool opens another
let slots = 0;
const pool = createPool<Slot>(
  {
    create: async () => ({
      wire: await openWire(DATABASE_URL),
      connection: await instance.connect(),
      spool: join(dir, `${++slots}.csv`),
    }),
    destroy: async (slot) => {
      slot.wire.end();
      slot.connection.closeSync();
    },
  },
  { max: Number(poolSize) },
);
/** The columns of each source, asked of the database once. */
const inputs = new Map<string, string>();

serveQueries(async (sql, stages) => {
  if (stages.length === 0) return (await plain.query<Row>(sql)).rows;
  return await pool.use((slot) => runInDuckDb(slot, sql, stages));
});

async function runInDuckDb(slot: Slot, sql: string, stages: readonly string[]): Promise<Row[]> {
  const columns = await inputColumns(sql);
  await spoolRows(slot, sql);
  const input = `read_csv('${slot.spool}', columns = {${columns}}, header = false, auto_detect = false, delim = ',', quote = '"', escape = '"', nullstr = '')`;
  const reader = await slot.connection.runAndReadAll(stagesSql(`SELECT * FROM ${input}`, stages));
  return reader.getRowObjectsJson() as Row[];
}

async function inputColumns(sql: string): Promise<string> {
  const known = inputs.get(sql);
  if (known !== undefined) return known;
  const { fields } = await plain.query(`SELECT * FROM (${sql}) AS source LIMIT 0`);
  const columns = fields.map(
    ({ name, dataTypeID }) => `'${name}': '${DUCKDB_TYPES[dataTypeID] ?? 'VARCHAR'}'`,
  );
  inputs.set(sql, columns.join(', '));
  return columns.join(', ');
}

async function spoolRows({ wire, spool }: Slot, sql: string): Promise<void> {
  const file = createWriteStream(spool, { highWaterMark: 1024 * 1024 });
  await wire.run(`COPY (${sql}) TO STDOUT (FORMAT csv)`, (bytes) => void file.write(bytes));
  file.end();
  await finished(file);
}
