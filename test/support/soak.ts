/**
 * Mixed load with random faults against one Forkline, and what must hold afterwards. Numbers come from a seed, so
 * that a failure can be run again; what the machine makes of the timing is its own.
 */
import { readdir } from 'node:fs/promises';
import http from 'node:http';
import { dirname } from 'node:path';
import type { ProcessRow } from '../../core/protocol/monitor.ts';
import type { TestDatabase } from './database.ts';
import type { Forkline } from './forkline.ts';
import { randomOf } from './random.ts';
import { until } from './until.ts';

const CLIENTS = 6;
const SETTLE_MS = 20_000;
const FAULT_EVERY_QUERIES = 25;

/** Typed errors that a fault or the load itself may cause; anything else is a bug. */
const EXPECTED = new Set([
  'worker-lost',
  'shared-query-failed',
  'database-unavailable',
  'queue-full',
  'queue-timeout',
  'deadline-exceeded',
  'cancelled',
  'draining',
  'too-many-queries',
  'poison-query', // a fault that hit the same query twice looks like its doing
]);

/** Each with the code that it ends with when nothing hurts it; null: an answer. */
const QUERIES: readonly (readonly [text: string, code: string | null])[] = [
  ['select 1 as a', null],
  ['set pushdown = off; select origin, delay from flights | stats count() as n by origin', null],
  ['select * from flights', null],
  ['select origin, delay from flights | stats count() as n by origin', null],
  ['set pushdown = off; select * from flights | where delay > 0 | sort -delay', null],
  ['select pg_sleep(0.3)::text as a', null],
  ['set pushdown = off; select pg_sleep(0.3)::text as a | where true', null],
  ['select nope from flights', 'unknown-column'],
  ['select 1/(delay - delay) from flights', 'sql-error'],
  ['select 1 as a | hed 1', 'unknown-stage'],
  ['select i from generate_series(1, 100000000) as i', 'deadline-exceeded'],
  ['set pushdown = off; select i from generate_series(1, 100000000) as i | stats dc(i)', 'deadline-exceeded'],
];

export interface SoakResult {
  readonly seen: Readonly<Record<string, number>>;
  /** Failures that no fault explains. */
  readonly unexpected: readonly string[];
  readonly faults: readonly string[];
}

export interface SoakOptions {
  /** Number of queries after which it ends. */
  readonly queries?: number;
  /** Or after so long. */
  readonly durationMs?: number;
  readonly seed: number;
  readonly faults?: readonly Fault[];
}

export type Fault = 'KILL' | 'TERM' | 'STOP' | 'HUP' | 'terminate-backends';
const FAULTS: readonly Fault[] = ['KILL', 'KILL', 'TERM', 'STOP', 'HUP', 'terminate-backends'];

function pick<T>(values: readonly T[], random: () => number): T {
  return values[Math.floor(random() * values.length)]!;
}

export async function soak(
  forkline: Forkline,
  database: TestDatabase,
  { queries = Number.POSITIVE_INFINITY, durationMs, seed, faults = FAULTS }: SoakOptions,
): Promise<SoakResult> {
  const random = randomOf(seed);
  const seen: Record<string, number> = {};
  const unexpected: string[] = [];
  const done: string[] = [];
  let sent = 0;
  const endAt = durationMs === undefined ? Number.POSITIVE_INFINITY : Date.now() + durationMs;
  const truths = await truthsOf(forkline);
  const client = async (): Promise<void> => {
    while (sent < queries && Date.now() < endAt) {
      if (++sent % FAULT_EVERY_QUERIES === 0) done.push(await hurt(forkline, database, random, faults));
      const [text, code] = pick(QUERIES, random);
      const outcome = await ask(forkline.port, text, random, truths);
      seen[outcome] = (seen[outcome] ?? 0) + 1;
      const known =
        outcome === (code ?? 'ok') || outcome === 'kept' || outcome === 'left' || outcome === 'cut';
      if (!known && !EXPECTED.has(outcome)) unexpected.push(`${text}: ${outcome}`);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return { seen, unexpected, faults: done };
}

/** The rows of each query that has an answer, in no order, before anything is hurt. */
async function truthsOf(forkline: Forkline): Promise<ReadonlyMap<string, string>> {
  const truths = new Map<string, string>();
  for (const [text, code] of QUERIES) {
    if (code !== null) continue;
    const answer = await forkline.query(text, { headers: { 'cache-control': 'no-store' } });
    truths.set(text, rowsOf(answer.json));
  }
  return truths;
}

function rowsOf({ rows }: { readonly rows: readonly unknown[] }): string {
  return rows
    .map((row) => JSON.stringify(row))
    .sort()
    .join('\n');
}

/** `ok`, an error's code, `wrong` (other rows), `left` (this client went away), `cut` (the connection ended: the server was killed). */
function ask(
  port: number,
  text: string,
  random: () => number,
  truths: ReadonlyMap<string, string>,
): Promise<string> {
  const leaveAfterMs = random() < 0.15 ? random() * 200 : null;
  const timeoutMs = random() < 0.15 ? 1 + Math.floor(random() * 50) : 1500;
  return new Promise((resolve) => {
    const request = http.request(
      { port, host: '127.0.0.1', path: '/v1/query', method: 'POST', agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', () => resolve('cut'));
        response.on('end', () => {
          const isHit = response.headers['cache-status']?.includes('; hit') === true;
          resolve(outcomeOf(response.statusCode ?? 0, isHit, Buffer.concat(chunks), truths.get(text)));
        });
      },
    );
    const timer = leaveAfterMs === null ? null : setTimeout(() => request.destroy(), leaveAfterMs);
    request.on('close', () => {
      if (timer !== null) clearTimeout(timer);
      resolve('left');
    });
    request.on('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ECONNREFUSED' ? 'refused' : request.destroyed && timer ? 'left' : 'cut'),
    );
    request.setHeader('content-type', 'application/json');
    // Half of them run, so that faults meet queries.
    if (random() < 0.5) request.setHeader('cache-control', 'no-store');
    request.end(JSON.stringify({ query: text, limits: { timeoutMs } }));
  });
}

/** `kept`: an answer that came from the cache. */
function outcomeOf(status: number, isHit: boolean, body: Buffer, truth: string | undefined): string {
  const answer = JSON.parse(body.toString()) as { code: string; rows: unknown[] }; // one that ended well is whole
  if (status !== 200) return answer.code;
  if (rowsOf(answer) !== truth) return 'wrong';
  return isHit ? 'kept' : 'ok';
}

async function hurt(
  forkline: Forkline,
  database: TestDatabase,
  random: () => number,
  faults: readonly Fault[],
): Promise<string> {
  const fault = pick(faults, random);
  if (fault === 'HUP') {
    process.kill(forkline.monitorPid, 'SIGHUP');
    return fault;
  }
  if (fault === 'terminate-backends') {
    await database.admin(
      "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'reader' and random() < 0.5",
    );
    return fault;
  }
  return await signal(forkline, fault, random);
}

async function signal(
  forkline: Forkline,
  fault: 'KILL' | 'TERM' | 'STOP',
  random: () => number,
): Promise<string> {
  const rows = await forkline.processes().catch((): ProcessRow[] => []); // the server was killed just now
  const children = rows.filter(({ role }) => role !== 'monitor' && role !== 'database');
  const victim = children.length === 0 ? null : pick(children, random);
  if (victim === null) return 'nobody';
  try {
    process.kill(victim.pid, `SIG${fault}`);
  } catch {
    // the process ended since it was listed
  }
  return `${fault} ${victim.workerId}`;
}

/** Resolves once everything is as if nothing had happened; rejects with what is not. */
export async function settled(forkline: Forkline, database: TestDatabase, slots: number): Promise<void> {
  let problems: string[] = [];
  const look = async (): Promise<boolean> => {
    problems = [];
    await checkServer(forkline, slots, problems);
    await checkDatabase(database, problems);
    return problems.length === 0;
  };
  await until(look, SETTLE_MS, 'everything is as before').catch((error: Error) => {
    throw new Error(`${error.message}: ${problems.join('; ')}`, { cause: error.cause });
  });
}

async function checkServer(forkline: Forkline, slots: number, problems: string[]): Promise<void> {
  const ready = (await forkline.get('/readyz')).json as unknown as {
    checks: { sqlSlots: number; dslWorkers: Record<string, number> };
  };
  const { idle = 0, leased, scrubbing, connecting } = ready.checks.dslWorkers;
  if (ready.checks.sqlSlots !== slots) problems.push(`${ready.checks.sqlSlots} of ${slots} slots`);
  if (idle < 1 || leased || scrubbing || connecting)
    problems.push(`DSL stock ${JSON.stringify(ready.checks.dslWorkers)}`);
  const metrics = (await forkline.get('/metrics')).text;
  const gauge = (name: string): number => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(metrics)?.[1]);
  if (gauge('forkline_sql_slots_free') !== slots)
    problems.push(`${gauge('forkline_sql_slots_free')} of ${slots} slots free`);
  if (gauge('forkline_queries_running') !== 0)
    problems.push(`${gauge('forkline_queries_running')} queries run`);
  const rows = await forkline.processes();
  for (const { workerId, state, kernelState } of rows)
    if (state !== 'ready' || kernelState === 'Z' || kernelState === 'T')
      problems.push(`${workerId} is ${state} (${kernelState})`);
  const dsl = rows.filter(({ role }) => role === 'dsl').length;
  if (dsl !== idle) problems.push(`the monitor has ${dsl} DSL workers, the server ${idle}`);
}

async function checkDatabase(database: TestDatabase, problems: string[]): Promise<void> {
  const { rows } = await database.admin(
    "select query from pg_stat_activity where usename = 'reader' and state <> 'idle'",
  );
  for (const { query } of rows as { query: string }[]) problems.push(`active: ${query.slice(0, 60)}`);
}

/**
 * FIFOs, sockets and spill directories of workers that are no more, after a time in which they may go: a worker's files are removed
 * after it, and those of a new one may be there before its row in the list of processes that was read.
 */
export async function filesOfGoneWorkers(forkline: Forkline): Promise<string[]> {
  let found: string[] = [];
  const look = async (): Promise<boolean> => {
    found = await filesWithoutWorker(forkline);
    return found.length === 0;
  };
  await until(look, SETTLE_MS).catch(() => {}); // the rest is the answer
  return found;
}

async function filesWithoutWorker(forkline: Forkline): Promise<string[]> {
  const rows = await forkline.processes();
  const alive = new Set(rows.map(({ workerId }) => workerId));
  const found = await readdir(forkline.runDir, { recursive: true });
  return found.filter((name) => {
    const workerId = /\b(?:dsl|sql)-\d+/.exec(name)?.[0];
    // The raw output of a process stays until the logger has merged it.
    return workerId !== undefined && !alive.has(workerId) && dirname(name) !== 'raw';
  });
}
