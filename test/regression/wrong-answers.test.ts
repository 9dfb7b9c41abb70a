/** Answers and errors that were once wrong, each named for what its user saw. */
import { expect } from 'chai';
import { type Answer, type Forkline, sharedForkline } from '../support/forkline.ts';

describe('regression: answers and errors of a whole server', function () {
  this.timeout(60_000);
  let forkline: Forkline;
  before(async () => {
    forkline = await sharedForkline();
  });

  const problemOf = (answer: Answer) => JSON.parse(answer.text);

  it('an error of the database in its first row waited for the deadline when stages follow', async () => {
    for (let round = 0; round < 8; round++) {
      const answer = await forkline.query(
        'set pushdown = off; select 1 / (i - 1) as x from generate_series(1, 9) i | where true',
      );
      expect(problemOf(answer)).to.include({ status: 400, code: 'sql-error', detail: 'division by zero' });
    }
  });

  it('a date before Christ lost its era in stages', async () => {
    const dates =
      "set pushdown = off; select d::date as d from (values ('0044-03-15 BC'), ('infinity'), ('294277-01-01')) t(d)";
    const late = `${dates.replace("('0044-03-15 BC'), ", '')} | where true`;
    expect((await forkline.query(late)).json.rows).to.deep.equal([{ d: 'infinity' }, { d: '294277-01-01' }]);
    const refused = problemOf(await forkline.query(`${dates} | where true`));
    expect(refused).to.include({ status: 422, code: 'bad-value' });
    expect(refused.detail).to.match(/^column d holds a date before Christ/);
  });

  it('a timestamptz before Christ was null in stages', async () => {
    const sql = "select t::timestamptz as t from (values ('0044-03-15 00:00:00Z BC'), ('infinity')) v(t)";
    const late = `set pushdown = off; ${sql.replace("('0044-03-15 00:00:00Z BC'), ", '')} | where true`;
    expect((await forkline.query(late)).json.rows).to.deep.equal([{ t: 'infinity' }]);
    const refused = problemOf(await forkline.query(`set pushdown = off; ${sql} | where true`));
    expect(refused).to.include({ status: 422, code: 'bad-value' });
    expect(refused.detail).to.match(/^column t holds a moment before Christ/);
  });

  it('`real` and control characters came as other bytes with stages than without', async () => {
    const sql =
      'select v::real as v, chr(31) as c, array[v::real] as l from unnest(array[1e6, 16777216, 0.1]) v';
    for (const format of ['ndjson', 'csv']) {
      const [plain, staged] = await Promise.all([
        forkline.query(sql, { body: { format } }),
        forkline.query(`set pushdown = off; ${sql} | where true`, { body: { format } }),
      ]);
      expect(staged.text).to.equal(plain.text);
    }
  });

  it('`head` with a negative parameter was an internal error', async () => {
    const answer = await forkline.query('select 1 as a | head :n', { body: { params: { n: -1 } } });
    expect(problemOf(answer)).to.include({ status: 400, code: 'bad-parameter' });
  });

  for (const [way, stages] of [
    ['SQL only', ''],
    ['with stages', " | where lower('A') = 'a'"],
  ])
    it(`a parameter that does not fit was called $1, ${way}`, async () => {
      const query = `select a.n\nfrom generate_series(1, 3) a(n) limit :most${stages}`;
      const problem = problemOf(await forkline.query(query, { body: { params: { most: 'x' } } }));
      expect(problem).to.include({ status: 400, code: 'bad-parameter' });
      expect(problem.detail).to.match(/^parameter :most: /);
      expect(problem.position).to.include({ line: 2, column: 39, endColumn: 44 });
    });

  it('a parameter in the place of a name was called $1', async () => {
    const problem = problemOf(await forkline.query('select * from :t', { body: { params: { t: 'x' } } }));
    expect(problem.detail).to.equal('syntax error at or near ":t"');
    expect(problem.hint).to.match(/stands for a value/);
  });

  it('HEAD ran the query, and a POST to /docs was not found', async () => {
    const headers = { 'Query-Id': 'only-headers' };
    const slow = `${forkline.url}/v1/query?q=select+pg_sleep(300)::text+as+a`;
    expect((await fetch(slow, { method: 'HEAD', headers })).status).to.equal(200);
    const { json } = await forkline.get('/v1/queries/only-headers');
    expect(json).to.include({ state: 'finished', bytes: 0, rows: null });
    const post = await fetch(`${forkline.url}/docs`, { method: 'POST' });
    expect([post.status, post.headers.get('allow')]).to.deep.equal([405, 'GET, HEAD, OPTIONS']);
  });
});
