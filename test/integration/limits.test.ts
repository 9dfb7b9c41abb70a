/** Each limit of GET /v1/limits that a query can meet, and the error that names it with the value in force. */
import { expect } from 'chai';
import { type Answer, type Forkline, startForkline } from '../support/forkline.ts';
import { until } from '../support/until.ts';

const DEADLINE_MS = 10_000;
const MB = 1024 * 1024;

interface Problem {
  readonly code: string;
  readonly retryable: boolean;
  readonly limit: { name: string; value: number };
}

const problemOf = (answer: Answer): Problem => JSON.parse(answer.text) as Problem;

describe('limits', function () {
  this.timeout(60_000);
  let forkline: Forkline;
  before(async () => {
    forkline = await startForkline({
      sql: { processes: 1, connectionsPerProcess: 1 },
      // The stages that need too much cost their worker, and a start may take longer than the next query waits.
      dsl: { spares: 1, max: 3 },
      limits: {
        queueLength: 1,
        queueWaitMs: 700,
        timeoutMs: 20_000,
        dslMemoryBytes: 64 * MB,
        dslSpillBytes: MB,
      },
    });
  });
  after(() => forkline.stop());

  async function inPhase(queryId: string, phase: string): Promise<void> {
    await until(async () => (await forkline.get(`/v1/queries/${queryId}`)).json.phase === phase, DEADLINE_MS);
  }

  it('queueWaitMs and queueLength: one waits and gives up, one more is refused at once, both with Retry-After', async () => {
    const runs = forkline.query('select pg_sleep(2)::text as a', { headers: { 'Query-Id': 'runs' } });
    await inPhase('runs', 'sql');
    const waits = forkline.query('select 1 as a', { headers: { 'Query-Id': 'waits' } });
    await inPhase('waits', 'queue');
    const refused = await forkline.query('select 2 as a');
    expect([refused.status, problemOf(refused).code, problemOf(refused).retryable]).to.deep.equal([
      503,
      'queue-full',
      true,
    ]);
    expect(problemOf(refused).limit).to.include({ name: 'queueLength', value: 1 });
    expect(refused.headers.get('retry-after')).to.match(/^[1-9]/);
    const waited = await waits;
    expect([waited.status, problemOf(waited).code]).to.deep.equal([503, 'queue-timeout']);
    expect(problemOf(waited).limit).to.include({ name: 'queueWaitMs', value: 700 });
    expect(waited.headers.get('retry-after')).to.match(/^[1-9]/);
    expect((await runs).status, 'the one that ran was not touched').to.equal(200);
  });

  it('dslMemoryBytes and dslSpillBytes: stages that need more end with the limit, and the next query is fine', async () => {
    // Distinct values of 4 GB in all: neither memory nor spill can hold them.
    const text =
      "set pushdown = off; select i from generate_series(1, 4000000) as i | eval t = rpad(cast(i as string), 1000, 'x') | stats dc(t)";
    const answer = await forkline.query(text);
    expect(answer.status, answer.text).to.equal(422);
    const { code, limit } = problemOf(answer);
    expect(`${code} ${limit.name} ${limit.value}`).to.be.oneOf([
      `memory-exceeded dslMemoryBytes ${64 * MB}`,
      `spill-exceeded dslSpillBytes ${MB}`,
    ]);
    expect((await forkline.query('set pushdown = off; select 1 as a | where a = 1')).json.rows).to.deep.equal(
      [{ a: 1 }],
    );
  });

  it('maxTimeoutMs: nobody gets more time than that', async () => {
    const { maxTimeoutMs } = (await forkline.get('/v1/limits')).json as unknown as { maxTimeoutMs: number };
    const body = { limits: { timeoutMs: maxTimeoutMs * 10 } };
    const running = forkline.query('select pg_sleep(0.5)::text as a', {
      headers: { 'Query-Id': 'patient' },
      body,
    });
    await inPhase('patient', 'sql');
    const { timeLeftMs } = (await forkline.get('/v1/queries/patient')).json as unknown as {
      timeLeftMs: number;
    };
    expect(timeLeftMs).to.be.at.most(maxTimeoutMs);
    expect((await running).status).to.equal(200);
  });
});

describe('database connections', function () {
  this.timeout(60_000);

  it('queries with stages in workers leave one to those that the database answers alone', async () => {
    await using forkline = await startForkline({
      sql: { processes: 1, connectionsPerProcess: 2 },
      dsl: { max: 2, spares: 2 },
    });
    const phaseOf = async (id: string) => (await forkline.get(`/v1/queries/${id}`)).json.phase;
    const text = "set pushdown = off; select pg_sleep(2)::text as a | where a = ''";
    const heavy = ['first', 'second'].map((id) => forkline.query(text, { headers: { 'Query-Id': id } }));
    const phases = () => Promise.all(['first', 'second'].map(phaseOf));
    await until(async () => (await phases()).sort().join() === 'queue,stages', DEADLINE_MS);
    expect((await forkline.query('select 1 as a')).json.rows).to.deep.equal([{ a: 1 }]);
    expect((await phases()).sort(), 'it waited for none of them').to.deep.equal(['queue', 'stages']);
    for (const { status, json } of await Promise.all(heavy))
      expect([status, json.rows]).to.deep.equal([200, [{ a: '' }]]);
  });
});
