/**
 * What a warning about division by zero would cost, as ratios within one run:
 *
 *   npx tsx loadtest/bench-division-flag.ts [rounds]
 *
 * `plain` aggregates quotients; `flag` also asks of each row whether the divisor was 0; `again` asks in a second
 * statement over the same rows, as the database would have to. Medians; the machine should have nothing else to do.
 */
import { DuckDBInstance } from '@duckdb/node-api';

const ROWS = `CREATE TABLE source AS
  SELECT i % 1000 AS a, i % 7 AS b, 'text ' || i % 100 AS s FROM range(3000000) AS r(i)`;
const ASK = 'SELECT bool_or(b = 0) FROM source';
const aggregate = (flag: string): string => `SELECT s, sum(a / nullif(b, 0))${flag} FROM source GROUP BY s`;

const WAYS: Readonly<Record<string, readonly string[]>> = {
  plain: [aggregate('')],
  flag: [aggregate(', bool_or(b = 0)')],
  again: [aggregate(''), ASK],
};

function median(timesMs: readonly number[]): number {
  return timesMs.toSorted((a, b) => a - b)[Math.floor(timesMs.length / 2)]!;
}

const rounds = Number(process.argv[2] ?? 9);
const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
const connection = await instance.connect();
await connection.run(ROWS);
const timesMs = new Map<string, number[]>(Object.keys(WAYS).map((name) => [name, []]));
for (let round = 0; round < rounds; round++)
  for (const [name, statements] of Object.entries(WAYS)) {
    const startedAt = performance.now();
    for (const statement of statements) await connection.runAndReadAll(statement);
    timesMs.get(name)!.push(performance.now() - startedAt);
  }
const plainMs = median(timesMs.get('plain')!);
for (const [name, values] of timesMs) {
  const ms = median(values);
  console.log(`${name.padEnd(6)} ${ms.toFixed(0).padStart(6)} ms  ${(ms / plainMs).toFixed(2)} x`);
}
connection.closeSync();
instance.closeSync();
