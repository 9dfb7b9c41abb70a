/** Right answers, end to end: what the database says itself is the oracle. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { tableFromIPC } from 'apache-arrow';
import { expect } from 'chai';
import { FLIGHT_ROWS, type TestDatabase, testDatabase } from '../support/database.ts';
import { type Forkline, sharedForkline } from '../support/forkline.ts';

describe('queries', function () {
  this.timeout(60_000);
  let database: TestDatabase;
  let forkline: Forkline;
  before(async () => {
    database = await testDatabase();
    forkline = await sharedForkline();
  });

  it('the query of the README gives what plain SQL gives', async () => {
    const answer = await forkline.query(
      'select origin, delay from flights | where delay > 0 | stats count() as flights, avg(delay) as mean by origin | sort -flights | head 5',
    );
    expect(answer.status, answer.text).to.equal(200);
    const { rows: expected } = await database.admin(
      `select origin, count(*)::int as flights, avg(delay)::float8 as mean from flights where delay > 0
       group by origin order by flights desc limit 5`,
    );
    expect(answer.json.rows).to.have.length(expected.length);
    for (const [i, row] of answer.json.rows.entries()) {
      expect(row).to.include({ origin: expected[i].origin, flights: expected[i].flights });
      expect(row.mean).to.be.closeTo(expected[i].mean, 1e-9);
    }
    expect(answer.json.columns).to.deep.equal([
      { name: 'origin', type: 'string' },
      { name: 'flights', type: 'int64' },
      { name: 'mean', type: 'float64' },
    ]);
    expect(answer.json).to.include({ rowCount: expected.length, complete: true });
    expect(answer.json.stats)
      .to.have.property('placement')
      .that.deep.includes({ stage: 'stats', where: 'source' });
  });

  it('sends only the columns that the stages use', async () => {
    const { json } = await forkline.get(
      `/v1/explain?q=${encodeURIComponent('set pushdown = off; select * from flights | where delay > 0 | stats count() by origin')}`,
    );
    const [source] = json.sources as [{ columns: { name: string }[] }];
    expect(source.columns.map(({ name }) => name)).to.have.members(['delay', 'origin']);
  });

  it('all rows come through, directly and through the stages', async () => {
    for (const text of [
      'select date, delay, origin from flights',
      'set pushdown = off; select date, delay, origin from flights | where true',
    ]) {
      const answer = await forkline.query(text, { format: 'csv' });
      expect(answer.status, answer.text.slice(0, 500)).to.equal(200);
      expect(answer.text.trimEnd().split('\r\n')).to.have.length(FLIGHT_ROWS + 1);
    }
  });

  it('the answer does not depend on who encodes it: every type, directly and through the stages', async () => {
    const columns = 'id, b, i2, i4, i8, f4, f8, n10_2, t, c, v, y, d, h, ts, tz, j, jb, u, ai, at';
    for (const format of ['json', 'ndjson', 'csv']) {
      for (const rows of ['objects', 'arrays']) {
        const body = { rows };
        const direct = await forkline.query(`select ${columns} from types order by id`, { format, body });
        const staged = await forkline.query(`select ${columns} from types order by id | head 10`, {
          format,
          body,
        });
        expect(direct.status, direct.text).to.equal(200);
        expect(staged.status, staged.text).to.equal(200);
        expect(withoutStats(staged.text), `${format} ${rows}`).to.equal(withoutStats(direct.text));
      }
    }
  });

  it('int64 and decimal are exact, and strings on demand', async () => {
    const exact = await forkline.query('select i8, n10_2 from types where id = 1');
    expect(exact.text).to.contain('{"i8":9007199254740993,"n10_2":3.14}');
    const quoted = await forkline.query('select i8, n10_2 from types where id = 1 | head 1', {
      body: { numbers: 'string' },
    });
    expect(quoted.text).to.contain('{"i8":"9007199254740993","n10_2":"3.14"}');
  });

  it('parameters are bound, in the SQL and in the stages', async () => {
    const text =
      'select origin, delay from flights where date >= :since and origin = :origin | where delay > :least | stats count() as n';
    const answer = await forkline.query(text, { params: { since: '2001-01-15', origin: 'ATL', least: 30 } });
    const { rows } = await database.admin(
      "select count(*)::int as n from flights where date >= '2001-01-15' and origin = 'ATL' and delay > 30",
    );
    expect(answer.status, answer.text).to.equal(200);
    expect(answer.json.rows).to.deep.equal(rows);
    const hostile = await forkline.query('select count(*) as n from flights where origin = :o', {
      params: { o: "ATL' or true --" },
    });
    expect(hostile.json.rows, hostile.text).to.deep.equal([{ n: 0 }]);
  });

  it('a parameter that is null is null', async () => {
    const answer = await forkline.query('select :x::int as x, :y::text as y | where y is null', {
      params: { x: null, y: null },
    });
    expect(answer.json.rows, answer.text).to.deep.equal([{ x: null, y: null }]);
  });

  it('null and the empty string stay apart on every way', async () => {
    const text = "select * from (values (1, null::text), (2, '')) as v(id, t)";
    for (const query of [text, `${text} | sort id`]) {
      const { json } = await forkline.query(query);
      expect(json.rows, query).to.deep.equal([
        { id: 1, t: null },
        { id: 2, t: '' },
      ]);
      const csv = await forkline.query(query, { format: 'csv' });
      expect(csv.text, query).to.equal('id,t\r\n1,\r\n2,""\r\n');
    }
  });

  it('an only column that is null is a row all the same', async () => {
    const answer = await forkline.query(
      'select t from types order by id | head 10 | stats count() as n, count(t) as values',
    );
    expect(answer.json.rows, answer.text).to.deep.equal([{ n: 3, values: 2 }]);
  });

  it('an empty result has its columns all the same', async () => {
    for (const query of [
      'select origin, delay from flights where false',
      'select origin, delay from flights where false | where delay > 0',
    ]) {
      const { json } = await forkline.query(query);
      expect(json).to.deep.include({
        columns: [
          { name: 'origin', type: 'string' },
          { name: 'delay', type: 'int64' },
        ],
        rows: [],
        rowCount: 0,
        complete: true,
      });
    }
  });

  it("a client's own cap says that there was more", async () => {
    for (const query of [
      'select origin from flights',
      'set pushdown = off; select origin from flights | where true',
    ]) {
      const capped = await forkline.query(query, { body: { limits: { rows: 3 } } });
      expect(capped.json, query).to.include({ rowCount: 3, complete: false });
      expect(capped.json.rows).to.have.length(3);
      expect(capped.headers.get('forkline-complete')).to.equal('false');
    }
    const exact = await forkline.query('select iata from airports', { body: { limits: { rows: 5 } } });
    expect(exact.json, 'not cut').to.include({ rowCount: 5, complete: true });
  });

  it('NDJSON ends with its @end line', async () => {
    const { text } = await forkline.query('select iata from airports order by iata', { format: 'ndjson' });
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).to.deep.equal([
      ...['00M', 'ATL', 'DFW', 'LAX', 'ORD'].map((iata) => ({ iata })),
      { '@end': { rowCount: 5, complete: true } },
    ]);
  });

  it('Arrow is readable by its own library, with SQL alone and with stages', async () => {
    for (const query of [
      'select origin, delay, date from flights',
      'select origin, delay, date from flights | where delay is not null',
    ]) {
      const table = tableFromIPC(await binary('arrow', query));
      expect(table.schema.fields.map(({ name }) => name)).to.deep.equal(['origin', 'delay', 'date']);
      const { rows } = await database.admin(
        `select count(*)::int as n, sum(delay)::int as total from flights ${query.includes('|') ? 'where delay is not null' : ''}`,
      );
      let total = 0n;
      for (const row of table) total += BigInt(row.delay ?? 0);
      expect([table.numRows, Number(total)], query).to.deep.equal([rows[0].n, rows[0].total]);
    }
  });

  it('Parquet is readable by DuckDB', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'forkline-parquet-'));
    try {
      const file = join(dir, 'answer.parquet');
      await writeFile(file, await binary('parquet', 'select origin, delay from flights | where delay > 0'));
      const connection = await (await DuckDBInstance.create()).connect();
      const reader = await connection.runAndReadAll(`select count(*)::int, sum(delay)::int from '${file}'`);
      const { rows } = await database.admin(
        'select count(*)::int, sum(delay)::int from flights where delay > 0',
      );
      expect(reader.getRows()).to.deep.equal([Object.values(rows[0])]);
      connection.disconnectSync();
    } finally {
      await rm(dir, { recursive: true });
    }
  });

  it('a table whose columns change under a cached plan is planned anew', async () => {
    await database.admin('create table changing as select 1 as a; grant select on changing to reader');
    try {
      const text = 'select * from changing | where a > 0';
      expect((await forkline.query(text)).json.rows).to.deep.equal([{ a: 1 }]);
      await database.admin(
        "alter table changing alter a type numeric(4, 1); alter table changing add b text default 'new'",
      );
      const after = await forkline.query(text);
      expect(after.status, after.text).to.equal(200);
      expect(after.text).to.contain('{"a":1.0,"b":"new"}');
    } finally {
      await database.admin('drop table changing');
    }
  });

  it('many at once: each gets its own answer', async () => {
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        forkline.query(i % 4 === 0 ? 'select :i::int as i | where i >= 0' : 'select :i::int as i', {
          params: { i },
        }),
      ),
    );
    expect(answers.map(({ json }) => json.rows)).to.deep.equal(answers.map((_, i) => [{ i }]));
  });

  async function binary(format: string, query: string): Promise<Uint8Array> {
    const response = await fetch(`${forkline.url}/v1/query?format=${format}`, {
      method: 'POST',
      body: query,
    });
    const bytes = new Uint8Array(await response.arrayBuffer());
    expect(response.status, Buffer.from(bytes).toString('latin1')).to.equal(200);
    return bytes;
  }
});

function withoutStats(text: string): string {
  return text.replace(/,"stats":.*$/s, '');
}
