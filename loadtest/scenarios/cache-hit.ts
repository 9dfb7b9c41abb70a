/**
 * Answers that come from the cache: 1 MB beside a bare server that sends the same bytes, an answer that the client has already beside
 * a small query, a slow query the second time, and the start with a full store.
 */
import { startBytesServer } from '../contender/start-bytes-server.ts';
import { type StartedForkline, startForkline } from '../contender/start-forkline.ts';
import { SCHEMA } from '../data.ts';
import { cpuMicroseconds, pidOfRole } from '../measure/cpu-time.ts';
import { percentile } from '../measure/statistics.ts';
import { bodyOf, type LoadQuery, SMALL } from '../queries.ts';
import type { ScenarioRecord } from '../record.ts';
import { type Bench, inTurns, type Scenario } from '../scenario.ts';
import { ask } from '../verify.ts';
import { THROUGHPUT } from './load-runs.ts';
import { measureStarts } from './start-with-entries.ts';

const CONNECTIONS = 32;
const OPEN_PER_SECOND = 50;
const MOST_OPEN_P99_MS = 10;
const LEAST_SHARE = 0.7;
const SLOW_SECONDS = 10;
const QUICK_SLOW_SECONDS = 1;
const MOST_SECOND_TIME_MS = 20;
/** The slow query is asked so often again; the slowest answer counts. */
const SECOND_TIMES = 5;
const PAGE_ROWS = 7500;
const HOUR_MS = 3_600_000;

/** Some 1 MB of JSON. */
const MEGABYTE: LoadQuery = {
  text: `select * from ${SCHEMA}.requests where id <= ${PAGE_ROWS} order by id`,
  pushdown: 'auto',
  expectedSql: `SELECT * FROM ${SCHEMA}.requests WHERE id <= ${PAGE_ROWS} ORDER BY id`,
  sumsFloats: false,
};

export const KEEPS_EVERYTHING = { cache: { mode: 'on', minMs: 0, maxAgeMs: HOUR_MS } } as const;

export const cacheHit: Scenario = {
  name: 'cache-hit',
  title: 'answers from the cache: 1 MB, 304, a 10 s query again, a start with 10,000 of them',
  how: `closed loop with ${CONNECTIONS} bare connections beside a node:http server with the same bytes; open loop at ${OPEN_PER_SECOND}/s; in turns`,
  needs: { contenders: ['baseline'], ownServers: true },
  async run(bench, record) {
    const { databaseUrl, children, path } = bench;
    const forkline = await startForkline({ databaseUrl, children, path, config: KEEPS_EVERYTHING });
    try {
      await measureBytes(bench, record, forkline);
      await measureOpenLoop(bench, record, forkline);
      await measureUnchanged(bench, record, forkline);
      await measureSecondTime(bench, record, forkline);
    } finally {
      await forkline.stop();
    }
    await measureStarts(bench, record);
  },
};

/** Measures 1 MB from the cache beside a server that can do nothing else than to send it. */
async function measureBytes(bench: Bench, record: ScenarioRecord, forkline: StartedForkline): Promise<void> {
  const text = await keptAnswer(bench, forkline);
  await using bytes = await startBytesServer(bench.children, text);
  // The end has a query id and times of its own.
  const prefix = Buffer.from(text.slice(0, text.indexOf('"complete":true')));
  const request = postOf(bodyOf(MEGABYTE));
  const label = 'bare node:http';
  await inTurns(
    bench,
    [
      { who: forkline.label, url: forkline.url, pid: pidOfRole(forkline.rootPid!, 'server') },
      { who: label, url: bytes.url, pid: bytes.pid },
    ],
    ({ who }) => `1 MB, ${who}`,
    ({ who, url, pid }) => measureBare(bench, record, { who, url, pid, request, prefix, status: 200 }),
  );
  const [kept, bare] = [forkline.label, label].map((who) => record.median(who, THROUGHPUT)) as [
    number,
    number,
  ];
  record.check({
    what: `${(text.length / 1e6).toFixed(2)} MB from the cache against a bare server`,
    value: kept / bare,
    unit: 'x',
    bound: 'at-least',
    limit: LEAST_SHARE,
    measured: `${kept.toFixed(0)} against ${bare.toFixed(0)} answers/s`,
  });
}

interface BareLoad {
  readonly who: string;
  readonly url: string;
  readonly pid: number;
  readonly request: string;
  readonly prefix: Buffer;
  readonly status: number;
  /** Goes before the names of the figures. */
  readonly named?: string;
}

async function measureBare(bench: Bench, record: ScenarioRecord, load: BareLoad): Promise<void> {
  const { who, url, pid, request, prefix, status, named = '' } = load;
  const before = cpuMicroseconds(pid);
  const { durationMs } = bench;
  const warmUpMs = Math.min(1000, durationMs / 2);
  const spec = { url, request, prefix, status, connections: CONNECTIONS, warmUpMs, durationMs };
  const { latencies, seconds, megabytes } = await bench.loadBare(spec);
  const share = durationMs / (durationMs + warmUpMs);
  const cpu = ((cpuMicroseconds(pid) - before) * share) / latencies.length;
  record.add(who, `${named}${THROUGHPUT}`, 'queries/s', latencies.length / seconds);
  record.add(who, `${named}CPU of the server, an answer`, 'us', cpu);
  record.add(who, `${named}p50`, 'ms', percentile(latencies, 50));
  record.add(who, `${named}p99`, 'ms', percentile(latencies, 99));
  if (megabytes > 0) record.add(who, `${named}sent`, 'MB/s', megabytes / seconds);
}

async function measureOpenLoop(
  bench: Bench,
  record: ScenarioRecord,
  { label, url }: StartedForkline,
): Promise<void> {
  await inTurns(
    bench,
    [label],
    () => `1 MB at ${OPEN_PER_SECOND}/s`,
    async () => {
      const request = await bench.verifier.request({ label, url }, 'hit', MEGABYTE, bench.signal);
      const { latencies } = await bench.load({
        url,
        requests: [request],
        pace: { kind: 'open', perSecond: OPEN_PER_SECOND },
        warmUpMs: 1500,
        durationMs: bench.durationMs,
      });
      const times = (latencies.hit ?? []).map(({ ms }) => ms);
      record.add(label, 'open loop p50', 'ms', percentile(times, 50));
      record.add(label, 'open loop p99', 'ms', percentile(times, 99));
    },
  );
  const p99 = record.median(label, 'open loop p99');
  record.check({
    what: `p99 of 1 MB from the cache at ${OPEN_PER_SECOND}/s`,
    value: p99,
    unit: 'ms',
    bound: 'at-most',
    limit: MOST_OPEN_P99_MS,
    measured: `${p99.toFixed(1)} ms`,
  });
}

/** Measures what it costs to tell a client that it has the answer already, beside a small query of the one process. */
async function measureUnchanged(
  bench: Bench,
  record: ScenarioRecord,
  forkline: StartedForkline,
): Promise<void> {
  const baseline = bench.contender('baseline');
  const path = `/v1/query?q=${encodeURIComponent(MEGABYTE.text)}`;
  await keptAnswer(bench, forkline);
  const tag = await entityTagOf(`${forkline.url}${path}`, bench.signal);
  const unchanged = {
    who: forkline.label,
    url: forkline.url,
    pid: pidOfRole(forkline.rootPid!, 'server'),
    request: `GET ${path} HTTP/1.1\r\nhost: localhost\r\nif-none-match: ${tag}\r\n\r\n`,
    status: 304,
  };
  const small = {
    who: baseline.label,
    url: baseline.url,
    pid: baseline.rootPid!,
    request: postOf(bodyOf(SMALL)),
    status: 200,
  };
  await inTurns(
    bench,
    [unchanged, small],
    ({ who }) => `304 and a small query, ${who}`,
    (load) => measureBare(bench, record, { ...load, prefix: Buffer.alloc(0), named: NAMED }),
  );
  const rates = [forkline.label, baseline.label].map((who) => record.median(who, `${NAMED}${THROUGHPUT}`));
  const [kept, asked] = rates as [number, number];
  record.check({
    what: '304 against a small query of one process',
    value: kept / asked,
    unit: 'x',
    bound: 'at-least',
    limit: LEAST_SHARE,
    measured: `${kept.toFixed(0)} against ${asked.toFixed(0)}/s`,
  });
}

const NAMED = '304 or small query, ';

async function measureSecondTime(
  bench: Bench,
  record: ScenarioRecord,
  { label, url }: StartedForkline,
): Promise<void> {
  const seconds = bench.quick ? QUICK_SLOW_SECONDS : SLOW_SECONDS;
  bench.progress(`a query of ${seconds} s`);
  const body = JSON.stringify({ query: `set cache = 1h; select pg_sleep(${seconds})::text as slept` });
  const first = await ask(url, body, bench.signal);
  record.add(label, 'slow query, first time', 'ms', first.ms);
  for (let times = 0; times < SECOND_TIMES; times++)
    record.add(label, 'slow query, again', 'ms', (await ask(url, body, bench.signal)).ms);
  const again = record.series.find(({ what }) => what === 'slow query, again')?.values ?? [];
  const slowest = percentile(again, 100);
  record.check({
    what: 'a slow query, the second time',
    value: slowest,
    unit: 'ms',
    bound: 'at-most',
    limit: MOST_SECOND_TIME_MS,
    measured: `${slowest.toFixed(1)} ms, after ${(first.ms / 1000).toFixed(1)} s`,
  });
}

/** Returns the answer as the cache sends it. Throws when it is not the right one, or is not kept. */
async function keptAnswer({ verifier, signal }: Bench, forkline: StartedForkline): Promise<string> {
  await verifier.request(forkline, 'hit', MEGABYTE, signal);
  const answer = await ask(forkline.url, bodyOf(MEGABYTE), signal);
  await verifier.check(forkline.label, MEGABYTE, answer);
  if (!answer.text.includes('"cache":{"status":"hit"'))
    throw new Error(`an answer was not kept: ${answer.text.slice(-300)}`);
  return answer.text;
}

async function entityTagOf(url: string, signal: AbortSignal): Promise<string> {
  for (let times = 0; times < 2; times++) {
    const response = await fetch(url, { signal });
    await response.arrayBuffer();
    const tag = response.headers.get('etag');
    if (tag !== null) return tag;
  }
  throw new Error('an answer from the cache has no ETag');
}

function postOf(body: string): string {
  const length = Buffer.byteLength(body);
  return `POST /v1/query HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n${body}`;
}
