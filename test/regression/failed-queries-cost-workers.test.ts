/**
 * A query that failed by its own fault (a value that has no cast, an assertion, a division by zero in the database) cost the DSL
 * worker that ran it: whoever repeated a mistake kept the machine busy with starting workers. So did commands of the legacy language
 * that the stage engine computes, as if the SQL that is made of them were a user's.
 */
import { expect } from 'chai';
import { type Forkline, startForkline } from '../support/forkline.ts';
import { post } from '../support/read-answer.ts';
import { until } from '../support/until.ts';

const DEADLINE_MS = 60_000;
const OFF = 'set pushdown = off;';
const NUMBERS = (rows: number, last: string) =>
  `select case when i = ${rows} then ${last} else i::text end as a from generate_series(1, ${rows}) i`;

/** The failing query, its error, and a word of where it fails. */
const FAILING: readonly (readonly [what: string, query: string, code: string])[] = [
  ['a cast at once', `${OFF} select 'x'::text as a | eval b = cast(a as int64)`, 'bad-value'],
  ['a cast in the last row', `${OFF} ${NUMBERS(200_000, "'x'")} | eval b = cast(a as int64)`, 'bad-value'],
  [
    'a cast in the first row of many',
    `${OFF} select case when i = 1 then 'x' else repeat('1', 9) end as a from generate_series(1, 1000000) i | eval b = cast(a as int64) | stats sum(b)`,
    'bad-value',
  ],
  ['an assertion', `${OFF} select 1 as a | assert a > 1`, 'assertion-failed'],
  [
    'the source at once',
    `${OFF} select 1 / (i - 1) as a from generate_series(1, 3) i | eval b = a`,
    'sql-error',
  ],
  [
    'the source in mid-stream',
    `${OFF} select 1 / (i - 300000) as a, repeat('x', 50) as s from generate_series(1, 300000) i | eval b = a`,
    'sql-error',
  ],
  [
    'one of two sources',
    `${OFF} select i as a from generate_series(1, 300000) i | union (select 1 / (i - 9000) as a from generate_series(1, 9000) i) | eval b = a`,
    'sql-error',
  ],
];

describe('regression: queries that fail by their own fault, and legacy ones, cost a worker', function () {
  this.timeout(300_000);
  let forkline: Forkline;
  before(async () => {
    // Without a stock the monitor does not replace a used worker by a fresh one while nobody asks, which a busy machine is long enough for.
    forkline = await startForkline({ dsl: { spares: 0, max: 1 } });
    expect((await forkline.query(`${OFF} select 1 as a | eval b = a`)).status).to.equal(200);
  });
  after(() => forkline.stop());

  async function workerPids(): Promise<number[]> {
    return (await forkline.processes()).filter(({ role }) => role === 'dsl').map(({ pid }) => pid);
  }

  for (const [what, query, code] of FAILING)
    it(`${what}: the same worker serves on, and nothing is left of the query`, async () => {
      const pids = await until(
        async () => {
          const found = await workerPids();
          return found.length === 1 ? found : null;
        },
        DEADLINE_MS,
        'one worker',
      );
      for (const format of ['json', 'ndjson', 'csv', 'arrow', 'parquet']) {
        const answer = await post(forkline, { query, format });
        const isWhole =
          answer.status === 200 && answer.ended && answer.trailers['forkline-complete'] === 'true';
        expect(isWhole, `${format}: ${answer.body.toString('latin1', 0, 300)}`).to.equal(false);
        if (answer.status !== 200) expect(JSON.parse(answer.body.toString()).code).to.equal(code);
        // Rows that were left in a pipe or a table would be seen here.
        const after = await post(forkline, {
          query: `${OFF} select i as n, 'y' as t from generate_series(1, 20000) i | eval m = n + 1 | stats count() as rows, sum(m) as sum, max(t) as t`,
        });
        expect(JSON.parse(after.body.toString()).rows).to.deep.equal([
          { rows: 20_000, sum: 200_030_000, t: 'y' },
        ]);
      }
      expect(await workerPids()).to.deep.equal(pids);
    });

  it('a command of the legacy language, which the engine is asked about first: the same worker serves on', async () => {
    const pids = await workerPids();
    const asked = (query: string) => forkline.query(query, { body: { dialect: 'legacy' } });
    for (let round = 0; round < 3; round++) {
      const summary = await asked(`model name = airports | search latitude > ${round} | summary`);
      expect(summary.status, summary.text).to.equal(200);
      expect(summary.json.rows.map((row) => row.summary)).to.include.members(['count', 'mean', 'max']);
      const after = await forkline.query(`${OFF} select 2 as a | eval b = a + 1`);
      expect(after.json.rows).to.deep.equal([{ a: 2, b: 3 }]);
    }
    expect(await workerPids()).to.deep.equal(pids);
  });

  it('one that is stopped from outside, or ran SQL of a user, still does', async () => {
    const [before] = await workerPids();
    const stopped = forkline.query(`${OFF} select pg_sleep(600)::text as a | eval b = a`, {
      headers: { 'query-id': 'stopped' },
    });
    const isRunning = async () =>
      (await forkline.get('/v1/queries/stopped')).json.phase === 'stages' ? true : null;
    await until(isRunning, DEADLINE_MS, 'its stages run');
    await fetch(`${forkline.url}/v1/queries/stopped`, { method: 'DELETE' });
    expect((await stopped).json.code).to.equal('cancelled');
    const gone = async (pid: number | undefined) => ((await workerPids()).includes(pid!) ? null : true);
    await until(() => gone(before), DEADLINE_MS, 'another worker');
    const sql = await post(forkline, { query: "select 'x' as a | sql (select a::int as b from input)" });
    expect(JSON.parse(sql.body.toString()).code).to.equal('bad-value');
  });
});
