/** Starts what is compared: the baseline and Forkline, on one database, each as its own processes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { openCluster } from '../database/cluster.ts';

const BASELINE = fileURLToPath(new URL('./baseline/server.js', import.meta.url));
const CLI = fileURLToPath(new URL('../cli/main.js', import.meta.url));
const START_TIMEOUT_MS = 120_000;
/** The same number of database connections for both. */
const POOL_SIZE = 4;

type Stop = () => Promise<unknown>;

export interface Contender {
  readonly name: string;
  readonly url: string;
}

export interface Contenders extends AsyncDisposable {
  readonly baseline: Contender;
  readonly forkline: Contender;
}

export async function startContenders(): Promise<Contenders> {
  const scratch = await mkdtemp(join(tmpdir(), 'forkline-bench-'));
  const stops: Stop[] = [() => rm(scratch, { recursive: true, force: true })];
  const stopAll = async (): Promise<void> => {
    for (const stop of stops.toReversed()) await stop();
  };
  try {
    const databaseUrl = await benchDatabase(scratch, stops);
    const baseline = await startBaseline(databaseUrl, stops);
    const forkline = await startForkline(databaseUrl, scratch, stops);
    return { baseline, forkline, [Symbol.asyncDispose]: stopAll };
  } catch (thrown) {
    await stopAll();
    throw thrown;
  }
}

/** A PostgreSQL of its own with the benchmark's table: 200,000 requests of a web server, the same every time. */
async function benchDatabase(scratch: string, stops: Stop[]): Promise<string> {
  const cluster = await openCluster({
    dataDir: join(scratch, 'database'),
    maxConnections: 50,
    onProgress: () => {},
    onTrouble: (line) => process.stderr.write(`${line}\n`),
  });
  stops.push(async () => {
    await cluster.stop();
    await rm(cluster.home.dir, { recursive: true, force: true });
  });
  const client = new pg.Client({ connectionString: cluster.adminUrl });
  await client.connect();
  await client.query(REQUESTS);
  await client.end();
  return cluster.adminUrl;
}

const REQUESTS = `
CREATE TABLE requests AS
SELECT i::bigint AS id, timestamp '2026-01-01' + i * interval '1 second' AS time, 'host-' || i % 40 AS host,
       '/products/' || i * 7919 % 5000 || '/details' AS path, (ARRAY[200, 200, 200, 304, 404, 500])[1 + i % 6] AS status,
       i::bigint * 104729 % 1000000 AS bytes, (i * 31 % 10000) / 100.0::float8 AS duration
FROM generate_series(1, 200000) AS i;
ANALYZE requests`;

async function startBaseline(databaseUrl: string, stops: Stop[]): Promise<Contender> {
  const child = spawn(process.execPath, [BASELINE, String(POOL_SIZE)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { DATABASE_URL: databaseUrl },
  });
  stops.push(() => end(child));
  const port = await firstMatch(child, /^(\d+)$/);
  return { name: 'baseline', url: `http://127.0.0.1:${port}` };
}

async function startForkline(databaseUrl: string, scratch: string, stops: Stop[]): Promise<Contender> {
  const child = spawn(process.execPath, [CLI, 'start'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: scratch,
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: databaseUrl,
      FORKLINE_PORT: '0',
      FORKLINE_DATA_DIR: scratch,
      FORKLINE_LOG_FILE: join(scratch, 'forkline.log'),
      FORKLINE_SQL_PROCESSES: '2',
      FORKLINE_SQL_CONNECTIONS: String(POOL_SIZE / 2),
    },
  });
  stops.push(() => end(child));
  const url = await firstMatch(child, /listening on (http:\S+)/);
  return { name: 'forkline', url };
}

/** The first capture of the first line that matches; what follows is read and dropped, so that the child never blocks. */
async function firstMatch(child: ChildProcess, pattern: RegExp): Promise<string> {
  const lines = createInterface({ input: child.stdout! });
  const found = new Promise<string>((resolve, reject) => {
    lines.on('line', (line) => {
      const match = pattern.exec(line);
      if (match !== null) resolve(match[1]!);
    });
    child.once('exit', (code) =>
      reject(new Error(`${child.spawnargs[1]} ended with ${code} before it was ready`)),
    );
  });
  const timeout = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error('not ready in time')), START_TIMEOUT_MS).unref();
  });
  return Promise.race([found, timeout]);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}
