/** /v1/explain went on in the database after its client had left, and for as long as the database liked. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect } from 'chai';
import { testDatabase } from '../support/database.ts';
import { type Forkline, sharedForkline } from '../support/forkline.ts';
import { until } from '../support/until.ts';

const DEADLINE_MS = 15_000;
/** The columns of this query are the values, which a query of its own finds first. */
const slow = (mark: string) =>
  `select '${mark}' || pg_sleep(60)::text as k, 1 as v | pivot sum(v) splitcol k`;

describe('planning', function () {
  this.timeout(90_000);
  let forkline: Forkline;
  before(async () => {
    forkline = await sharedForkline();
  });

  async function runsInDatabase(mark: string): Promise<boolean> {
    const { admin } = await testDatabase();
    const { rowCount } = await admin(
      "select from pg_stat_activity where state = 'active' and pid <> pg_backend_pid() and query like '%' || $1 || '%'",
      [mark],
    );
    return rowCount !== 0;
  }

  for (const [what, request] of [
    [
      'POST /v1/explain',
      (query: string) => `POST /v1/explain HTTP/1.1\r\nContent-Length: ${query.length}\r\n`,
    ],
    ['GET /v1/explain', (query: string) => `GET /v1/explain?q=${encodeURIComponent(query)} HTTP/1.1\r\n`],
    ['HEAD /v1/query', (query: string) => `HEAD /v1/query?q=${encodeURIComponent(query)} HTTP/1.1\r\n`],
  ] as const) {
    const mark = what.replace(/\W+/g, '-');

    it(`of ${what} ends in the database when its client leaves`, async () => {
      const query = slow(mark);
      const socket = connect(forkline.port, '127.0.0.1');
      await once(socket, 'connect');
      socket.write(
        `${request(query)}Host: localhost\r\nQuery-Id: ${mark}\r\n\r\n${what.startsWith('POST') ? query : ''}`,
      );
      await until(() => runsInDatabase(mark), DEADLINE_MS, 'it runs in the database');
      socket.destroy();
      await until(async () => !(await runsInDatabase(mark)), DEADLINE_MS, 'it ends in the database');
      const ended = async () => (await forkline.get(`/v1/queries/${mark}`)).json.state !== 'running';
      await until(ended, DEADLINE_MS, 'it is over for the server');
      expect((await forkline.get(`/v1/queries/${mark}`)).json.state).to.equal('cancelled');
    });
  }

  it('of /v1/explain has a deadline', async () => {
    const response = await fetch(`${forkline.url}/v1/explain`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ query: slow('deadline'), limits: { timeoutMs: 1500 } }),
    });
    const problem = (await response.json()) as { code: string; limit: object };
    expect([response.status, problem.code]).to.deep.equal([504, 'deadline-exceeded']);
    expect(problem.limit).to.deep.include({ name: 'timeoutMs', value: 1500 });
    await until(async () => !(await runsInDatabase('deadline')), DEADLINE_MS, 'it ends in the database');
  });

  it('of /v1/explain can be cancelled by its id', async () => {
    const explained = fetch(`${forkline.url}/v1/explain`, {
      method: 'POST',
      headers: { 'Query-Id': 'explain-me' },
      body: slow('by-id'),
    });
    await until(() => runsInDatabase('by-id'), DEADLINE_MS, 'it runs in the database');
    const { status } = await fetch(`${forkline.url}/v1/queries/explain-me`, { method: 'DELETE' });
    expect(status).to.equal(202);
    expect((await explained).status).to.equal(409);
    await until(async () => !(await runsInDatabase('by-id')), DEADLINE_MS, 'it ends in the database');
  });
});
