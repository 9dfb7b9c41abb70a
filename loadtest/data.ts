/**
 * The data of the load test, made in the database by SQL, the same every time, in a schema of its own. Loading
 * is idempotent: a comment on the schema says what has been loaded, and what is there already is kept.
 *
 *   hosts                40 rows with a primary key: what light queries read
 *   requests             N rows of 7 columns, log lines of a web server, with an index on id
 *   requests_heavy       the first N / 5: what several queries at once work on
 *   requests_mixed       the first N / 25: what many clients ask for now and then
 *   requests_<k>         other sizes, for cost against rows (N / 100, N / 10, 10 N)
 */
import pg from 'pg';
import { SetupError } from './setup-error.ts';

export const SCHEMA = 'forkline_load';
/** Changes whenever the SQL below does. */
const DATA_VERSION = 2;
const HOSTS = 40;

export interface DataOptions {
  readonly url: string;
  readonly rows: number;
  /** Also the tables for cost against rows. */
  readonly withSizes: boolean;
  onProgress(text: string): void;
}

/** Row counts of the tables for cost against rows, the main one among them. */
export function sizesOf(rows: number): number[] {
  return [Math.max(100, rows / 100), Math.max(1000, rows / 10), rows, rows * 10].map(Math.round);
}

function heavyRowsOf(rows: number): number {
  return Math.max(1, Math.round(rows / 5));
}

function mixedRowsOf(rows: number): number {
  return Math.max(1, Math.round(rows / 25));
}

export function tableOfSize(rows: number, size: number): string {
  return size === rows ? `${SCHEMA}.requests` : `${SCHEMA}.requests_${size}`;
}

/** Makes what is missing. Throws SetupError when the database does not let us. */
export async function loadData(options: DataOptions): Promise<void> {
  const { rows, withSizes, onProgress } = options;
  await withClient(options.url, async (client) => {
    const wanted = labelOf(rows);
    if ((await readLabel(client)) !== wanted) {
      onProgress('creating the schema');
      await client.query(`DROP SCHEMA IF EXISTS ${SCHEMA} CASCADE; CREATE SCHEMA ${SCHEMA}`);
      await client.query(hostsSql());
      await client.query(`COMMENT ON SCHEMA ${SCHEMA} IS '${wanted}'`);
    }
    const tables = new Map([
      [`${SCHEMA}.requests`, rows],
      [`${SCHEMA}.requests_heavy`, heavyRowsOf(rows)],
      [`${SCHEMA}.requests_mixed`, mixedRowsOf(rows)],
    ]);
    if (withSizes) for (const size of sizesOf(rows)) tables.set(tableOfSize(rows, size), size);
    for (const [table, size] of tables) await makeTable(client, table, size, onProgress);
  });
}

/** Throws SetupError when the data is not there as it should be. */
export async function expectData({ url, rows }: Pick<DataOptions, 'url' | 'rows'>): Promise<void> {
  await withClient(url, async (client) => {
    const found = await readLabel(client);
    if (found === labelOf(rows)) return;
    const what = found === null ? `has no schema ${SCHEMA}` : `has other data (${found})`;
    throw new SetupError(
      `the database ${what}; load it with: npm run loadtest -- --data keep --rows ${rows} (DATABASE_URL set)`,
    );
  });
}

export async function dropData(url: string): Promise<void> {
  await withClient(url, async (client) => {
    await client.query(`DROP SCHEMA IF EXISTS ${SCHEMA} CASCADE`);
  });
}

async function makeTable(
  client: pg.Client,
  table: string,
  rows: number,
  onProgress: (text: string) => void,
): Promise<void> {
  const { rows: found } = await client.query('SELECT to_regclass($1) IS NOT NULL AS there', [table]);
  if (found[0].there) return;
  onProgress(`loading ${rows.toLocaleString('en')} rows into ${table}`);
  // Whole or not at all, so that an interrupted load is no short table.
  await client.query(`BEGIN; ${requestsSql(table, rows)}; CREATE UNIQUE INDEX ON ${table} (id); COMMIT`);
  // Else the first reader would set the hint bits, and be measured doing it.
  await client.query(`VACUUM (ANALYZE, FREEZE) ${table}`);
}

function labelOf(rows: number): string {
  return `forkline load test, version ${DATA_VERSION}, ${rows} rows`;
}

async function readLabel(client: pg.Client): Promise<string | null> {
  const { rows } = await client.query(
    `SELECT obj_description(oid, 'pg_namespace') AS label FROM pg_namespace WHERE nspname = '${SCHEMA}'`,
  );
  return rows.length === 0 ? null : (rows[0].label ?? 'without a label');
}

async function withClient(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {}); // the query that runs fails with it
  try {
    await client.connect();
    await work(client);
  } catch (error) {
    throw error instanceof SetupError ? error : new SetupError(`the database says: ${messageOf(error)}`);
  } finally {
    await client.end().catch(() => {}); // the client was never connected, or is gone
  }
}

/** Node's AggregateError of several addresses has no message of its own. */
function messageOf(error: unknown): string {
  const { message, errors } = error as AggregateError;
  return message !== '' ? message : (errors ?? []).map(({ message: text }) => text).join('; ');
}

function hostsSql(): string {
  return `CREATE TABLE ${SCHEMA}.hosts AS
    SELECT i AS id, 'host-' || i AS name, (ARRAY['eu', 'us', 'ap'])[1 + i % 3] AS region, i * 16 AS capacity
    FROM generate_series(0, ${HOSTS - 1}) AS i;
  ALTER TABLE ${SCHEMA}.hosts ADD PRIMARY KEY (id); ANALYZE ${SCHEMA}.hosts`;
}

function requestsSql(table: string, rows: number): string {
  return `CREATE UNLOGGED TABLE ${table} AS
    SELECT i::bigint AS id, timestamp '2026-01-01' + i * interval '1 second' AS time, 'host-' || i % ${HOSTS} AS host,
      '/products/' || i * 7919 % 5000 || '/details' AS path,
      (ARRAY[200, 200, 200, 304, 404, 500])[1 + (i % 6)::int] AS status,
      i * 104729 % 1000000 AS bytes, (i * 31 % 10000) / 100.0::float8 AS duration
    FROM generate_series(1::bigint, ${rows}) AS i`;
}
