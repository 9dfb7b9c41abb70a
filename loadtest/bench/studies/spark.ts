/**
 * `npm run bench:spark [runs]`: rows from Spark, a million of seven columns, into the stage engine, beside what a client needs that
 * merely decodes the same Arrow; what a small query takes beside a bare client's; and how soon a cancel is answered by Spark.
 *
 * It brings up a server of its own (FORKLINE_SPARK names the directory `deps` of the Python package pyspark, or FORKLINE_SAIL
 * LakeSail's program); FORKLINE_BENCH_SPARK=sc://host:15002 names another. Times are medians, each way in its turn.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCallControl } from '../../../connectors/kit/call-control.ts';
import type { Session } from '../../../connectors/kit/connector.ts';
import { connectionOf } from '../../../connectors/registry.ts';
import { openChannel } from '../../../connectors/spark/channel.ts';
import { planOf } from '../../../connectors/spark/plans.ts';
import { QuerySession } from '../../../connectors/spark/query-session.ts';
import { readUrl } from '../../../core/config/urls/spark-url.ts';
import { QueryError } from '../../../core/protocol/errors.ts';
import { startSail, startSpark } from '../../../test/support/spark.ts';
import type { BareAnswer } from './spark-bare.ts';

const ROWS = 1_000_000;
const COLUMNS = 7;
const SQL = `select id, id % 1000 as n, concat('name ', cast(id as string), ' 서울') as name, cast(id / 100.0 as decimal(12,2)) as price,
  id / 7.0d as ratio, date_add(date'2020-01-01', cast(id % 1000 as int)) as day,
  cast(timestamp_seconds(1577836800 + id) as timestamp_ntz) as at from range(${ROWS})`;
const SMALL = 'select 1 as one';
const ENDLESS = 'select sum(sqrt(a.id + b.id)) as s from range(2000000) a cross join range(500000) b';
const LIMITS = { capRows: null, maxRows: 1e9, maxBytes: 1e12 };
const [SMALL_RUNS, CANCELS] = [100, 60];
const HOUR_MS = 3_600_000;

const skip = (): never => {
  throw new Error('there is no Spark here: set FORKLINE_SPARK, FORKLINE_SAIL or FORKLINE_BENCH_SPARK');
};
const named = process.env.FORKLINE_BENCH_SPARK;
const start = process.env.FORKLINE_SPARK === undefined ? startSail : startSpark;
const server = named === undefined ? await start({ skip }) : null;
const url = named ?? server!.url;
const runs = Number(process.argv[2] ?? 5);
const call = {
  ...{ queryId: 'bench', connection: 'bench', functions: [], parameters: [], maxRowBytes: 1e9 },
  deadlineAt: Date.now() + HOUR_MS,
};

/** Starts a client that has the protocol and Arrow's decoder, and nothing else, in a process with Node's own settings. */
async function startBareClient(): Promise<ChildProcess> {
  const child = fork(new URL('./spark-bare.ts', import.meta.url), [url]);
  await once(child, 'message');
  return child;
}

/** Resolves to the milliseconds in which the bare client reads all rows. */
async function bare(sql: string, rows: number): Promise<number> {
  const told = once(bareClient, 'message') as Promise<[BareAnswer]>;
  bareClient.send(sql);
  const [answer] = await told;
  if (answer.rows !== rows) throw new Error(`the bare client got ${answer.rows} rows`);
  return answer.ms;
}

async function small(session: Session): Promise<void> {
  const control = createCallControl(call.deadlineAt);
  const sink = {
    write(_bytes: Buffer, onWritten: () => void) {
      onWritten();
      return true;
    },
    setOnDrain() {},
  };
  const answer = { format: 'json', rows: 'objects', numbers: 'number' } as const;
  await session.run({ ...call, sql: SMALL, answer, limits: LIMITS }, sink, control);
  control.dispose();
}

/** A pipe and the stage engine, in a process of its own, that reads it once and again: DSL workers have served before, too. */
interface Engine {
  readonly child: ChildProcess;
  readonly fifo: string;
}

/** Resolves when the engine has opened its pipe. */
async function startEngine(): Promise<Engine> {
  const fifo = join(mkdtempSync(join(engineDir, 'run-')), 'input');
  const child = fork(new URL('./mariadb-stages.ts', import.meta.url), [fifo]);
  await once(child, 'message');
  return { child, fifo };
}

async function intoStages(session: Session): Promise<void> {
  const { child, fifo } = engine;
  const told = once(child, 'message') as Promise<[string]>;
  child.send('read');
  const control = createCallControl(call.deadlineAt);
  const { columns } = await session.describe({ ...call, sql: SQL }, control);
  await session.copyTo({ ...call, sql: SQL, parameterTypes: [], expect: columns, fifo }, control);
  control.dispose();
  const [message] = await told;
  if (message !== `${ROWS} ${COLUMNS}`) throw new Error(`the engine got ${message}`);
}

/** Resolves to the milliseconds from a cancel to Spark's answer to its Interrupt. */
async function cancelMs(): Promise<number> {
  const channel = await openChannel(readUrl(url), {
    tls: { ca: null },
    userAgent: 'bench',
    guardsAddress: false,
  });
  const { stub } = channel;
  let cancelledAt = 0;
  const answered = new Promise<number>((resolve) => {
    const interrupt = stub.Interrupt.bind(stub);
    stub.Interrupt = (request, metadata, options, callback) =>
      interrupt(request, metadata, options, (error, response) => {
        resolve(performance.now() - cancelledAt);
        callback(error, response);
      });
  });
  const control = createCallControl(call.deadlineAt);
  const session = new QuerySession(channel, 'bench', control);
  await session.schema(planOf(ENDLESS));
  setTimeout(() => {
    cancelledAt = performance.now();
    control.cancellation.cancel(new QueryError('cancelled', 'enough'));
  }, 200);
  try {
    for await (const _ of session.execute(planOf(ENDLESS)));
  } catch (thrown) {
    if (!(thrown instanceof QueryError) || thrown.code !== 'cancelled') throw thrown;
  }
  const ms = await answered;
  await session.release();
  channel.close();
  control.dispose();
  return ms;
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await run();
  return performance.now() - startedAt;
}

function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!;
}

const engineDir = mkdtempSync(join(tmpdir(), 'forkline-bench-'));
const engine = await startEngine();
const bareClient = await startBareClient();
const connection = await connectionOf(
  { kind: 'spark', url },
  { name: 'bench', workerId: 'bench', connectTimeoutMs: 60_000 },
);
const { session } = await connection.open();
await bare(SQL, ROWS);
await intoStages(session);
const [bareMs, stagesMs]: [number[], number[]] = [[], []];
for (let run = 0; run < runs; run++) {
  bareMs.push(await bare(SQL, ROWS));
  stagesMs.push(await timed(() => intoStages(session)));
  console.error(`run ${run + 1} of ${runs}: ${bareMs[run]!.toFixed(0)} and ${stagesMs[run]!.toFixed(0)} ms`);
}
const [base, stages] = [quantile(bareMs, 0.5), quantile(stagesMs, 0.5)];
console.log(`${ROWS} rows x ${COLUMNS}, a bare client decodes: ${base.toFixed(0)} ms`);
console.log(
  `the same into the stage engine: ${stages.toFixed(0)} ms, ${(stages / base).toFixed(2)} x (floor 1.5)`,
);
const [bareSmall, ownSmall]: [number[], number[]] = [[], []];
for (let run = 0; run < SMALL_RUNS; run++) {
  bareSmall.push(await bare(SMALL, 1));
  ownSmall.push(await timed(() => small(session)));
}
const [bareHalf, ownHalf] = [quantile(bareSmall, 0.5), quantile(ownSmall, 0.5)];
console.log(
  `${SMALL}: bare ${bareHalf.toFixed(1)} ms, the connector ${ownHalf.toFixed(1)} ms (p50), ${(ownHalf - bareHalf).toFixed(1)} ms more (floor 15)`,
);
const cancels: number[] = [];
for (let run = 0; run < CANCELS; run++) cancels.push(await cancelMs());
console.log(
  `cancel to Spark's answer: ${quantile(cancels, 0.5).toFixed(0)} ms p50, ${quantile(cancels, 0.95).toFixed(0)} ms p95 (floor 200)`,
);
engine.child.kill();
bareClient.kill();
rmSync(engineDir, { recursive: true });
await session.end();
await server?.stop();
