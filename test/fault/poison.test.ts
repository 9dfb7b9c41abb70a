/** A query that kills its worker, and one that takes too much memory: refused or ended, with the reason. */
import { expect } from 'chai';
import { type Answer, type Forkline, startForkline } from '../support/forkline.ts';
import { until } from '../support/until.ts';

const DEADLINE_MS = 10_000;
/** Two deaths count together when they are no further apart, which takes a while on a busy machine. */
const REFUSED_MS = 12_000;
const POISON = 'set pushdown = off; select pg_sleep(20)::text as a | where true';

interface Problem {
  readonly code: string;
  readonly detail: string;
  readonly retryable: boolean;
}

const problemOf = (answer: Answer): Problem => JSON.parse(answer.text) as Problem;

describe('a query that kills its workers', function () {
  this.timeout(60_000);
  let started = 0;

  /** Starts it, and does that to its DSL worker: what it ends with. */
  async function suffer(forkline: Forkline, signal: NodeJS.Signals): Promise<Answer> {
    // An id of its own: a worker that is being killed still shows the query that it had.
    const id = `poison-${++started}`;
    const answer = forkline.query(POISON, { headers: { 'Query-Id': id } });
    const pid = await until(
      async () => (await forkline.processes()).find(({ queryId }) => queryId === id)?.pid,
      DEADLINE_MS,
      'its DSL worker',
    );
    process.kill(pid, signal);
    return await answer;
  }

  it('is refused after the second time for a while, says so, and leaves others alone', async () => {
    await using forkline = await startForkline({ limits: { poisonMs: REFUSED_MS } });
    for (let i = 0; i < 2; i++)
      expect(problemOf(await suffer(forkline, 'SIGSEGV')).code).to.equal('worker-lost');
    const refused = await until(
      async () => {
        const answer = await forkline.query(`  ${POISON.replace(' | ', '\n| ')}`, {
          body: { limits: { timeoutMs: 100 } },
        });
        return problemOf(answer).code === 'poison-query' ? answer : null;
      },
      DEADLINE_MS,
      'refused, whatever its layout',
    );
    expect(refused.status).to.equal(422);
    expect(Number(refused.headers.get('retry-after'))).to.be.within(1, REFUSED_MS / 1000);
    const { detail, retryable } = problemOf(refused);
    expect(retryable).to.equal(false);
    expect(detail).to.match(/^this query is refused until 20\S+Z: the process that ran it died 2 times/);
    expect(detail).to.match(/dsl-\d+: signal SIGSEGV/);
    expect(
      (await forkline.query('set pushdown = off; select 1 as a | where a = 1')).status,
      'another query',
    ).to.equal(200);
    const lines = await forkline.logLines();
    expect(lines.filter((line) => line.includes('"worker-died-under-query"'))).to.have.length(2);
    for (const id of ['poison-1', 'poison-2'])
      expect((await forkline.get(`/v1/logs?query=${id}`)).text, 'its story').to.match(
        /"event":"worker-died-under-query".*signal SIGSEGV/,
      );
    const again = await until(
      async () => {
        const answer = await forkline.query(POISON, { body: { limits: { timeoutMs: 300 } } });
        return problemOf(answer).code === 'poison-query' ? null : answer;
      },
      2 * REFUSED_MS,
      'tried again after that time',
    );
    expect(problemOf(again).code).to.equal('deadline-exceeded');
  });

  it('is none when the monitor ended its workers', async () => {
    await using forkline = await startForkline();
    for (let i = 0; i < 3; i++)
      expect(problemOf(await suffer(forkline, 'SIGSTOP')).code).to.equal('worker-lost');
  });
});

describe('a query whose process takes too much memory', function () {
  this.timeout(200_000);

  it('ends with memory-exceeded and the figures, and nobody else with it', async () => {
    await using forkline = await startForkline({
      monitor: { killRssBytes: '260 MiB' },
      limits: { timeoutMs: 120_000 }, // a busy machine fills memory slowly
    });
    const greedy = forkline.query(
      "set pushdown = off; select i from generate_series(1, 10000000) as i | eval t = rpad(cast(i as string), 500, 'x') | stats dc(t) as n",
      {
        headers: { 'Query-Id': 'greedy' },
      },
    );
    const row = await until(
      async () => (await forkline.processes()).find(({ queryId }) => queryId === 'greedy'),
      DEADLINE_MS,
      'its DSL worker',
    );
    const other = forkline.query('set pushdown = off; select pg_sleep(2)::text as a | where true');
    const failed = await greedy;
    expect([failed.status, problemOf(failed).code]).to.deep.equal([422, 'memory-exceeded']);
    expect(problemOf(failed).detail).to.match(
      /^its process uses \d+ MiB of memory \([RP]SS\), more than the 260 MiB allowed$/,
    );
    expect((await other).status, 'another query').to.equal(200);
    await until(
      async () => (await forkline.processes()).every(({ pid }) => pid !== row.pid),
      DEADLINE_MS,
      'its process is gone',
    );
  });
});
