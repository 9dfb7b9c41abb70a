/**
 * Measures how long a query's story takes to find in a 1 GB log: as one file, and as rotated, compressed ones. The log is made
 * with the logger's own writing, in a directory of its own that goes at the end; a real logger process is then asked
 * over its socket. Run it with: npm run build:loadtest && node dist-dev/loadtest/bench/studies/log-search.js [megabytes]
 */
import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLineFormatter, newStreamId } from '../../../core/logging/line.ts';
import { createLogSearch, type LogSearch } from '../../../core/logging/search-client.ts';
import type { LogFilter } from '../../../core/logging/wire.ts';
import { StreamLedger } from '../../../logger/index/stream-ledger.ts';
import { completeIndex, compressFile } from '../../../logger/store/compress.ts';
import { openLogFile } from '../../../logger/store/log-file.ts';
import { listRotated } from '../../../logger/store/names.ts';
import { setUpLog } from '../../log-setup.ts';

const MEGABYTE = 1e6;
const BATCH_QUERIES = 200;
const LINES_A_QUERY = 4;
const ROUNDS = 20;
const QUERY =
  "select origin, count(*) as flights from flights where carrier in ('AA', 'UA') group by origin | sort -flights | head 10";

function writers() {
  return (['server', 'sql', 'dsl', 'monitor'] as const).map((role, i) => {
    const format = createLineFormatter({ process: `${role}-1`, role, pid: 100 + i, stream: newStreamId() });
    let seq = 0;
    return (event: string, fields: object) => `${format('info', event, fields, ++seq)}\n`;
  });
}

/** Stories of four lines of as many processes, one in ten with a failure; returns the query ids in their order. */
async function generate(path: string, bytes: number, maxBytes: number): Promise<string[]> {
  const file = await openLogFile({
    path,
    maxBytes,
    daily: false,
    now: Date.now,
    ledgerBefore: async () => new StreamLedger(),
    onRotated: () => {},
    onRotationFailed: (error) => {
      throw error;
    },
    onLine: () => {},
  });
  const [server, sql, dsl, monitor] = writers();
  const queryIds: string[] = [];
  for (let written = 0; written < bytes; ) {
    const ids = Array.from({ length: BATCH_QUERIES }, () => randomUUID());
    const ended = { connection: 'main', query: QUERY, code: 'ok', elapsedMs: 12, rows: 10, bytes: 512 };
    const phases = { plan: 0.4, queue: 0.1, sql: 9.8, handoff: 0, dsl: 0, encode: 1.1 };
    const batch = [
      ...ids.map((queryId) => monitor!('lease', { workerId: 'dsl-1', queryId })),
      ...ids.map((queryId) => sql!('query-done', { queryId, connection: 'main', rows: 10 })),
      ...ids.map((queryId) =>
        dsl!('query-done', { queryId, rows: 10, bytes: 512, dslMs: 2.5, encodeMs: 0.5 }),
      ),
      ...ids.map((queryId) => server!('query-ended', { queryId, ...ended, phases })),
    ].join('');
    await file.append(Buffer.from(batch));
    written += Buffer.byteLength(batch);
    queryIds.push(...ids);
  }
  await file.close();
  return queryIds;
}

async function timed<T>(work: () => Promise<T>): Promise<{ readonly value: T; readonly ms: number }> {
  const startedAt = performance.now();
  const value = await work();
  return { value, ms: performance.now() - startedAt };
}

/** Peak resident memory of a process, in MB. */
function peakMegabytes({ pid }: ChildProcess): number {
  const [, kilobytes] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kilobytes) / 1000);
}

async function report(
  what: string,
  log: LogSearch,
  filters: readonly LogFilter[],
  lines: number,
): Promise<void> {
  const times: number[] = [];
  for (const filter of filters) {
    const { value, ms } = await timed(() => log.search(filter));
    if (value.lines.length !== lines) throw new Error(`${what}: ${value.lines.length} lines, not ${lines}`);
    times.push(ms);
  }
  times.sort((a, b) => a - b);
  const median = times[Math.floor(times.length / 2)]!;
  console.log(
    `  ${what}: median ${median.toFixed(1)} ms, slowest ${times.at(-1)!.toFixed(1)} ms of ${times.length}`,
  );
}

async function search(logDir: string, queryIds: readonly string[]): Promise<void> {
  await using setup = setUpLog({ logDir, maxBytes: 2 ** 40, maxFiles: 1000 });
  const { value: logger, ms: bootMs } = await timed(() => setup.startLogger());
  let lagMs = 0;
  logger.on('message', (message: { type: string; eventLoopLagMs?: number }) => {
    if (message.type === 'heartbeat') lagMs = Math.max(lagMs, message.eventLoopLagMs ?? 0);
  });
  const log = createLogSearch({ logSocket: setup.logSocket, timeoutMs: 60_000 });
  const at = (part: number) =>
    Array.from({ length: ROUNDS }, (_, i) => ({
      queryId: queryIds[Math.floor((queryIds.length - ROUNDS) * part) + i]!,
      limit: 200,
    }));
  console.log(`  logger ready after ${bootMs.toFixed(0)} ms`);
  await report('first search of the log', log, at(0.5).slice(0, 1), LINES_A_QUERY);
  await report('oldest queries', log, at(0), LINES_A_QUERY);
  await report('queries in the middle', log, at(0.5), LINES_A_QUERY);
  await report('newest queries', log, at(1), LINES_A_QUERY);
  const nowhere = Array.from({ length: ROUNDS }, () => ({ queryId: randomUUID(), limit: 200 }));
  await report('queries that are not there', log, nowhere, 0);
  await report('level=error, of which there are none', log, [{ level: 'error', limit: 200 }], 0);
  const heartbeat = new Promise((resolve) => logger.once('message', resolve));
  await heartbeat;
  console.log(
    `  logger: peak RSS ${peakMegabytes(logger)} MB, longest event-loop delay ${lagMs.toFixed(0)} ms (boot included)`,
  );
  await setup.stopLogger(logger);
}

async function bench(megabytes: number, maxBytes: number, compress: boolean): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'forkline-bench-log-'));
  try {
    const path = join(dir, 'forkline.log');
    const { value: queryIds, ms } = await timed(() => generate(path, megabytes * MEGABYTE, maxBytes));
    const rotated = await listRotated(path);
    const seconds = (ms / 1000).toFixed(1);
    console.log(
      `${megabytes} MB, ${queryIds.length * LINES_A_QUERY} lines, ${rotated.length} rotated files (made in ${seconds} s)`,
    );
    if (compress) {
      const squeezed = await timed(async () => {
        for (const file of rotated) {
          await completeIndex(file.path, async () => new StreamLedger());
          await compressFile(file.path, new AbortController().signal);
        }
      });
      console.log(`  compressed in ${(squeezed.ms / 1000).toFixed(1)} s`);
    }
    await search(dir, queryIds);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const megabytes = Number(process.argv[2] ?? 1000);
await bench(megabytes, 2 ** 40, false);
await bench(megabytes, 64 * 2 ** 20, true);
