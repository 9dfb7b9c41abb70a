/**
 * A process of its own, forked by demo/embedded.ts at the first start and gone when it is done: the monitor
 * must not load a database client or DuckDB. It creates the database and the reading role, and fills the demo
 * tables from the package vega-datasets. The tables come in one transaction with a mark (a comment on the schema):
 * a crash in the middle leaves nothing, and the next start begins afresh.
 *
 * The flights are one month, January 2001, of the package's three million: some 500,000 rows, in a few seconds.
 */
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import pg from 'pg';
import { setUpStore } from '../catalogue/set-up.ts';
import { SCHEMA } from '../catalogue/store/migrate.ts';
import { DEMO_MODELS } from './demo-models.ts';
import type { FromLoadDemo, LoadDemoRequest } from './messages.ts';
import { DEMO_DATABASE, DEMO_VERSION, READER_ROLE, STORE_ROLE } from './messages.ts';

const MARK = `Forkline demo data, version ${DEMO_VERSION}`;
const FIRST_DAY_AFTER = '2001-02-01';

const TABLES = `
  DROP TABLE IF EXISTS flights, airports;
  CREATE TABLE airports (
    iata text PRIMARY KEY, name text, city text, state text, country text,
    latitude double precision, longitude double precision
  );
  CREATE TABLE flights (
    date timestamp NOT NULL, delay integer, distance integer, origin text NOT NULL, destination text NOT NULL
  );
  COMMENT ON TABLE flights IS
    'Domestic flights in the USA, January 2001; delay on arrival in minutes, distance in miles. US Bureau of Transportation Statistics';
  COMMENT ON TABLE airports IS 'Airports in the USA by IATA code'`;

process.on('disconnect', () => process.exit(1)); // the process that wanted the data is gone
process.once('message', (request: LoadDemoRequest) => {
  run(request).then(
    () => finish({ type: 'done' }),
    (error: Error) => finish({ type: 'failed', message: error.message }),
  );
});

/** Leaves once the message has gone out. */
function finish(message: FromLoadDemo): void {
  process.send?.(message, undefined, {}, () => process.exit(message.type === 'done' ? 0 : 1));
}

function progress(line: string): void {
  const message: FromLoadDemo = { type: 'progress', line };
  process.send?.(message);
}

async function run(request: LoadDemoRequest): Promise<void> {
  await withClient(request.adminUrl, (admin) => createDatabaseAndRole(admin, request));
  const demoUrl = new URL(request.adminUrl);
  demoUrl.pathname = DEMO_DATABASE;
  await withClient(demoUrl.href, async (client) => {
    if (!(await isMarked(client))) await loadTables(client, request.importDir);
    await grant(client);
    await createStoreRole(client, request);
  });
  demoUrl.username = STORE_ROLE;
  demoUrl.password = request.storePassword;
  await setUpStore(demoUrl.href, DEMO_MODELS);
}

async function withClient(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url, application_name: 'forkline set-up' });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

async function createDatabaseAndRole(client: pg.Client, request: LoadDemoRequest): Promise<void> {
  const role = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [READER_ROLE]);
  if (role.rowCount === 0) await client.query(`CREATE ROLE ${READER_ROLE}`);
  await client.query(
    `ALTER ROLE ${READER_ROLE} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION
     CONNECTION LIMIT ${request.readerConnections} PASSWORD ${client.escapeLiteral(request.readerPassword)}`,
  );
  await client.query('REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC');
  const database = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DEMO_DATABASE]);
  if (database.rowCount === 0) await client.query(`CREATE DATABASE ${DEMO_DATABASE}`);
}

/** The store is a schema of the demo's database that only its own role may enter. */
async function createStoreRole(client: pg.Client, request: LoadDemoRequest): Promise<void> {
  const role = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [STORE_ROLE]);
  if (role.rowCount === 0) await client.query(`CREATE ROLE ${STORE_ROLE}`);
  await client.query(
    `ALTER ROLE ${STORE_ROLE} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION
     CONNECTION LIMIT ${request.storeConnections} PASSWORD ${client.escapeLiteral(request.storePassword)}`,
  );
  await client.query(`
    GRANT CONNECT ON DATABASE ${DEMO_DATABASE} TO ${STORE_ROLE};
    CREATE SCHEMA IF NOT EXISTS ${SCHEMA} AUTHORIZATION ${STORE_ROLE}`);
}

async function isMarked(client: pg.Client): Promise<boolean> {
  const found = await client.query<{ mark: string | null }>(
    "SELECT obj_description('public'::regnamespace, 'pg_namespace') AS mark",
  );
  return found.rows[0]?.mark === MARK;
}

/** Reading is all that the role may do, and only here. */
async function grant(client: pg.Client): Promise<void> {
  await client.query(`
    REVOKE ALL ON DATABASE ${DEMO_DATABASE} FROM PUBLIC;
    GRANT CONNECT ON DATABASE ${DEMO_DATABASE} TO ${READER_ROLE};
    REVOKE CREATE ON SCHEMA public FROM PUBLIC;
    GRANT USAGE ON SCHEMA public TO ${READER_ROLE};
    GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${READER_ROLE}`);
}

async function loadTables(client: pg.Client, importDir: string): Promise<void> {
  const dataDir = join(dirname(dirname(createRequire(import.meta.url).resolve('vega-datasets'))), 'data');
  await rm(importDir, { recursive: true, force: true });
  await mkdir(importDir, { mode: 0o755 });
  const [airports, flights] = [join(importDir, 'airports.csv'), join(importDir, 'flights.csv')];
  try {
    await copyFile(join(dataDir, 'airports.csv'), airports);
    progress('reading flights of January 2001 (vega-datasets, US Bureau of Transportation Statistics)');
    await writeFlights(join(dataDir, 'flights-3m.parquet'), flights);
    await client.query('BEGIN');
    await client.query(TABLES);
    // FREEZE: the rows are visible to everybody at once, without a vacuum that rewrites them.
    const copy = (table: string, file: string) =>
      client.query(`COPY ${table} FROM ${client.escapeLiteral(file)} (FORMAT csv, HEADER, FREEZE)`);
    await copy('airports', airports);
    const { rowCount } = await copy('flights', flights);
    progress(`loaded ${rowCount?.toLocaleString('en-US')} flights; indexing`);
    await client.query('CREATE INDEX ON flights (date); CREATE INDEX ON flights (origin)');
    await client.query(`COMMENT ON SCHEMA public IS ${client.escapeLiteral(MARK)}`);
    await client.query('COMMIT');
    await client.query('VACUUM (ANALYZE) flights, airports'); // the visibility map too: index-only scans
  } finally {
    await rm(importDir, { recursive: true, force: true });
  }
}

async function writeFlights(parquetFile: string, csvFile: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
  const connection = await instance.connect();
  const quote = (text: string) => `'${text.replaceAll("'", "''")}'`;
  await connection.run(
    `COPY (SELECT date, delay, distance, origin, destination FROM read_parquet(${quote(parquetFile)})
     WHERE date < '${FIRST_DAY_AFTER}') TO ${quote(csvFile)} (FORMAT csv, HEADER)`,
  );
  connection.closeSync();
  instance.closeSync();
}
