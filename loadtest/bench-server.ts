/**
 * The two claims of the README's table, measured: Forkline against the same server as one process
 * (loadtest/baseline), on the same database, in turns.
 *
 *   npm run bench:server
 *
 * Bounded: 5 rounds a scenario, some 80 s. Ends with 1 when a target is missed. Everything runs on this one machine, the
 * load generator and PostgreSQL included; quote the ratios, not the milliseconds.
 */
import autocannon from 'autocannon';
import { type Contender, startContenders } from './contenders.ts';

const ROUNDS = 5;
const LOAD_SECONDS = 4;
const LOAD_CONNECTIONS = 8;

/** Every stage of this version, and every one of the seven columns: nothing can be pruned. */
const STAGES_QUERY = `select * from requests
| where status < 500 and duration > 1.5
| eval seconds = duration / 1000, megabytes = bytes / 1048576
| rename path as page
| fields id, time, host, page, seconds, megabytes
| stats count() as n, avg(seconds) as mean, max(megabytes) as largest, min(time) as first, dc(page) as pages, max(id) as last by host
| sort -n, host
| head 20`;

/** As few stages as a dashboard may have: here the database's own COPY is what Forkline waits for. */
const SHORT_QUERY = `select * from requests
| where status < 500 and duration > 1.5
| stats count() as n, avg(duration) as mean, max(bytes) as largest, min(time) as first, dc(path) as paths, max(id) as last by host
| sort -n, host
| head 20`;

const ROWS_QUERY = 'select * from requests limit 5000';

interface Result {
  readonly what: string;
  readonly baseline: number[];
  readonly forkline: number[];
  readonly unit: string;
  /** Of the medians: how many times better Forkline is. */
  readonly ratio: number;
  /** null: for information. */
  readonly target: number | null;
}

await using contenders = await startContenders();
const { baseline, forkline } = contenders;
await sameRows(baseline, forkline);
const results = [
  await stagesScenario('every stage', STAGES_QUERY, 5),
  await stagesScenario('where, stats, sort, head', SHORT_QUERY, null),
  await rowsScenario(),
];
print(results);
process.exitCode = results.every(({ ratio, target }) => target === null || ratio >= target) ? 0 : 1;

async function stagesScenario(stages: string, query: string, target: number | null): Promise<Result> {
  const times = { baseline: [] as number[], forkline: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    times.baseline.push(await elapsedMs(baseline, query));
    times.forkline.push(await elapsedMs(forkline, query));
  }
  const ratio = median(times.baseline) / median(times.forkline);
  return {
    what: `200,000 rows of 7 columns through stages: ${stages}`,
    ...times,
    unit: 'ms a query',
    ratio,
    target,
  };
}

async function rowsScenario(): Promise<Result> {
  const rates = { baseline: [] as number[], forkline: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    rates.baseline.push(await queriesPerSecond(baseline, ROWS_QUERY));
    rates.forkline.push(await queriesPerSecond(forkline, ROWS_QUERY));
  }
  const ratio = median(rates.forkline) / median(rates.baseline);
  return {
    what: `5,000 rows as JSON, ${LOAD_CONNECTIONS} connections`,
    ...rates,
    unit: 'queries/s',
    ratio,
    target: 3,
  };
}

async function elapsedMs({ url }: Contender, query: string): Promise<number> {
  const started = performance.now();
  const response = await fetch(`${url}/v1/query`, { method: 'POST', body: query });
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status}: ${text}`);
  return performance.now() - started;
}

async function queriesPerSecond({ name, url }: Contender, query: string): Promise<number> {
  const run = await autocannon({
    url: `${url}/v1/query`,
    method: 'POST',
    body: query,
    connections: LOAD_CONNECTIONS,
    duration: LOAD_SECONDS,
  });
  if (run.non2xx > 0 || run.errors > 0)
    throw new Error(`${name}: ${run.non2xx} failed answers, ${run.errors} errors`);
  return run.requests.average;
}

/** Fast and wrong would not count: both must give the same rows (times differ in how they are written only). */
async function sameRows(...both: readonly Contender[]): Promise<void> {
  for (const query of [STAGES_QUERY, SHORT_QUERY, ROWS_QUERY]) {
    // One after the other: a scan that joins another one starts in the middle of the table, and limit takes other rows.
    const answers: string[] = [];
    for (const contender of both) answers.push(await comparableRows(contender, query));
    const [first, second] = answers;
    if (first !== second)
      throw new Error(`the answers differ:\n${first?.slice(0, 500)}\n${second?.slice(0, 500)}`);
  }
}

async function comparableRows({ url }: Contender, query: string): Promise<string> {
  const response = await fetch(`${url}/v1/query`, { method: 'POST', body: query });
  const { rows } = (await response.json()) as { rows: Record<string, unknown>[] };
  return JSON.stringify(
    rows.map((row) =>
      Object.entries(row)
        .sort()
        .map(([name, value]) => [name, comparable(value)]),
    ),
  );
}

/** The baseline writes int64 as strings, as pg gives them, and sums floats in another order. */
function comparable(value: unknown): unknown {
  if (typeof value === 'string' && /^-?\d+$/.test(value)) return Number(value);
  if (typeof value === 'number') return Number(value.toPrecision(9));
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value))
    return new Date(`${value.replace('Z', '')}Z`).getTime();
  return value;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

function print(rows: readonly Result[]): void {
  const range = (values: readonly number[]) =>
    `${Math.min(...values).toFixed(0)} / ${median(values).toFixed(0)} / ${Math.max(...values).toFixed(0)}`;
  for (const { what, unit, ratio, target, ...times } of rows) {
    process.stdout.write(`${what} (${unit}, min / median / max of ${ROUNDS})\n`);
    process.stdout.write(
      `  one process  ${range(times.baseline)}\n  forkline     ${range(times.forkline)}\n`,
    );
    const verdict = target === null ? '' : `, target ${target}: ${ratio >= target ? 'met' : 'MISSED'}`;
    process.stdout.write(`  ratio ${ratio.toFixed(1)}${verdict}\n`);
  }
}
