/** Queries with several sources on a real server: two PostgreSQL servers, one DSL worker. */
import { expect } from 'chai';
import { startTestDatabase, testDatabase } from '../support/database.ts';
import { FEW_PROCESSES, type Forkline, startForkline } from '../support/forkline.ts';

const F = 'select * from flights';
const A = 'select * from airports';

describe('several sources, on a server', function () {
  this.timeout(60_000);
  let forkline: Forkline;
  let other: Awaited<ReturnType<typeof startTestDatabase>>;

  before(async () => {
    other = await startTestDatabase();
    await other.admin(`
      CREATE TABLE contracts (code text, owner text, since date);
      INSERT INTO contracts VALUES ('ATL', 'Kim', '2020-01-01'), ('ORD', '이', null), ('ORD', 'Park', '2021-01-01');
      GRANT SELECT ON contracts TO PUBLIC`);
    const connections = { main: { url: (await testDatabase()).url }, other: { url: other.url } };
    forkline = await startForkline({ ...FEW_PROCESSES, connections });
  });
  after(async () => {
    await forkline.stop();
    await other.stop();
  });

  async function rows(query: string, params: Record<string, number | string> = {}): Promise<unknown> {
    const { status, text, json } = await forkline.query(query, { params });
    expect(status, text).to.equal(200);
    expect(json.complete).to.equal(true);
    return json.rows;
  }

  async function failure(query: string): Promise<Record<string, unknown>> {
    const { status, text } = await forkline.query(query);
    expect(status, text).to.be.at.least(400);
    return JSON.parse(text) as Record<string, unknown>; // a problem document
  }

  it('joins tables of two databases', async () => {
    const query = `${F} | stats count() as n by origin
      | join left (@other select code, owner from contracts where since >= :since::date) as c on origin = c.code
      | fields origin, owner | sort origin, owner | head 2`;
    const expected = await rows(`select distinct origin from flights order by 1 limit 2`);
    expect(expected).to.have.length(2);
    const found = (await rows(query, { since: '2019-01-01' })) as { origin: string; owner: string | null }[];
    expect(found.map(({ origin }) => ({ origin }))).to.deep.equal(expected);
    for (const { origin, owner } of found)
      expect(owner).to.equal(origin === 'ATL' ? 'Kim' : origin === 'ORD' ? 'Park' : null);
  });

  it('agrees with what the database itself says of a join', async () => {
    const sql = `select origin, destination, count(*) as n from flights f join airports a on f.origin = a.iata group by 1, 2 order by 1, 2`;
    const stages = `${F} | join (${A} | fields iata) on origin = iata | stats count() as n by origin, destination | sort origin, destination`;
    expect(await rows(stages)).to.deep.equal(await rows(sql));
  });

  it('fetches a let once, however many read it', async () => {
    const query = `let f = (${F}); f | stats count() as n | join cross (f | stats max(distance) as m) | join cross (f | stats min(distance) as l)`;
    const { status, text } = await forkline.query(query, { body: {} });
    expect(status, text).to.equal(200);
    const [row] = (await rows(
      'select count(*) as n, max(distance) as m, min(distance) as l from flights',
    )) as object[];
    expect(JSON.parse(text).rows).to.deep.equal([row]);
    const explained = await fetch(`${forkline.url}/v1/explain`, { method: 'POST', body: query });
    expect(((await explained.json()) as { sources: unknown[] }).sources).to.have.length(1);
  });

  it('unions and looks up across databases', async () => {
    const query = `select 'ORD' as code, 1 as n | union (@other select code, owner from contracts where code = 'ATL')
      | lookup (@other ${A}) iata as code output name | fields code, n, owner, name`;
    const names = (await rows(
      `select iata, name from airports where iata in ('ATL', 'ORD') order by 1 desc`,
    )) as {
      name: string;
    }[];
    expect(await rows(query)).to.deep.equal([
      { code: 'ORD', n: 1, owner: null, name: names[0]!.name },
      { code: 'ATL', n: null, owner: 'Kim', name: names[1]!.name },
    ]);
  });

  it('names the key that a lookup finds twice', async () => {
    const error = await failure(
      `select 'ORD' as code | lookup (@other select * from contracts) code output owner`,
    );
    expect(error).to.include({ code: 'bad-value', detail: 'the source has several rows for `code` = ORD' });
    expect(error.stage).to.deep.equal({ index: 1, name: 'lookup' });
  });

  it('errors of each database stand where its SQL stands', async () => {
    const query = `${F} | join (@other select nope from contracts) on origin = nope`;
    const error = await failure(query);
    expect(error.code).to.equal('unknown-column');
    expect(error.position).to.include({ line: 1, column: query.indexOf('nope') + 1 });
    const astray = `${F} | join (@nowhere select 1 as x) on x = origin`;
    const unknown = await failure(astray);
    expect(unknown.code).to.equal('unknown-connection');
    expect(unknown.position).to.include({ line: 1, column: astray.indexOf('@nowhere') + 1 });
    const late = await failure(
      `${F} | join (@other select 1 / (n - n) as x from (select 1 as n) t) on distance = x`,
    );
    expect(late).to.include({ code: 'sql-error', sqlstate: '22012' });
  });

  it('runs SQL of the stage engine, and maps its errors', async () => {
    expect(
      await rows(
        `${F} | head 3 | sql (select md5('a') as h, count(*) + :n as n from input) | eval m = n * 2`,
        { n: 1 },
      ),
    ).to.deep.equal([{ h: '0cc175b9c0f1b6a831c399e269772661', n: 4, m: 8 }]);
    for (const [sql, code, at] of [
      ['select nope from input', 'sql-error', 'nope'],
      ["select 1 as a,\n  'é', x.y from input", 'sql-error', 'x'],
      ['select from from input', 'sql-syntax', 'from input'],
      ['select * from flights', 'sql-error', 'flights'],
      ['select * from input2', 'sql-error', 'input2'],
    ] as const) {
      const query = `${F} | sql (${sql})`;
      const error = await failure(query);
      expect(error.code, JSON.stringify(error)).to.equal(code);
      expect(error.stage).to.deep.equal({ index: 1, name: 'sql' });
      const before = query.slice(0, query.lastIndexOf(at)).split('\n');
      expect(error.position, sql).to.include({ line: before.length, column: before.at(-1)!.length + 1 });
    }
  });

  it('the SQL of the stage engine reaches no file', async () => {
    for (const sql of [
      "select * from read_csv('/etc/passwd')",
      "select * from '/etc/passwd'",
      "select * from glob('/*')",
    ]) {
      const error = await failure(`select 1 as a | sql (${sql})`);
      expect(error.status, JSON.stringify(error)).to.be.within(400, 499);
      expect(JSON.stringify(error)).to.not.include('root:');
    }
  });

  it('pivot finds its values', async () => {
    const [row] = (await rows(
      `${F} | where origin in ('ATL', 'ORD') | pivot count() for origin`,
    )) as object[];
    const counts = (await rows(
      `select origin, count(*) as n from flights where origin in ('ATL', 'ORD') group by 1 order by 1`,
    )) as { origin: string; n: number }[];
    expect(row).to.deep.equal(Object.fromEntries(counts.map(({ origin, n }) => [origin, n])));
  });

  it('pivot with a value that comes between its two passes fails, or has a column for it', async () => {
    // Every run gives other values: the first pass never finds those of the second.
    const query = 'select (random() * 1e9)::int::text as v from generate_series(1, 5) | pivot count() for v';
    expect(await failure(query)).to.include({ code: 'stale-plan', retryable: true });
  });

  it('explain answers the plan as rows, in every format', async () => {
    const query = `explain ${F} | where distance > 5 | union (@other ${F}) | head 1`;
    const found = (await rows(query)) as {
      index: number;
      stage: string;
      where: string;
      sql: string | null;
    }[];
    expect(found.map(({ index, stage }) => `${index} ${stage}`)).to.deep.equal([
      '0 source',
      '0 source',
      '1 where',
      '2 union',
      '3 head',
    ]);
    expect(found[1]!.sql).to.match(/^select .* from \(\nselect \* from flights\n\) as "source"$/);
    const arrow = await forkline.query(query, { format: 'arrow' });
    expect(arrow.status, arrow.text.slice(0, 200)).to.equal(200);
    const plain = (await rows(`explain ${F}`)) as object[];
    expect(Object.keys(plain[0]!)).to.deep.equal(['QUERY PLAN']);
  });
});
