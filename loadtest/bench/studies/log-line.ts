/**
 * Measures the cost of logging: one call in the caller (ns), and lines a second from several writer processes until all
 * are acknowledged in the file. Run it with: npm run build:loadtest && node dist-dev/loadtest/bench/studies/log-line.js
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogClient } from '../../../core/logging/client.ts';
import type { Log } from '../../../core/logging/log.ts';
import { createLogSearch } from '../../../core/logging/search-client.ts';
import { createLineSplitter, encodeMessage, type ToLogger } from '../../../core/logging/wire.ts';
import { setUpLog } from '../../log-setup.ts';

const ROUNDS = 7;
const CALLS_A_ROUND = 20_000;
const TYPICAL_FIELDS = {
  queryId: '0190a6f2-7e1c-7cc0-8a8e-0d6f1f2b3c4d',
  connection: 'main',
  elapsedMs: 12.345,
  rows: 5000,
};

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

/** Acknowledges everything at once, in this process: the caller's cost without a slow reader. */
async function startNullLogger(path: string): Promise<() => void> {
  const server = createServer((socket) => {
    const split = createLineSplitter(2 ** 21, (line) => {
      if (line[2] !== 0x74 || line[3] !== 0x79) return; // and no {"ty..."
      const hello = JSON.parse(line.toString()) as Extract<ToLogger, { type: 'hello' }>;
      socket.write(encodeMessage({ type: 'welcome', id: hello.id, seq: 0 }));
    });
    socket.on('data', (chunk: Buffer) => {
      split(chunk);
      socket.write(encodeMessage({ type: 'ack', seq: Number.MAX_SAFE_INTEGER }));
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return () => server.close();
}

/** Median ns of one call, over rounds of calls in small bursts. Only the calls are timed. */
async function nanosecondsOfCall(log: Log, call: (log: Log) => void): Promise<number> {
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    let spentMs = 0;
    for (let done = 0; done < CALLS_A_ROUND; done += 100) {
      const startedAt = performance.now();
      for (let i = 0; i < 100; i += 1) call(log);
      spentMs += performance.now() - startedAt;
      await new Promise((resolve) => setImmediate(resolve));
    }
    rounds.push((spentMs * 1e6) / CALLS_A_ROUND);
  }
  return Math.round(median(rounds));
}

async function benchCalls(): Promise<void> {
  const runDir = mkdtempSync(join(tmpdir(), 'flog-'));
  const logSocket = join(runDir, 'log.sock');
  const stop = await startNullLogger(logSocket);
  const identity = { role: 'server', workerId: 'server-1', runDir, logSocket };
  const log = createLogClient({ identity, level: 'info' });
  const nested = {
    ...TYPICAL_FIELDS,
    phases: { plan: 0.4, queue: 0.1, sql: 9.8 },
    error: new Error('refused'),
  };
  console.log(
    `filtered by level:     ${await nanosecondsOfCall(log, (to) => to.debug('query-done', TYPICAL_FIELDS))} ns`,
  );
  console.log(`no fields:             ${await nanosecondsOfCall(log, (to) => to.info('ready'))} ns`);
  console.log(
    `4 fields:              ${await nanosecondsOfCall(log, (to) => to.info('query-done', TYPICAL_FIELDS))} ns`,
  );
  console.log(
    `nested and an Error:   ${await nanosecondsOfCall(log, (to) => to.info('query-failed', nested))} ns`,
  );
  console.log(
    `JSON.stringify, same 4: ${await nanosecondsOfCall(log, () => JSON.stringify({ time: new Date().toISOString(), level: 'info', event: 'query-done', ...TYPICAL_FIELDS }))} ns`,
  );
  await log.close(5000);
  stop();
  rmSync(runDir, { recursive: true });
}

async function benchEndToEnd(writerCount: number, lines: number, maxPadding: number): Promise<void> {
  await using setup = setUpLog();
  const logger = await setup.startLogger();
  const startedAt = performance.now();
  const writers = Array.from({ length: writerCount }, (_, i) =>
    setup.startWriter({ workerId: `sql-${i + 1}`, lines, maxPadding, burst: 50 }),
  );
  const reports = await Promise.all(writers.map((writer) => writer.handedOver));
  await Promise.all(writers.map((writer) => writer.exited));
  const seconds = (performance.now() - startedAt) / 1000;
  const bytes = statSync(setup.file).size;
  const total = writerCount * lines;
  const slowest = Math.max(...reports.map((report) => report.maxTurnMs));
  console.log(
    `${writerCount} writers x ${lines} lines, padding up to ${maxPadding}: ${Math.round(total / seconds)} lines/s, ` +
      `${(bytes / 1e6 / seconds).toFixed(1)} MB/s (writers' start included); longest burst of 50 calls ${slowest.toFixed(1)} ms`,
  );
  const search = createLogSearch({ logSocket: setup.logSocket });
  const searchedAt = performance.now();
  const found = await search.search({ queryId: 'query-sql-1-1', limit: 10 });
  console.log(
    `  search of an early query in ${(bytes / 1e6).toFixed(0)} MB: ${found.lines.length} line in ` +
      `${(performance.now() - searchedAt).toFixed(0)} ms`,
  );
  await setup.stopLogger(logger);
}

await benchCalls();
await benchEndToEnd(1, 200_000, 100);
await benchEndToEnd(4, 100_000, 100);
await benchEndToEnd(10, 5000, 8000);
