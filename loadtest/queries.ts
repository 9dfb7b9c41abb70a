/**
 * The queries of the load test, each with plain SQL that says what it must answer. What is measured with stages in
 * processes says `pushdown: off`, as the targets do; what says nothing runs as users' queries do.
 */
import { SCHEMA } from './data.ts';

export interface LoadQuery {
  readonly text: string;
  readonly pushdown: 'off' | 'auto';
  /** In the database's own dialect; its rows are the right ones, in this order. */
  readonly expectedSql: string;
  /** Digits in `text` that each request replaces by others of the same length, so that no two texts are alike. */
  readonly varying?: string;
  /** The last digits then depend on the order in which rows come, which is another each time. */
  readonly sumsFloats: boolean;
}

export const ROWS_OF_PAGE = 5000;

/** A primary key look-up: as light as a query gets. */
export const SMALL: LoadQuery = {
  text: `select name, region, capacity from ${SCHEMA}.hosts where id = 17`,
  pushdown: 'auto',
  expectedSql: `SELECT name, region, capacity FROM ${SCHEMA}.hosts WHERE id = 17`,
  sumsFloats: false,
};

/** Returns a light query with another literal each time, so that no cache by text serves twice. */
export const SMALL_DISTINCT: LoadQuery = {
  text: `select name, region, capacity from ${SCHEMA}.hosts where id = 17 and id < 1000000000`,
  pushdown: 'auto',
  expectedSql: SMALL.expectedSql,
  varying: '1000000000',
  sumsFloats: false,
};

export const PAGE: LoadQuery = {
  text: `select * from ${SCHEMA}.requests where id <= ${ROWS_OF_PAGE} order by id`,
  pushdown: 'auto',
  expectedSql: `SELECT * FROM ${SCHEMA}.requests WHERE id <= ${ROWS_OF_PAGE} ORDER BY id`,
  sumsFloats: false,
};

/** Every one of the seven columns is used: none can be left in the database. */
export function allColumns(table: string, pushdown: 'off' | 'auto' = 'off'): LoadQuery {
  return {
    text: `select * from ${table}
| where status < 500 and duration > 1.5
| eval seconds = duration / 1000, megabytes = bytes / 1048576
| rename path as page
| fields id, time, host, page, seconds, megabytes
| stats count() as n, avg(seconds) as mean, max(megabytes) as largest, min(time) as first, dc(page) as pages, max(id) as last by host
| sort -n, host
| head 20`,
    pushdown,
    sumsFloats: true,
    expectedSql: `SELECT host, count(*) AS n, avg(duration / 1000) AS mean, max(bytes::float8 / 1048576) AS largest,
        min(time) AS first, count(DISTINCT path) AS pages, max(id) AS last
      FROM ${table} WHERE status < 500 AND duration > 1.5
      GROUP BY host ORDER BY n DESC, host COLLATE "C" LIMIT 20`,
  };
}

/** Returns a query that uses two integer columns. The sum of floats would depend on the order of rows and could not be moved. */
export function twoColumns(source: string, pushdown: 'off' | 'auto'): LoadQuery {
  return {
    text: `select * from ${source}
| where bytes > 1500
| stats count() as n, max(bytes) as most, min(bytes) as least by host
| sort -n, host
| head 20`,
    pushdown,
    sumsFloats: false,
    expectedSql: `SELECT host, count(*) AS n, max(bytes) AS most, min(bytes) AS least
      FROM (SELECT * FROM ${source}) AS source WHERE bytes > 1500
      GROUP BY host ORDER BY n DESC, host COLLATE "C" LIMIT 20`,
  };
}

/**
 * Returns a dashboard's query. The SQL beside it is the fastest that was found for its rows: `date_bin` is faster than
 * `date_trunc` and than a cast to a date, and one aggregate that is kept serves the top, the bins and the answer.
 */
export function dailyTop(table: string): LoadQuery {
  return {
    text: `select * from ${table} | timechart time span=1d count() as n by host limit=5`,
    pushdown: 'auto',
    sumsFloats: false,
    expectedSql: `WITH g AS MATERIALIZED (
        SELECT date_bin('1 day', time, '2000-01-03') AS time, host, count(*) AS n FROM ${table} GROUP BY 1, 2),
      top AS (SELECT host FROM g GROUP BY host ORDER BY sum(n) DESC, host COLLATE "C" LIMIT 5),
      bins AS (SELECT generate_series(min(time), max(time), interval '1 day') AS time FROM g)
      SELECT bins.time, top.host, g.n FROM bins CROSS JOIN top LEFT JOIN g ON g.time = bins.time AND g.host = top.host
      ORDER BY bins.time, top.host COLLATE "C"`,
  };
}

export const HUNDRED_ROWS_SQL = `select * from ${SCHEMA}.requests where id <= 100`;

/** A query that shows the cost of stages beside their SQL. */
export const HUNDRED_ROWS = twoColumns(`${SCHEMA}.requests where id <= 100`, 'off');

export function copyOf(table: string, columns: string, format: 'csv' | 'binary' = 'csv'): string {
  return `COPY (SELECT ${columns} FROM ${table}) TO STDOUT (FORMAT ${format})`;
}

/** The body of POST /v1/query. */
export function bodyOf({ text, pushdown }: Pick<LoadQuery, 'text' | 'pushdown'>): string {
  return JSON.stringify({ query: text, pushdown, limits: { timeoutMs: QUERY_TIMEOUT_MS } });
}

/** Timeout that is long enough for queries in the queue of a slow server: they are to be measured, not refused. */
export const QUERY_TIMEOUT_MS = 300_000;
