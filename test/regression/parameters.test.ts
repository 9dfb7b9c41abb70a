/**
 * Parameters: what a client sends arrives exactly, in the SQL and in stages, wherever these run. In a URL the type that the
 * database or the stage expects decides; in JSON no digit is lost; a list is a list; any name is a name.
 */
import { expect } from 'chai';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { type Answer, type Forkline, sharedForkline } from '../support/forkline.ts';

const ROWS = `select id, code, price::numeric(20,2) as price, ratio, flag, day, big from (values
  (1, '1.10', 1.10::numeric(20,2), 1.1::float8, true, date '2020-01-31', 9007199254740993),
  (2, '02134', 0.1::numeric(20,2), 1000::float8, false, date '2021-01-31', 2134),
  (3, '1e3', 12345::numeric(20,2), 0.5::float8, null, null, null),
  (4, 'true', null, null, true, date '2020-01-31', -5),
  (5, '__proto__', 9007199254740993, null, true, null, 0)
) as v(id, code, price, ratio, flag, day, big)`;

describe('regression: parameters', function () {
  this.timeout(120_000);
  let database: TestDatabase;
  let forkline: Forkline;
  before(async () => {
    database = await testDatabase();
    forkline = await sharedForkline();
  });

  function inUrl(query: string, params: Record<string, string>, pushdown = 'auto'): Promise<Answer> {
    const pairs = Object.entries(params).map(([name, value]) => `param.${name}=${encodeURIComponent(value)}`);
    return forkline.get(
      `/v1/query?rows=arrays&pushdown=${pushdown}&q=${encodeURIComponent(query)}&${pairs.join('&')}`,
    );
  }

  /** The text of `params` is JSON as it is written here, so that no digit is lost on the way. */
  async function inBody(query: string, params: string, pushdown = 'auto'): Promise<Answer> {
    const body = `{"query": ${JSON.stringify(query)}, "rows": "arrays", "pushdown": "${pushdown}", "params": ${params}}`;
    const response = await fetch(`${forkline.url}/v1/query`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body,
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: JSON.parse(text) };
  }

  async function rows(asked: Promise<Answer>): Promise<unknown> {
    const { status, text, json } = await asked;
    expect(status, text).to.equal(200);
    return json.rows;
  }

  const where = (condition: string): string => `${ROWS} | where ${condition} | sort id | fields id`;
  const sqlWhere = (condition: string): string => `select id from (${ROWS}) w where ${condition} order by id`;

  const urlCases: readonly (readonly [condition: string, value: string, ids: readonly number[]])[] = [
    ['code = :x', '1.10', [1]],
    ['code = :x', '1.1', []],
    ['code = :x', '02134', [2]],
    ['code = :x', '1e3', [3]],
    ['code = :x', 'true', [4]],
    ['price = :x', '1.10', [1]],
    ['price = :x', '12345', [3]],
    ['price = :x', '9007199254740993', [5]],
    ['price = :x', '9007199254740992', []],
    ['big = :x', '9007199254740993', [1]],
    ['big = :x', '02134', [2]],
    ['big < :x', '-4', [4]],
    ['ratio = :x', '1e3', [2]],
    ['ratio > :x', '0.50', [1, 2]],
    ['flag = :x', 'true', [1, 4, 5]],
    ['day = :x', '2020-01-31', [1, 4]],
    ['id between :x and 2', '1', [1, 2]],
    ['id in (:x, 4)', '1', [1, 4]],
  ];
  for (const [condition, value, ids] of urlCases)
    it(`in a URL: ${condition} with ${value}`, async () => {
      const expected = ids.map((id) => [id]);
      expect(await rows(inUrl(sqlWhere(condition), { x: value })), 'SQL').to.deep.equal(expected);
      for (const pushdown of ['auto', 'off'])
        expect(await rows(inUrl(where(condition), { x: value }, pushdown)), pushdown).to.deep.equal(expected);
    });

  it('in a URL: stages that want a number, a condition or a type get one', async () => {
    for (const pushdown of ['auto', 'off']) {
      const ask = (stages: string, x: string) =>
        rows(inUrl(`${ROWS} order by id | ${stages} | fields id`, { x }, pushdown));
      expect(await ask('sort id | head :x', '2')).to.deep.equal([[1], [2]]);
      expect(await ask('sort id | tail :x', '1')).to.deep.equal([[5]]);
      expect(await ask('where :x and id < 2', 'true')).to.deep.equal([[1]]);
      expect(await ask('where day = cast(:x as date) + 1d | sort id', '2020-01-30')).to.deep.equal([
        [1],
        [4],
      ]);
      expect(await ask("where substr(code, :x) = 'e3' | sort id", '2')).to.deep.equal([[3]]);
      expect(await ask('eval id = id + :x | sort id | head 1', '10')).to.deep.equal([[11]]);
      expect(await ask('where id = 1 | eval id = code || :x', '5')).to.deep.equal([['1.105']]);
      expect(await ask('where id = 1 | eval id = :x', '007')).to.deep.equal([['007']]);
      expect(await ask('where id = 3 | fillna day = :x | eval id = day', '2020-02-29')).to.deep.equal([
        ['2020-02-29'],
      ]);
    }
    const long = '0.12345678901234567890';
    expect(await rows(inUrl('select :x::numeric::text', { x: long }))).to.deep.equal([[long]]);
    expect(await rows(inUrl('select :x || :y', { x: 'null', y: 'false' }))).to.deep.equal([['nullfalse']]);
  });

  it('in a URL: what does not fit is said of the parameter', async () => {
    const { status, json } = await inUrl(`${ROWS} | where id > :x`, { x: 'abc' });
    expect(status).to.equal(400);
    expect(json.code).to.equal('bad-parameter');
    expect(json.detail).to.contain(':x');
  });

  it('in JSON no digit is lost', async () => {
    for (const number of [
      ...[
        '9007199254740993',
        '-9223372036854775808',
        '123456789012345678901234567890',
        '0.12345678901234567890123',
      ],
      ...['1.10', '1e3', '1e300', '1.5e-400', '5'],
    ]) {
      const exact = await database.admin(`select trim_scale(${number}::numeric)::text as t`);
      expect(
        await rows(inBody('select trim_scale(:x::numeric)::text', `{"x": ${number}}`)),
        number,
      ).to.deep.equal([[exact.rows[0].t]]);
    }
    for (const pushdown of ['auto', 'off']) {
      const ask = (condition: string, x: string) => rows(inBody(where(condition), `{"x": ${x}}`, pushdown));
      expect(await ask('big = :x', '9007199254740993')).to.deep.equal([[1]]);
      expect(await ask('price = :x', '9007199254740993')).to.deep.equal([[5]]);
      expect(await ask('price = :x', '9007199254740993.000000001')).to.deep.equal([]);
      expect(await ask('price < :x', '12345678901234567890123456')).to.deep.equal([[1], [2], [3], [5]]);
      const value = await rows(
        inBody('select 1 as a | eval a = cast(:x as string)', '{"x": 0.123456789012345678901}', pushdown),
      );
      expect(value).to.deep.equal([['0.123456789012345678901']]);
      const tooLong = await inBody(where('price = :x'), `{"x": 1.${'1'.repeat(60)}}`, pushdown);
      expect(tooLong.json).to.include({ status: 400, code: 'bad-parameter' });
      expect(tooLong.json.hint).to.be.a('string');
    }
  });

  it('any name is the name of a parameter', async () => {
    for (const name of ['__proto__', 'constructor', 'hasOwnProperty', 'toString', 'prototype', 'length']) {
      for (const query of [`select :${name}::int as x`, `select 1 as x | eval x = :${name}`])
        for (const pushdown of ['auto', 'off']) {
          expect(await rows(inBody(query, `{"${name}": 5}`, pushdown)), name).to.deep.equal([[5]]);
          const missing = await inBody(query, '{}', pushdown);
          expect(missing.json, name).to.include({ code: 'missing-parameter' });
        }
      expect(await rows(inUrl(`select :${name}::int as x`, { [name]: '7' })), name).to.deep.equal([[7]]);
    }
  });

  it('a list in JSON is a list after `in`, in SQL and in stages', async () => {
    const cases: readonly (readonly [string, string, readonly number[]])[] = [
      ['code in (:x)', '["1.10", "02134", "x,y\\"\\\\{}"]', [1, 2]],
      ['code not in (:x)', '["1.10", "02134"]', [3, 4, 5]],
      ['code in (:x)', '[]', []],
      ['code not in (:x)', '[]', [1, 2, 3, 4, 5]],
      ['code not in (:x)', '["1.10", null]', []],
      ['code in (:x)', '["1.10", null]', [1]],
      ['code in (:x)', '[null]', []],
      ['id in (:x)', '[1, 3, 77]', [1, 3]],
      ['not id in (:x)', '[1, 3]', [2, 4, 5]],
      ['big in (:x)', '[9007199254740993, 2134]', [1, 2]],
      ['price in (:x)', '[1.10, 12345, 9007199254740993]', [1, 3, 5]],
      ['ratio in (:x)', '[0.5, 1000]', [2, 3]],
      ['day in (:x)', '["2021-01-31"]', [2]],
      ['flag in (:x)', '[false]', [2]],
      ['flag not in (:x)', '[false]', [1, 4, 5]],
      ['code /* c */ NOT IN ( :x -- d\n)', '["1.10"]', [2, 3, 4, 5]],
    ];
    for (const [condition, list, ids] of cases) {
      const expected = ids.map((id) => [id]);
      expect(
        await rows(inBody(sqlWhere(condition), `{"x": ${list}}`)),
        `SQL: ${condition} ${list}`,
      ).to.deep.equal(expected);
      const fetched = inBody(`${sqlWhere(condition)} | sample 100% | sort id`, `{"x": ${list}}`, 'off');
      expect(await rows(fetched), `SQL before a stage: ${condition} ${list}`).to.deep.equal(expected);
      for (const pushdown of ['auto', 'off'])
        expect(
          await rows(inBody(where(condition), `{"x": ${list}}`, pushdown)),
          `${pushdown}: ${condition} ${list}`,
        ).to.deep.equal(expected);
    }
  });

  it('a list elsewhere is an array and a list; beside other values after `in` it is refused with a hint', async () => {
    expect(await rows(inBody('select unnest(:x::text[])', '{"x": ["a", null, "b\\"c"]}'))).to.deep.equal([
      ['a'],
      [null],
      ['b"c'],
    ]);
    expect(
      await rows(inBody('select id from (values (1), (2)) v(id) where id = any (:x)', '{"x": [2]}')),
    ).to.deep.equal([[2]]);
    for (const pushdown of ['auto', 'off'])
      expect(
        await rows(inBody('select 1 as a | eval a = :x, n = list_length(:x)', '{"x": ["p", "q"]}', pushdown)),
      ).to.deep.equal([[['p', 'q'], 2]]);
    for (const query of [sqlWhere('id in (1, :x)'), where('id in (1, :x)')]) {
      const { json } = await inBody(query, '{"x": [2]}');
      expect(json).to.include({ status: 400, code: 'bad-parameter' });
      expect(json.hint).to.contain('in (:x)');
    }
    const mixed = await inBody(where('id in (:x)'), '{"x": [1, "a"]}');
    expect(mixed.json).to.include({ status: 400, code: 'bad-parameter' });
  });

  it('values of lists and long numbers stay out of the log', async () => {
    const failed = await inBody('select :x::int', '{"x": "secret-of-a-parameter"}');
    expect(failed.json.code).to.equal('bad-parameter');
    const list = await inBody(
      'select id from (values (1)) v(id) where id in (:x)',
      '{"x": ["secret-in-a-list"]}',
    );
    expect(list.json.code).to.equal('bad-parameter');
    const { text } = await forkline.get('/v1/logs?limit=100');
    expect(text)
      .to.contain('query-failed')
      .and.not.contain('secret-in-a-list')
      .and.not.contain('secret-of-a');
  });
});
