/** The log over HTTP, and the signal that an external rotation sends. */
import { renameSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import type { LogLine } from '../../core/logging/line.ts';
import type { LogSummary } from '../../core/protocol/log-stats.ts';
import { rotatedPath } from '../../logger/store/names.ts';
import { type Forkline, startForkline } from '../support/forkline.ts';
import { until } from '../support/until.ts';

const DEADLINE_MS = 15_000;

async function storyOf(forkline: Forkline, queryId: string): Promise<LogLine[]> {
  const answer = await forkline.get(`/v1/logs?query=${queryId}`);
  expect(answer.status).to.equal(200);
  return (answer.json as unknown as { lines: LogLine[] }).lines;
}

async function summary(forkline: Forkline, search = ''): Promise<LogSummary> {
  const answer = await forkline.get(`/v1/logs/summary${search}`);
  expect(answer.status).to.equal(200);
  return answer.json as unknown as LogSummary;
}

describe('the log over HTTP', function () {
  this.timeout(60_000);
  let forkline: Forkline;
  before(async () => {
    forkline = await startForkline();
  });
  after(() => forkline.stop());

  it("tells a query's story across processes, in the order of time", async () => {
    const headers = { 'query-id': 'story-1' };
    const { status } = await forkline.query(
      'set pushdown = off; select 7 as n | where n > 3 | eval m = n * 2',
      { headers },
    );
    expect(status).to.equal(200);
    const story = await until(async () => {
      const lines = await storyOf(forkline, 'story-1');
      const roles = new Set(lines.map(({ role }) => role));
      return roles.has('server') && roles.size >= 2 ? lines : null;
    }, DEADLINE_MS);
    const times = story.map(({ time }) => time);
    expect(times).to.deep.equal([...times].sort());
    for (const line of story) {
      expect(line).to.include({ queryId: 'story-1' });
      expect(line).to.include.all.keys('time', 'level', 'process', 'role', 'pid', 'stream', 'seq', 'event');
    }
    const ended = story.find(({ event }) => event === 'query-ended');
    expect(ended).to.include({
      principal: '127.0.0.1',
      connection: 'main',
      code: 'ok',
      query: 'set pushdown = off; select 7 as n | where n > 3 | eval m = n * 2',
    });
  });

  it('names the principal, the connection and the worker of each part of a query that failed', async () => {
    const fails = async (queryId: string, text: string, workerRole: string): Promise<void> => {
      const { status } = await forkline.query(text, { headers: { 'query-id': queryId } });
      expect(status).to.be.within(400, 499);
      const story = await until(async () => {
        const lines = await storyOf(forkline, queryId);
        return lines.filter(({ event }) => event === 'query-failed').length >= 2 ? lines : null;
      }, DEADLINE_MS);
      const failed = story.filter(({ event }) => event === 'query-failed');
      expect(failed.map(({ role }) => role)).to.have.members([workerRole, 'server']);
      for (const line of failed) expect(line).to.include({ connection: 'main', principal: '127.0.0.1' });
      const { json } = await forkline.get(`/v1/queries/${queryId}`);
      expect(json).to.include({ principal: '127.0.0.1', client: '127.0.0.1' });
      expect(new Set(failed.map(({ code }) => code)).size).to.equal(1);
    };
    await fails('failed-sql', 'select 1 / 0 as nothing', 'sql');
    await fails('failed-dsl', 'select 7 as n | sample 1 | assert n > 8', 'dsl');
  });

  it('sums up: rates, the slowest and the most failing shapes', async () => {
    for (const n of [1, 2, 3]) await forkline.query(`select ${n} / 0 as boom`);
    await forkline.query('select pg_sleep(0.3), 5 as slow');
    const found = await until(async () => {
      const all = await summary(forkline);
      const counted = all.queries.failed >= 3 && all.slowest.some(({ shape }) => shape.includes('pg_sleep'));
      return counted ? all : null;
    }, DEADLINE_MS);
    expect(found.mostFailing[0]).to.deep.include({ shape: 'select ? / ? as boom', count: 3, failed: 3 });
    expect(Object.values(found.mostFailing[0]!.codes)).to.deep.equal([3]);
    // The first query with stages may have waited for a worker's boot for longer.
    const slept = found.slowest.find(({ shape }) => shape === 'select pg_sleep(?), ? as slow')!;
    expect(slept.meanMs).to.be.at.least(300);
    const means = found.slowest.map(({ meanMs }) => meanMs);
    expect(means).to.deep.equal(means.toSorted((a, b) => b - a));
    expect(await storyOf(forkline, slept.queryId)).not.to.be.empty;
    expect(found.rates.find(({ role, level }) => role === 'server' && level === 'info')?.lines).to.be.above(
      3,
    );
    expect((await summary(forkline, '?limit=1')).slowest).to.have.length(1);
    expect(
      (await summary(forkline, `?since=${new Date(Date.now() + 3_600_000).toISOString()}`)).queries.count,
    ).to.equal(0);
  });

  it('is in the metrics, without a query as a label', async () => {
    const { text } = await forkline.get('/metrics');
    expect(text).to.match(/^forkline_log_lines_total\{role="server",level="info"\} [1-9]/m);
    expect(text).to.match(/^forkline_log_bytes_total [1-9]/m);
    expect(text).to.match(/^forkline_query_shapes [1-9]/m);
    expect(text).not.to.include('pg_sleep');
  });

  it('refuses what means nothing', async () => {
    for (const [search, word] of [
      ['?limit=0', '1 to 100'],
      ['?limit=101', '1 to 100'],
      ['?limit=ten', '1 to 100'],
      ['?since=yesterday-ish', 'ISO 8601'],
      ['?query=x', 'since, limit'],
    ] as const) {
      const answer = await forkline.get(`/v1/logs/summary${search}`);
      expect([search, answer.status, answer.json.code]).to.deep.equal([search, 400, 'bad-request']);
      expect(answer.text).to.include(word);
    }
    const posted = await fetch(`${forkline.url}/v1/logs/summary`, { method: 'POST' });
    expect([posted.status, posted.headers.get('allow')]).to.deep.equal([405, 'GET, HEAD, OPTIONS']);
    const { json } = await forkline.get('/openapi.json');
    expect((json as unknown as { paths: object }).paths).to.include.keys('/v1/logs', '/v1/logs/summary');
  });

  it('goes on in a new file when the monitor gets USR2 after the old one was moved', async () => {
    const old = rotatedPath(forkline.logFile, '2026-01-01', 1);
    renameSync(forkline.logFile, old);
    process.kill(forkline.monitorPid, 'SIGUSR2');
    await until(
      async () => (await readFile(forkline.logFile, 'utf8')).includes('"event":"log-reopened"'),
      DEADLINE_MS,
    );
    await forkline.query('select 1 as after_reopening', { headers: { 'query-id': 'after-1' } });
    await until(
      async () => (await readFile(forkline.logFile, 'utf8')).includes('"queryId":"after-1"'),
      DEADLINE_MS,
    );
    expect((await forkline.processes()).length).to.be.above(3);
  });
});
