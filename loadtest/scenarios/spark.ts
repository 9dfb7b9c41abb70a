/**
 * Runs the same pipelines over the same Parquet files on Spark and on Forkline's own engine: shows the rows that the files have beside those that
 * cross the wire after the stages that Spark computes, and the time of each part. These are figures of one machine, about no cluster.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { startForkline } from '../contender/start-forkline.ts';
import type { ScenarioRecord } from '../record.ts';
import { type Bench, inTurns, type Scenario } from '../scenario.ts';
import { ask, type QueryAnswer } from '../verify.ts';
import { ELAPSED } from './one-query.ts';

const DAYS = 10;
/** By name: the stages, which follow the source. */
const PIPELINES: readonly { readonly name: string; readonly stages: string }[] = [
  {
    name: 'filter and group',
    stages: 'where region <> 3 | stats count() as n, sum(amount) as total by day | sort day',
  },
  { name: 'top', stages: 'top 5 name' },
  {
    name: 'filter, then a stage that Spark has not',
    stages:
      'where day = 4 and region = 3 | eval shown = upper(name) | stats dc(shown) as names, max(amount) as most',
  },
  {
    name: 'all rows into stages',
    stages: 'stats avg(ratio) as mean by region | sort region | fields region',
  },
];

/** The rows and bytes that crossed the wire from Spark. */
interface Crossed {
  readonly rows: number;
  readonly bytes: number;
}

export const spark: Scenario = {
  name: 'spark',
  title: 'stages in Spark, over Parquet: what crosses the wire',
  how: `pipelines over N rows in ${DAYS} hive partitions, on Spark and on the stage engine alone, in turns; answers must be equal`,
  needs: { contenders: [], ownServers: true, spark: true },
  async run(bench, record) {
    const dir = await mkdtemp(join(tmpdir(), 'forkline-loadtest-spark-'));
    try {
      bench.progress('writing Parquet');
      await writeSales(join(dir, 'sales'), bench.rows);
      await measure(bench, record, dir);
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  },
};

async function measure(bench: Bench, record: ScenarioRecord, dir: string): Promise<void> {
  const { databaseUrl, children, path } = bench;
  const connections = {
    main: { url: databaseUrl },
    lake: { kind: 'spark', url: process.env.FORKLINE_SPARK_RUNNING },
    files: { kind: 'files', root: dir, tables: { sales: { path: 'sales/**/*.parquet', hive: true } } },
  };
  const forkline = await startForkline({ databaseUrl, children, path, config: { connections } });
  try {
    const sides = [
      { who: 'Spark', source: `@lake select * from parquet.\`${join(dir, 'sales')}\`` },
      { who: 'the stage engine alone', source: '@files select * from sales' },
    ];
    for (const pipeline of PIPELINES) {
      const crossed: Crossed[] = [];
      const answers = new Map<string, string>();
      const run = async ({ who, source }: (typeof sides)[number], isCounted: boolean): Promise<void> => {
        const before = await handedOver(forkline.url);
        const answer = await ask(
          forkline.url,
          JSON.stringify({ query: `${source} | ${pipeline.stages}` }),
          bench.signal,
        );
        answers.set(who, JSON.stringify(answer.rows));
        if (!isCounted) return;
        record.add(`${who}, ${pipeline.name}`, ELAPSED, 'ms', answer.ms);
        if (who !== 'Spark') return;
        record.addPhases(`Spark, ${pipeline.name}`, answer.phases);
        crossed.push(await crossedBy(answer, before, forkline.url));
      };
      for (const side of sides) await run(side, false);
      await inTurns(
        bench,
        sides,
        ({ who }) => `${pipeline.name}, ${who}`,
        (side) => run(side, true),
      );
      if (new Set(answers.values()).size > 1)
        throw new Error(`Spark and the stage engine answer otherwise to: ${pipeline.stages}`);
      report(record, pipeline, crossed[0]!, bench.rows);
    }
  } finally {
    await forkline.stop();
  }
}

/** Resolves to what went from the SQL workers to the stages until now. */
async function handedOver(url: string): Promise<Crossed> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const value = (name: string): number => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  return { rows: value('forkline_handoff_rows_total'), bytes: value('forkline_handoff_bytes_total') };
}

/** Returns what crossed: the answer itself where all of it was made in Spark. */
async function crossedBy(answer: QueryAnswer, before: Crossed, url: string): Promise<Crossed> {
  if (answer.placement.every((where) => where === 'source'))
    return { rows: answer.rows.length, bytes: answer.bytes };
  const after = await handedOver(url);
  return { rows: after.rows - before.rows, bytes: after.bytes - before.bytes };
}

function report(
  record: ScenarioRecord,
  { name }: (typeof PIPELINES)[number],
  { rows, bytes }: Crossed,
  read: number,
): void {
  const [inSpark, alone] = ['Spark', 'the stage engine alone'].map((who) =>
    record.median(`${who}, ${name}`, ELAPSED),
  ) as [number, number];
  record.note(
    `${name}: ${rows.toLocaleString('en')} rows (${(bytes / 1024).toFixed(1)} KiB) of ${read.toLocaleString('en')} crossed the wire; ${inSpark.toFixed(0)} ms with Spark, ${alone.toFixed(0)} ms without`,
  );
}

/** Writes rows in a directory for each day. */
async function writeSales(path: string, rows: number): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(`COPY (
    SELECT i AS id, i % ${DAYS} AS day, i % 17 AS region, CAST(i % 100000 / 100 AS DECIMAL(12,2)) AS amount,
      'name ' || (i * 7919 % 1000) AS name, i / 7.0e0 AS ratio
    FROM range(${rows}) t(i)) TO '${path}' (FORMAT parquet, PARTITION_BY (day))`);
  connection.closeSync();
  instance.closeSync();
}
