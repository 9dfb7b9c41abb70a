/**
 * Measures how long the result of one large job takes in each format, on a Forkline and a database of their own:
 *
 *   npm run bench:jobs -- [rows] [rounds]
 *
 * Prints, for each format, the time in which a client gets all of it when it is made of the kept rows, and when it is kept in this
 * format already; beside them the query itself in that format, without a job.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Children } from '../../children.ts';
import { startForkline } from '../../contender/start-forkline.ts';
import { loadData, SCHEMA } from '../../data.ts';
import { openDatabase } from '../../database.ts';
import { median } from '../../measure/statistics.ts';

const [rows = 200_000, rounds = 5] = process.argv.slice(2).map(Number);
const QUERY = `select id, time, host, path, duration from ${SCHEMA}.requests where id <= ${rows} order by id`;
const FORMATS = ['csv', 'json', 'ndjson', 'arrow', 'parquet'] as const;
const POLL_MS = 20;
const MIB = 1024 * 1024;

interface Taken {
  readonly ms: number;
  readonly bytes: number;
}

/** Reads a whole answer. Throws when it is none. */
async function taken(url: string, request: RequestInit = {}): Promise<Taken> {
  const startedAt = performance.now();
  const response = await fetch(url, request);
  let bytes = 0;
  for await (const piece of response.body!) bytes += (piece as Uint8Array).length; // these answers have one
  if (response.status !== 200) throw new Error(`${url} answered ${response.status}`);
  return { ms: performance.now() - startedAt, bytes };
}

function ask(url: string, format: string, more: Record<string, string> = {}): RequestInit & { url: string } {
  const headers = { 'content-type': 'application/json', ...more };
  return { url, method: 'POST', headers, body: JSON.stringify({ query: QUERY, format }) };
}

/** Runs the query as a job. Resolves to the path of its result, and the time until it was finished. */
async function runJob(url: string): Promise<{ readonly result: string; readonly ms: number }> {
  const startedAt = performance.now();
  const accepted = await fetch(`${url}/v1/query`, ask(url, 'json', { prefer: 'respond-async' }));
  const { id } = (await accepted.json()) as { id: string };
  for (;;) {
    const job = (await (await fetch(`${url}/v1/jobs/${id}`)).json()) as { state: string; error: unknown };
    if (job.state === 'finished')
      return { result: `${url}/v1/jobs/${id}/result`, ms: performance.now() - startedAt };
    if (job.state !== 'running') throw new Error(`the job has ${job.state}: ${JSON.stringify(job.error)}`);
    await delay(POLL_MS);
  }
}

const dir = mkdtempSync(join(tmpdir(), 'forkline-bench-jobs-'));
const children = new Children();
const database = await openDatabase({ givenUrl: null, dir, onProgress: () => {} });
try {
  await loadData({ url: database.url, rows, withSizes: false, onProgress: () => {} });
  const forkline = await startForkline({
    ...{ databaseUrl: database.url, children, path: process.env.PATH },
    config: { jobs: { mode: 'on' } },
    command: new URL('../../../dist/cli/main.js', import.meta.url).pathname,
  });
  const jobs: number[] = [];
  const figures = new Map(
    FORMATS.map((format) => [format, { made: [] as Taken[], kept: [] as Taken[], asked: [] as Taken[] }]),
  );
  for (let round = -1; round < rounds; round++) {
    const { result, ms } = await runJob(forkline.url);
    const isWarm = round >= 0;
    if (isWarm) jobs.push(ms);
    for (const [format, { made, kept, asked }] of figures) {
      const three = [
        await taken(`${result}?format=${format}`),
        await taken(`${result}?format=${format}`),
        await taken(`${forkline.url}/v1/query`, ask(forkline.url, format)),
      ] as const;
      if (!isWarm) continue;
      made.push(three[0]);
      kept.push(three[1]);
      asked.push(three[2]);
    }
    await fetch(result.replace(/\/result$/, ''), { method: 'DELETE' });
  }
  await forkline.stop();
  console.log(
    `${rows} rows of 5 columns, medians of ${rounds}; the job itself, until it was seen to be finished: ${median(jobs).toFixed(0)} ms`,
  );
  console.log('| format | MiB | made of the kept rows, ms | kept, ms | the query itself, ms |');
  console.log('|---|---|---|---|---|');
  for (const [format, { made, kept, asked }] of figures) {
    const [first, again, query] = [made, kept, asked].map((all) =>
      median(all.map(({ ms }) => ms)).toFixed(0),
    );
    console.log(`| ${format} | ${(made[0]!.bytes / MIB).toFixed(1)} | ${first} | ${again} | ${query} |`);
  }
} finally {
  await children.endAll();
  await database.close(false);
  rmSync(dir, { recursive: true, force: true });
}
