/**
 * `npm run bench:mariadb [runs]`: rows from MariaDB, a million of seven columns, as JSON and into the stage engine, beside what
 * `mysql2` needs merely to stream them and what one process needs that makes objects of them. Prints both ratios of the run.
 *
 * It brings up a server of its own; FORKLINE_BENCH_MARIADB=mariadb://user:password@127.0.0.1:3306/database names another, where
 * the user needs CREATE and INSERT once and the table is left. Times are medians, each way in its turn.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mysql from 'mysql2';
import { createCallControl } from '../../../connectors/kit/call-control.ts';
import type { ByteSink, Session } from '../../../connectors/kit/connector.ts';
import { connectionOf } from '../../../connectors/registry.ts';
import { takeInput } from '../../../test/support/input-taker.ts';
import { startMariadb } from '../../../test/support/mariadb.ts';

const ROWS = 1_000_000;
const COLUMNS = 7;
const SQL = 'select id, n, name, price, ratio, day, at from forkline_bench';
const TABLE = `create table if not exists forkline_bench (id bigint primary key, n int, name varchar(40) character set utf8mb4,
  price decimal(12, 2), ratio double, day date, at datetime(3))`;
const FILL = `insert ignore into forkline_bench select seq, seq % 1000, concat('name ', seq, ' 서울'), seq / 100, seq / 7,
  date '2020-01-01' + interval seq % 1000 day, timestamp '2020-01-01 00:00:00' + interval seq * 1234 microsecond from seq_1_to_${ROWS}`;
const LIMITS = { capRows: null, maxRows: 1e9, maxBytes: 1e12 };

const named = process.env.FORKLINE_BENCH_MARIADB;
const server = named === undefined ? await startMariadb({ skip: noServer }) : null;
await server?.admin('grant create, insert on test.* to reader');
const url = named ?? server!.url;
const runs = Number(process.argv[2] ?? 5);
const uri = url.replace(/^mariadb:/, 'mysql:');

function noServer(): never {
  throw new Error('there is no MariaDB here: apt-get install --no-install-recommends mariadb-server');
}

async function prepare(): Promise<void> {
  const client = mysql.createConnection({ uri }).promise();
  await client.query(TABLE);
  await client.query(FILL);
  await client.end();
}

/** `mysql2` as it is: `arrays` handed out and dropped, or objects made into JSON. */
function streamed(arrays: boolean): Promise<number> {
  return new Promise((resolve, reject) => {
    const client = mysql.createConnection({
      uri,
      rowsAsArray: arrays,
      dateStrings: true,
      supportBigNumbers: true,
    });
    let bytes = 0;
    const query = client.query(SQL);
    query.on('error', reject);
    query.on('result', (row) => {
      if (!arrays) bytes += JSON.stringify(row).length;
    });
    query.on('end', () => client.end(() => resolve(bytes)));
  });
}

/** One process: all rows as objects, then their JSON. */
function objects(): Promise<number> {
  return new Promise((resolve, reject) => {
    const client = mysql.createConnection({ uri, dateStrings: true, supportBigNumbers: true });
    client.query(SQL, (error, rows) => {
      if (error !== null) return reject(error);
      const bytes = Buffer.byteLength(JSON.stringify(rows));
      client.end(() => resolve(bytes));
    });
  });
}

const call = {
  ...{ queryId: 'bench', connection: 'bench', sql: SQL, functions: [], parameters: [], maxRowBytes: 1e9 },
  deadlineAt: Date.now() + 3_600_000,
};

async function asJson(session: Session): Promise<number> {
  let bytes = 0;
  const sink: ByteSink = {
    write(piece, onWritten) {
      bytes += piece.length;
      onWritten();
      return true;
    },
    setOnDrain() {},
  };
  const control = createCallControl(call.deadlineAt);
  await session.run(
    { ...call, answer: { format: 'json', rows: 'objects', numbers: 'number' }, limits: LIMITS },
    sink,
    control,
  );
  control.dispose();
  return bytes;
}

async function intoPipe(session: Session): Promise<number> {
  const dir = mkdtempSync(join(tmpdir(), 'forkline-bench-'));
  const fifo = join(dir, 'input');
  const taken = takeInput(fifo);
  const bytes = await copied(session, fifo);
  await taken.bytes;
  rmSync(dir, { recursive: true });
  return bytes;
}

async function copied(session: Session, fifo: string): Promise<number> {
  const control = createCallControl(call.deadlineAt);
  const { columns } = await session.describe(call, control);
  const { bytes } = await session.copyTo({ ...call, parameterTypes: [], expect: columns, fifo }, control);
  control.dispose();
  return bytes;
}

/** A pipe and the stage engine, in a process of its own, that reads it. */
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

/** The stage engine decodes all rows, as a DSL worker does, and computes an aggregate of each column. */
async function intoStages(session: Session): Promise<number> {
  const { child, fifo } = await engine;
  const told = once(child, 'message') as Promise<[string]>;
  child.send('read');
  const bytes = await copied(session, fifo);
  const [message] = await told;
  if (message !== `${ROWS} ${COLUMNS}`) throw new Error(`the engine got ${message}`);
  child.kill();
  engine = startEngine(); // for the next run, of whose time it is no part
  return bytes;
}

async function timed(run: () => Promise<number>): Promise<number> {
  const startedAt = performance.now();
  await run();
  return performance.now() - startedAt;
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;

const engineDir = mkdtempSync(join(tmpdir(), 'forkline-bench-'));
let engine = startEngine();
await prepare();
const connection = await connectionOf(
  { kind: 'mariadb', url, allowPowerfulRole: true },
  { name: 'bench', workerId: 'bench', connectTimeoutMs: 5000 },
);
const { session } = await connection.open();
const ways: Readonly<Record<string, () => Promise<number>>> = {
  'mysql2 streams arrays': () => streamed(true),
  'mysql2 streams objects into JSON': () => streamed(false),
  'mysql2 objects, then JSON': objects,
  'the connector, as JSON': () => asJson(session),
  'the connector, into the pipe': () => intoPipe(session),
  'the connector, into stages': () => intoStages(session),
};
const times = new Map<string, number[]>(Object.keys(ways).map((name) => [name, []]));
for (let run = 0; run < runs; run++)
  for (const [name, way] of Object.entries(ways)) {
    const ms = await timed(way);
    times.get(name)!.push(ms);
    console.error(`run ${run + 1} of ${runs}: ${name} ${ms.toFixed(0)} ms`);
  }
const of = (way: string): number => median(times.get(way)!);
const base = of('mysql2 streams arrays');
for (const name of times.keys())
  console.log(`${name.padEnd(34)} ${of(name).toFixed(0).padStart(6)} ms  ${(of(name) / base).toFixed(2)} x`);
const objectsMs = of('mysql2 objects, then JSON');
const ratio = (ms: number): string => ms.toFixed(2);
console.log(
  `into stages: ${ratio(of('the connector, into stages') / base)} x mysql2's streaming (floor 1.8, goal 1.3), `,
);
console.log(
  `  ${ratio(objectsMs / of('the connector, into stages'))} x as fast as one process with row objects (floor 3)`,
);
console.log(
  `as JSON: ${ratio(objectsMs / of('the connector, as JSON'))} x as fast as one process with row objects (floor 3, goal 4)`,
);
(await engine).child.kill();
rmSync(engineDir, { recursive: true });
await session.end();
await server?.stop();
