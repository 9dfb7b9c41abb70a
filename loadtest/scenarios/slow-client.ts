/**
 * A large answer to a client that reads slowly: the answer must wait in the database, not in the server, and nobody
 * else may feel it. The one process is not asked: it would keep all the rows in memory, and dies of it.
 */
import { ResourceWatch } from '../measure/resources.ts';
import { SMALL } from '../queries.ts';
import type { ScenarioRecord } from '../record.ts';
import type { Bench, Scenario } from '../scenario.ts';
import { addPercentiles } from './load-runs.ts';

const MB = 1e6;
const FULL_BYTES = 1000 * MB;
const QUICK_BYTES = 48 * MB;
/** A row is an id and this much text, */
const PAD_BYTES = 992;
/** Least size of a row as JSON. */
const ROW_BYTES = 1010;
/** The whole takes so long; a fast client takes a fraction of it. */
const FULL_SECONDS = 30;
const QUICK_SECONDS = 3;
const LIGHT_PER_SECOND = 50;
const MOST_SLOWDOWN = 1.5;
const MOST_GROWTH_MB = 32;

export const slowClient: Scenario = {
  name: 'slow-client',
  title: '1 GB result streamed to a slow client',
  how: `${FULL_SECONDS} s for 1 GB; server's memory beside it; ${LIGHT_PER_SECOND} light queries/s before and while`,
  needs: { contenders: ['forkline'] },
  async run(bench, record) {
    const contender = bench.contender('forkline');
    if (contender.rootPid === null)
      throw new Error('the memory of a server that runs elsewhere cannot be seen');
    const [bytes, seconds] = bench.quick ? [QUICK_BYTES, QUICK_SECONDS] : [FULL_BYTES, FULL_SECONDS];
    const rows = Math.ceil(bytes / ROW_BYTES);
    await measureLight(bench, record, 'before ', seconds / 3);
    bench.progress(`reading ${bytes / MB} MB in ${seconds} s`);
    using resources = new ResourceWatch(contender.rootPid);
    const [read] = await Promise.all([
      bench.readSlowly({ url: contender.url, body: bodyOf(rows), bytesPerSecond: bytes / seconds }),
      measureLight(bench, record, 'while ', seconds - 2),
    ]);
    const roles = resources.end();
    record.resources.push({
      who: contender.label,
      during: 'a slow client',
      roles,
      loopLagP99Ms: null,
      loopLagMaxMs: null,
    });
    expectWhole(read, rows);
    const growth = roles.find(({ role }) => role === 'server')?.rssGrowthBytes ?? Number.NaN;
    record.add(contender.label, 'bytes of the answer', 'MB', read.bytes / MB);
    record.add(contender.label, 'time of the slow client', 's', read.seconds);
    record.check({
      what: `growth of the server's memory`,
      value: growth / MB,
      unit: 'MB',
      bound: 'at-most',
      limit: MOST_GROWTH_MB,
      measured: `${(read.bytes / MB).toFixed(0)} MB in ${read.seconds.toFixed(1)} s`,
    });
    const [before, meanwhile] = ['before p95', 'while p95'].map((what) =>
      record.median(contender.label, what),
    ) as [number, number];
    record.check({
      what: 'p95 of light queries, while against before',
      value: meanwhile / before,
      unit: 'x',
      bound: 'at-most',
      limit: MOST_SLOWDOWN,
      measured: `${meanwhile.toFixed(1)} against ${before.toFixed(1)} ms`,
    });
  },
};

function bodyOf(rows: number): string {
  const query = `select i as id, repeat('0123456789abcdef', ${PAD_BYTES / 16}) as pad from generate_series(1, ${rows}) as i`;
  return JSON.stringify({ query, limits: { timeoutMs: 300_000 } });
}

async function measureLight(
  bench: Bench,
  record: ScenarioRecord,
  prefix: string,
  seconds: number,
): Promise<void> {
  const contender = bench.contender('forkline');
  const light = await bench.verifier.request(contender, 'light', SMALL, bench.signal);
  const { latencies } = await bench.load({
    url: contender.url,
    requests: [light],
    pace: { kind: 'open', perSecond: LIGHT_PER_SECOND },
    warmUpMs: 1000,
    durationMs: Math.max(1, seconds - 1) * 1000,
  });
  addPercentiles(
    record,
    contender.label,
    prefix,
    (latencies.light ?? []).map(({ ms }) => ms),
  );
}

function expectWhole({ status, tail }: { status: number; tail: string }, rows: number): void {
  if (status !== 200 || !tail.includes(`"rowCount":${rows},"complete":true`))
    throw new Error(`the slow client got status ${status}, and an answer that ends in ${tail.slice(-200)}`);
}
