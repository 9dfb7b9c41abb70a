/**
 * A query whose database work would have ended in time was ended 500 ms before its deadline, and each deadline below 550 ms
 * came after 53 ms: the database was told to give up that much earlier. The lower bounds here hold on any machine.
 */
import { expect } from 'chai';
import { testDatabase } from '../support/database.ts';
import { type Answer, type Forkline, sharedForkline } from '../support/forkline.ts';
import { activeBackends } from '../support/long-query.ts';
import { until } from '../support/until.ts';

const SLEEPS = 'select pg_sleep(20)::text as a';
/** The ways that a query can go, and the process that would end it early in each. */
const WAYS: readonly (readonly [way: string, query: string])[] = [
  ['by the database alone', SLEEPS],
  ['with stages in the database', `${SLEEPS} | where a is not null`],
  ['with stages in a worker', `set pushdown = off; ${SLEEPS} | where a is not null`],
];

describe('regression: a deadline before its time', function () {
  this.timeout(120_000);
  let forkline: Forkline;
  before(async () => {
    forkline = await sharedForkline();
  });

  function ask(query: string, timeoutMs: number): Promise<Answer> {
    return forkline.query(query, { body: { limits: { timeoutMs } } });
  }

  for (const [way, query] of WAYS)
    for (const timeoutMs of [100, 300, 500, 1000]) {
      it(`${way}: with ${timeoutMs} ms it ends within ${timeoutMs} ms and not before`, async () => {
        const startedAt = performance.now();
        const answer = await ask(query, timeoutMs);
        const elapsedMs = performance.now() - startedAt;
        const { code, detail } = JSON.parse(answer.text);
        expect([answer.status, code], answer.text).to.deep.equal([504, 'deadline-exceeded']);
        expect(detail).to.include(`within ${timeoutMs} ms`);
        expect(elapsedMs).to.be.at.least(timeoutMs);
      });
    }

  it('the database may work for at least as long as the query has', async () => {
    const timeoutMs = 60_000;
    const told = "select setting::int as ms from pg_settings where name = 'statement_timeout'";
    for (const query of [told, `set pushdown = off; ${told} | where ms > 0`]) {
      const startedAt = performance.now();
      const [row] = (await ask(query, timeoutMs)).json.rows;
      expect(row!.ms).to.be.at.least(timeoutMs - (performance.now() - startedAt));
    }
  });

  it('its statement ends in the database when the time is up', async () => {
    const database = await testDatabase();
    const marker = 'ends_in_time';
    const answer = await ask(`select pg_sleep(60)::text as ${marker}`, 300);
    expect(answer.status).to.equal(504);
    await until(async () => (await activeBackends(database, marker)) === 0, 10_000, 'the backend is idle');
    expect((await forkline.query('select 1 as a')).json.rows).to.deep.equal([{ a: 1 }]);
  });
});
