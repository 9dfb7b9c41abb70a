/** Stages in the database, end to end: the same answers, the same errors, and no worker where none is needed. */
import { expect } from 'chai';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { type Answer, type Forkline, type QueryInit, sharedForkline } from '../support/forkline.ts';

const FLIGHTS = 'select * from flights';

describe('stages in the database', function () {
  this.timeout(60_000);
  let database: TestDatabase;
  let forkline: Forkline;
  before(async () => {
    database = await testDatabase();
    await database.admin('CREATE TABLE changing (x integer); INSERT INTO changing VALUES (1), (2)');
    await database.admin('GRANT SELECT ON changing TO reader');
    forkline = await sharedForkline();
  });
  after(async () => {
    await database.admin('DROP TABLE changing');
  });

  function ask(query: string, { params, ...body }: QueryInit & { pushdown?: string } = {}): Promise<Answer> {
    return forkline.query(query, { body, ...(params && { params }) });
  }

  async function placesOf(query: string): Promise<string[]> {
    const { json } = await ask(query);
    return (json.stats as { placement: { stage: string; where: string }[] }).placement.map(
      ({ stage, where }) => `${stage} ${where}`,
    );
  }

  const same: readonly string[] = [
    `${FLIGHTS} | where delay > 60 and origin in ('ATL', 'ORD') | sort -delay, date | head 20`,
    `${FLIGHTS} | stats count() as n, sum(delay) as total, min(date) as first by origin | sort origin`,
    `${FLIGHTS} order by date desc limit 50 | where delay is not null | head 7`,
    'select * from types | fields id, b, i2, i4, i8, f4, f8, n10_2, t, c, v, y, d, h, ts, tz, iv, j, jb, u, at, ai | where id <> 9 | sort id',
    `${FLIGHTS} -- a comment at the end
     | eval hours = delay / 60, late = delay > 10 | top 3 origin by late`,
    `${FLIGHTS} | sort date | dedup 2 origin | streamstats row_number() as place by origin sort date`,
    `${FLIGHTS} | head 0`,
    `${FLIGHTS} | describe`,
    `${FLIGHTS} | timechart date span=1d count() as n, max(delay) as worst by origin limit=3`,
    `${FLIGHTS} | eval t = date + 30m | timechart t span=6h count() as n fill=0 | head 50`,
    `${FLIGHTS} | where distance > 1000000 | eval c = '' || '' | eval b = cast(c as bool) | fields b`,
    `${FLIGHTS} | timechart date span=1w count() as n by destination from='2000-12-20' to='2001-01-20' limit=2 fill=0`,
    `${FLIGHTS} | where distance > 2000 | filldown delay by origin sort date, destination, distance, delay | head 40`,
    `${FLIGHTS} | lookup (${FLIGHTS} | stats count() as n by origin) origin as destination | stats sum(n) as total`,
    `${FLIGHTS} | pivot count() splitrow destination splitcol origin | sort destination`,
    `${FLIGHTS} | fields date, delay, origin | summary`,
  ];
  for (const query of same)
    it(`answers alike: ${query.slice(0, 60)}`, async () => {
      for (const format of ['json', 'csv', 'ndjson']) {
        const [placed, local] = await Promise.all([
          forkline.query(query, { format, body: { pushdown: 'auto' } }),
          forkline.query(query, { format, body: { pushdown: 'off' } }),
        ]);
        expect([placed.status, local.status], placed.text + local.text).to.deep.equal([200, 200]);
        if (format === 'json') {
          expect(placed.json.columns).to.deep.equal(local.json.columns);
          expect(placed.json.rows).to.deep.equal(local.json.rows);
        } else expect(placed.text).to.equal(local.text);
      }
    });

  it('needs no worker when every stage is exact, and says where each ran', async () => {
    const query = `${FLIGHTS} | where delay > 0 | eval half = delay / 2 | sort -half, date | head 3`;
    expect(await placesOf(query)).to.deep.equal([
      'where source',
      'eval source',
      'sort source',
      'head source',
    ]);
    const { json } = await ask(query);
    expect((json.stats as { phases: { dsl: number } }).phases.dsl).to.equal(0);
  });

  it('splits at the first stage that is not exact, and carries the order over', async () => {
    const query = `${FLIGHTS} | where delay > 0 | sort -delay, date | sample 100% | fields delay, date | head 5`;
    expect((await placesOf(query)).slice(0, 3)).to.deep.equal([
      'where source',
      'sort source',
      'sample worker',
    ]);
    const [placed, local] = [await ask(query), await ask(query, { pushdown: 'off' })];
    expect(placed.json.rows).to.deep.equal(local.json.rows);
  });

  it('binds parameters of the SQL and of stages, in both kinds of plan', async () => {
    for (const stages of [
      '| where delay >= :least and origin = :from',
      '| where delay >= :least and origin = :from | sample 100%',
    ]) {
      const query = `select * from flights where distance > :far ${stages} | stats count() as n`;
      const params = { far: 500, least: 30, from: 'ATL' };
      const { json } = await ask(query, { params });
      const { rows } = await database.admin(
        "select count(*)::int as n from flights where distance > 500 and delay >= 30 and origin = 'ATL'",
      );
      expect(json.rows).to.deep.equal(rows);
    }
  });

  it('require is met, or names the first stage that is not exact', async () => {
    const met = await ask(`set pushdown = require; ${FLIGHTS} | where delay > 0 | head 1`);
    expect(met.status, met.text).to.equal(200);
    const query = `${FLIGHTS} | where delay > 0 | sample 3`;
    const { status, json } = await ask(query, { pushdown: 'require' });
    expect(status).to.equal(400);
    expect(json).to.include({ code: 'not-pushable' });
    expect(json.stage).to.deep.equal({ index: 2, name: 'sample' });
  });

  it('an error of a stage has the code that it has in a worker, and names the stage', async () => {
    const query = `${FLIGHTS} | eval big = delay + 9223372036854775807`;
    const [placed, local] = [await ask(query), await ask(query, { pushdown: 'off' })];
    expect([placed.json.code, local.json.code]).to.deep.equal(['bad-value', 'bad-value']);
    expect(placed.json.stage).to.deep.equal({ index: 1, name: 'eval' });
    const several = await ask(`${query} | eval more = big * 2`);
    expect(several.json.hint).to.equal('it was computed in `eval` (stage 1) or `eval` (stage 2)');
  });

  it('an assertion fails alike', async () => {
    const query = `${FLIGHTS} | assert distance < 1000 message 'too "far"'`;
    const [placed, local] = [await ask(query), await ask(query, { pushdown: 'off' })];
    expect(placed.json.code).to.equal('assertion-failed');
    for (const field of ['code', 'detail', 'stage', 'hint', 'span'])
      expect(placed.json[field]).to.deep.equal(local.json[field]);
  });

  const raised: readonly (readonly [stages: string, code: string, message: RegExp])[] = [
    [
      `lookup (${FLIGHTS}) origin output destination as to | where origin = 'no such' | head 1`,
      'bad-value',
      /^the source has several rows for `origin` = \w+$/,
    ],
    ['timechart date span=1m count() by distance', 'result-too-large', /too many rows, gaps included/],
  ];
  for (const [stages, code, message] of raised)
    it(`fails alike in both places: ${stages}`, async () => {
      const query = `${FLIGHTS} | ${stages}`;
      const { json } = await ask(`explain ${query}`);
      for (const { where } of json.rows as { where: string }[]) expect(where).to.equal('source');
      const [placed, local] = [await ask(query), await ask(query, { pushdown: 'off' })];
      expect(placed.json).to.include({ code });
      expect(placed.json.detail).to.match(message);
      for (const field of ['code', 'detail', 'stage', 'hint', 'span', 'limit'])
        expect(placed.json[field], field).to.deep.equal(local.json[field]);
    });

  it('values of a pivot that are others when it runs are stale, never left out', async () => {
    const query =
      'select random()::text as t, 1 as one from flights limit 5 | pivot count() splitrow one splitcol t';
    for (const pushdown of ['auto', 'off']) {
      const { json } = await ask(query, { pushdown });
      expect(json, pushdown).to.include({ code: 'stale-plan' });
    }
  });

  it('a number of rows below 0 is a bad parameter', async () => {
    const query = `${FLIGHTS} | head :n`;
    for (const pushdown of ['auto', 'off']) {
      const { json } = await ask(query, { pushdown, params: { n: -1 } });
      expect(json).to.include({ code: 'bad-parameter' });
    }
  });

  it('plans anew when a column has another type than when it was planned', async () => {
    const query = 'select x from changing | where x > 1';
    expect((await ask(query)).json.rows).to.deep.equal([{ x: 2 }]);
    await database.admin('ALTER TABLE changing ALTER x TYPE numeric(6,2) USING x + 0.25');
    expect((await ask(query)).json.rows).to.deep.equal([{ x: 1.25 }, { x: 2.25 }]);
  });

  it('reads an index and uses parallel workers as the plain SQL does', async () => {
    const query = `${FLIGHTS} | where date between '2001-01-02' and '2001-01-03' and delay = 5 | fields date, delay`;
    const { json } = await forkline.get(`/v1/explain?q=${encodeURIComponent(query)}`);
    const [{ sql }] = json.sources as [{ sql: string }];
    const { rows } = await database.admin(`EXPLAIN ${sql}`);
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).to.include('flights_date_idx').and.not.include('CTE');
  });

  it('reads indexes of text as the plain SQL does', async () => {
    await database.admin(`
      CREATE TABLE words (id int8, t text, v varchar(40), p text, c text COLLATE "C");
      INSERT INTO words SELECT i, md5(i::text), md5(i::text), md5(i::text), md5(i::text) FROM generate_series(1, 20000) i;
      CREATE INDEX words_t ON words (t); CREATE INDEX words_v ON words (v); CREATE INDEX words_c ON words (c);
      CREATE INDEX words_prefix ON words (p text_pattern_ops);
      GRANT SELECT ON words TO reader; ANALYZE words`);
    try {
      for (const [stages, index] of [
        ["where t = 'abc'", 'words_t'],
        ["where v in ('abc', 'def')", 'words_v'],
        ["where p like 'abc%'", 'words_prefix'],
        ["where c between 'abc' and 'abd'", 'words_c'],
        ['join (select v as t, id as other from words where id < 5) on t', 'words_t'],
        ['where id < 5 | join left (select v, id as other from words) on v', 'words_v'],
      ] as const) {
        const query = `select * from words | ${stages}`;
        const { json } = await forkline.get(`/v1/explain?q=${encodeURIComponent(query)}`);
        const [{ sql }] = json.sources as [{ sql: string }];
        const { rows } = await database.admin(`EXPLAIN ${sql}`);
        expect(rows.map((row) => row['QUERY PLAN']).join('\n'), sql).to.match(
          new RegExp(`(using|on) ${index}\\b`),
        );
      }
    } finally {
      await database.admin('DROP TABLE words');
    }
  });
});
