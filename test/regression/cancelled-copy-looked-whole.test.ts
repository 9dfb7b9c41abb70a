/** A source that somebody else ends in mid-COPY closes the stages' input, which looks like the end of its rows. */
import { expect } from 'chai';
import { testDatabase } from '../support/database.ts';
import { sharedForkline, startForkline } from '../support/forkline.ts';
import { post, type RawAnswer } from '../support/read-answer.ts';
import { until } from '../support/until.ts';

const FORMATS = ['json', 'ndjson', 'csv', 'arrow', 'parquet'] as const;
/** Enough that it is under way when it is ended, whatever the machine: some ten seconds. */
const SLOW = `select i, 'row ' || i as s, pg_sleep(0.0005) as p from generate_series(1, 20000) i`;

const COPIES = "state = 'active' and query like '%pg_sleep(0.0005)%' and pid <> pg_backend_pid()";

/** Waits until the COPY has run for a moment, and evaluates `then` over its line of pg_stat_activity. */
async function underway(then: string): Promise<void> {
  const { admin } = await testDatabase();
  const old = "now() - query_start > interval '1 s'";
  const find = `select ${then} as done from pg_stat_activity where ${COPIES} and ${old}`;
  await until(async () => (await admin(find)).rows.length > 0, 60_000, 'the COPY runs');
}

/** Ends what a killed worker left in the database, which has yet to notice. */
async function endCopies(): Promise<void> {
  const { admin } = await testDatabase();
  const end = `select pg_terminate_backend(pid) from pg_stat_activity where ${COPIES}`;
  await until(async () => (await admin(end)).rows.length === 0, 60_000, 'the COPY is gone');
}

describe('regression: an answer whose source was ended by others looked whole', function () {
  this.timeout(240_000);

  for (const [how, end] of [
    ['cancelled', 'pg_cancel_backend(pid)'],
    ['terminated', 'pg_terminate_backend(pid)'],
  ] as const)
    it(`${how} in the database`, async () => {
      const forkline = await sharedForkline();
      for (const format of FORMATS) {
        const asked = post(forkline, { query: `${SLOW} | eval z = lower(s)`, pushdown: 'off', format });
        await underway(`${end}`);
        const answer = await asked;
        expect(isFailed(answer), `${format}: ${answer.status}`).to.equal(true);
      }
    });

  it('its SQL worker killed', async () => {
    await using forkline = await startForkline({ sql: { processes: 1 }, limits: { poisonDeaths: 0 } });
    for (const format of FORMATS) {
      const asked = post(forkline, { query: `${SLOW} | eval z = lower(s)`, pushdown: 'off', format });
      await underway('true');
      const { queries } = (await forkline.get('/v1/queries')).json as unknown as Queries;
      const { queryId } = queries.find(({ state }) => state === 'running')!;
      const { workerPids } = (await forkline.get(`/v1/queries/${queryId}`)).json as unknown as Shown;
      const sql = (await forkline.processes()).filter(({ role }) => role === 'sql');
      process.kill(sql.find(({ pid }) => workerPids.includes(pid))!.pid, 'SIGKILL');
      const answer = await asked;
      expect(isFailed(answer), `${format}: ${answer.status}`).to.equal(true);
      await endCopies();
      const isReady = async () => (await forkline.get('/readyz')).status === 200;
      await until(isReady, 60_000, 'another SQL worker is ready');
    }
  });
});

interface Queries {
  readonly queries: readonly { readonly queryId: string; readonly state: string }[];
}

interface Shown {
  readonly workerPids: readonly number[];
}

function isFailed({ status, ended, body }: RawAnswer): boolean {
  return status >= 400 || !ended || /\{"@error":.*\}\n$/.test(body.toString());
}
