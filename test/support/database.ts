/**
 * A real PostgreSQL for tests: the embedded one, started by the first test that asks and stopped when the process has
 * run its last test. All spec files of a process share it.
 *
 *   const { url, admin } = await testDatabase();
 *
 * `url` is a role that may read the tables and nothing else; `adminUrl` and `admin(sql)` are the superuser's.
 *   flights   20,000 rows, the same every time: date, delay (null in every 50th), distance, origin, destination
 *   airports  5 rows; the last one has no flights
 *   types     a column of each type that answers carry; a row of values, one of extremes, one of nulls
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { Cluster } from '../../demo/cluster.ts';
import { openCluster } from '../../demo/cluster.ts';
import { shareProcesses } from './leaks.ts';
import { processWide } from './process-wide.ts';
import { treeOf } from './processes.ts';
import { atRunEnd } from './run-end.ts';

export const FLIGHT_ROWS = 20_000;

export interface TestDatabase {
  readonly url: string;
  readonly adminUrl: string;
  /** Pid of the postmaster. */
  readonly pid: number;
  /** Runs SQL as superuser in the test database. */
  admin(sql: string, values?: unknown[]): Promise<pg.QueryResult>;
}

interface Running extends TestDatabase {
  stop(): Promise<void>;
}

const state = processWide<{ shared: Promise<Running> | null }>('database', () => ({ shared: null }));

/** Starting takes some 1.5 s: mocha's timeout of a first test allows for it. */
export function testDatabase(): Promise<TestDatabase> {
  state.shared ??= startShared();
  return state.shared;
}

async function startShared(): Promise<Running> {
  let running: Running | null = null;
  shareProcesses(() => (running === null ? [] : treeOf(running.pid).map(({ pid }) => pid)));
  atRunEnd(async () => await running?.stop());
  running = await startTestDatabase();
  return running;
}

/** One of your own, to be stopped, killed or broken. */
export async function startTestDatabase(): Promise<Running> {
  const dataDir = await mkdtemp(join(tmpdir(), 'forkline-test-db-'));
  await chmod(dataDir, 0o711); // under root the server runs as another user
  const troubles: string[] = [];
  const cluster = await openCluster({
    dataDir,
    maxConnections: 80,
    settings: { fsync: 'off' },
    onProgress: () => {},
    onTrouble: (line) => troubles.push(line),
  });
  return await fill(cluster, dataDir);
}

async function fill(cluster: Cluster, dataDir: string): Promise<Running> {
  const adminUrl = cluster.adminUrl.replace(/postgres$/, 'test');
  await run(cluster.adminUrl, 'CREATE DATABASE test');
  const password = cluster.secrets.readerPassword;
  await run(adminUrl, `${TABLES}; CREATE ROLE reader LOGIN PASSWORD '${password}'; ${GRANTS}; ANALYZE`);
  return {
    url: `postgresql://reader:${password}@127.0.0.1:${cluster.port}/test`,
    adminUrl,
    get pid() {
      return cluster.pid;
    },
    admin: (sql, values) => run(adminUrl, sql, values),
    async stop() {
      await cluster.stop();
      await rm(cluster.home.dir, { recursive: true, force: true });
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function run(connectionString: string, sql: string, values?: unknown[]): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return await client.query(sql, values);
  } finally {
    await client.end();
  }
}

const GRANTS = 'GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader';

const TABLES = `
CREATE TABLE airports (
  iata text PRIMARY KEY, name text, city text, state text, country text,
  latitude double precision, longitude double precision
);
INSERT INTO airports VALUES
  ('ATL', 'William B Hartsfield-Atlanta Intl', 'Atlanta', 'GA', 'USA', 33.64044444, -84.42694444),
  ('DFW', 'Dallas-Fort Worth International', 'Dallas-Fort Worth', 'TX', 'USA', 32.89595056, -97.0372),
  ('LAX', 'Los Angeles International', 'Los Angeles', 'CA', 'USA', 33.94253611, -118.4080744),
  ('ORD', 'Chicago O''Hare International', 'Chicago', 'IL', 'USA', 41.979595, -87.90446417),
  ('00M', 'Thigpen', 'Bay Springs', 'MS', 'USA', 31.95376472, -89.23450472);
CREATE TABLE flights (
  date timestamp NOT NULL, delay integer, distance integer, origin text NOT NULL, destination text NOT NULL
);
INSERT INTO flights
SELECT timestamp '2001-01-01' + i * interval '2 minutes',
       CASE WHEN i % 50 = 0 THEN NULL ELSE (i * 7919) % 121 - 30 END,
       100 + (i * 104729) % 2400,
       (ARRAY['ATL', 'DFW', 'LAX', 'ORD'])[1 + (i * i + i / 3) % 4],
       (ARRAY['DFW', 'LAX', 'ORD', 'ATL'])[1 + (i * i + i / 3) % 4]
FROM generate_series(1, ${FLIGHT_ROWS}::bigint) AS i;
CREATE INDEX ON flights (date);
CREATE TABLE types (
  id integer PRIMARY KEY, b boolean, i2 smallint, i4 integer, i8 bigint, f4 real, f8 double precision,
  n numeric, n10_2 numeric(10, 2), t text, c char(5), v varchar(20), y bytea, d date, h time, ts timestamp,
  tz timestamptz, iv interval, j json, jb jsonb, u uuid, ai integer[], at text[]
);
INSERT INTO types VALUES
  (1, true, 7, 42, 9007199254740993, 1.5, 0.1, 12.50, 3.14, E'tab\\t, "quoted", line\\nend', 'abc', 'ünï çødé 日本 😀',
   '\\x00ff10', '2001-02-03', '04:05:06.789', '2001-02-03 04:05:06.789', '2001-02-03 04:05:06+02', '1 day 02:03:04',
   '{"a": [1, null]}', '{"k": "v"}', '123e4567-e89b-12d3-a456-426614174000', '{1,NULL,3}', '{"x,y",NULL,""}'),
  (2, false, -32768, -2147483648, -9223372036854775808, '-Infinity', 'NaN', 'NaN', -99999999.99, '', '', '', '\\x',
   '0001-01-01', '00:00:00', '1999-12-31 23:59:59.999999', '1970-01-01 00:00:00Z', '-3 mons', 'null', '[]',
   '00000000-0000-0000-0000-000000000000', '{}', '{}'),
  (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
   NULL, NULL, NULL)`;
