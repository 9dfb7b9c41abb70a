/**
 * Files read by a DSL worker against DuckDB alone on the same files: `npm run bench:files`. Prints medians and their ratio: Parquet
 * of 10 million rows grouped by two columns, one partition of a tree of 20,000, and CSV whose texts are cast by rules; and how long a locked
 * instance takes to make. Rounds alternate, so that both see the same machine.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { RunStagesCall } from '../../../core/protocol/dsl-worker.ts';
import type { WorkerPlan } from '../../../core/protocol/plan.ts';
import type { Column } from '../../../core/protocol/types.ts';
import { nativeType } from '../../../language/dialects/files/types.ts';
import { createEngine } from '../../../workers/dsl/engine.ts';
import { type DslProcess, startDslProcess } from '../../dsl-process.ts';

const ROUNDS = 9;
const ROWS = 10_000_000;
const PARTITIONS = 20_000;
const TEXT_ROWS = 2_000_000;
const THREADS = Math.min(2, availableParallelism());
/** The niceness of workers (workers/dsl/lower-priority.ts). */
const WORKER_NICE = 10;
const BIGINT = nativeType('BIGINT');
const int64 = (name: string): Column => ({ name, type: { kind: 'int64' } });

interface Case {
  readonly title: string;
  /** The statement that DuckDB runs alone. */
  readonly alone: string;
  readonly plan: WorkerPlan;
  readonly columns: readonly Column[];
}

const root = mkdtempSync(join(tmpdir(), 'forkline-bench-files-'));
// A worker lowers its priority: on a busy machine DuckDB alone would be given more of it. Threads have that of their maker.
setPriority(WORKER_NICE);
const instance = await DuckDBInstance.create(':memory:', { threads: String(THREADS) });
const duck = await instance.connect();
await write(duck);
const config = {
  threads: THREADS,
  memoryBytes: 1024 ** 3,
  files: {
    lake: {
      kind: 'files' as const,
      root,
      tables: { big: { path: 'big.parquet' }, parts: { path: 'parts' }, text: { path: 'text.csv' } },
    },
  },
};
const worker = await startDslProcess({ config });
try {
  await measure(worker, {
    title: `Parquet of ${ROWS} rows, count and sum by two columns, ${THREADS} threads`,
    alone: `SELECT g, h, count(*), sum(v) FROM read_parquet('${root}/big.parquet') GROUP BY 1, 2`,
    plan: scanPlan(
      'SELECT g, h, count(*) AS n, sum(v)::BIGINT AS s FROM input GROUP BY 1, 2',
      'select * from big',
      ['g', 'h', 'v'],
    ),
    columns: ['g', 'h', 'n', 's'].map(int64),
  });
  await measure(worker, {
    title: `one partition of ${PARTITIONS}`,
    alone: `SELECT a, p FROM read_parquet('${root}/parts/p=77/*.parquet', hive_partitioning = true)`,
    plan: scanPlan('SELECT a, p FROM input WHERE p = 77', 'select * from parts', ['a', 'p']),
    columns: ['a', 'p'].map(int64),
  });
  await measure(worker, {
    title: `CSV of ${TEXT_ROWS} rows, cast by rules; alone: cast by the engine`,
    alone: `SELECT count(a), sum(a), max(d) FROM read_csv('${root}/text.csv', auto_detect = false, header = true, columns = {a: 'BIGINT', d: 'DATE', t: 'VARCHAR'})`,
    plan: scanPlan(
      "SELECT count(a) AS n, sum(a)::BIGINT AS s, datediff('day', DATE '2000-01-01', max(d)) AS m FROM input",
      'select a, d from text',
      ['a', 'd'],
      [BIGINT, nativeType('DATE')],
    ),
    columns: ['n', 's', 'm'].map(int64),
  });
  await measureInstance();
} finally {
  worker.child.kill();
  await worker.exit();
  rmSync(root, { recursive: true, force: true });
}

async function write(connection: DuckDBConnection): Promise<void> {
  await connection.run(
    `COPY (SELECT range % 100 AS g, range % 7 AS h, range AS v FROM range(${ROWS})) TO '${root}/big.parquet'`,
  );
  await connection.run(
    `COPY (SELECT range AS a, DATE '2000-01-01' + (range % 9000)::INT AS d, 'text ' || range AS t FROM range(${TEXT_ROWS})) TO '${root}/text.csv'`,
  );
  mkdirSync(join(root, 'parts'));
  await connection.run('SET partitioned_write_max_open_files = 1');
  await connection.run(
    `COPY (SELECT 1::BIGINT AS a, range AS p FROM range(${PARTITIONS})) TO '${root}/parts' (FORMAT parquet, PARTITION_BY (p), OVERWRITE true)`,
  );
}

function scanPlan(
  sql: string,
  source: string,
  names: readonly string[],
  types: readonly (typeof BIGINT)[] = [],
): WorkerPlan {
  const columns = names.map((name, index) => ({ name, type: types[index] ?? BIGINT }));
  const scan = {
    connection: 'lake',
    sql: `select * from (${source}) as source`,
    views: null,
    described: { sql: source, columns },
  };
  const inputs = [{ name: 'input', columns: [], scans: 1, scan }];
  return { sql, parameters: [], inputs, runsUserSql: false };
}

async function measure(process: DslProcess, { title, alone, plan, columns }: Case): Promise<void> {
  const times = { alone: [] as number[], worker: [] as number[] };
  const call: RunStagesCall = {
    ...{ queryId: 'bench', connection: 'lake', plan, columns, parameters: [], maxRowBytes: 1e6 },
    answer: { format: 'json', rows: 'arrays', numbers: 'number' },
    limits: { capRows: null, maxRows: 1e6, maxBytes: 1e9 },
    deadlineAt: Date.now() + 600_000,
  };
  for (let round = 0; round < ROUNDS; round++) {
    times.alone.push(await timed(async () => void (await duck.runAndReadAll(alone))));
    times.worker.push(
      await timed(async () => {
        const { reply } = await process.run(call);
        if (!reply.ok) throw new Error(reply.error.message);
      }),
    );
    await process.scrub();
  }
  const [one, other] = [median(times.alone), median(times.worker)];
  console.log(
    `${title}: DuckDB alone ${one.toFixed(1)} ms, worker ${other.toFixed(1)} ms, ${(other / one).toFixed(2)} x, +${(other - one).toFixed(1)} ms`,
  );
}

/** The engine that reads files is made when a worker's first query over them comes, and again for other roots. */
async function measureInstance(): Promise<void> {
  const pipes = { inputs: [], answer: join(root, 'answer') };
  const config = { ...worker.config, spillDir: join(root, 'spill') };
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++)
    times.push(
      await timed(async () =>
        (await createEngine(config, pipes, { directories: [`${root}/`], loading: '' })).close(),
      ),
    );
  console.log(`a locked instance: ${median(times).toFixed(1)} ms`);
}

async function timed(run: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await run();
  return performance.now() - startedAt;
}

/** The first round warms both. */
function median([, ...times]: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]!;
}
