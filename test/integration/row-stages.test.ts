/** The stages about rows, once each on a real server: over a real database, through the DSL worker. */
import { expect } from 'chai';
import { type Forkline, sharedForkline } from '../support/forkline.ts';

const ROWS =
  "select * from (values (1, 'a', 'x,y'), (2, 'b', null), (3, 'a', '가,나'), (null, 'b', '')) as t(n, g, tags)";

const CASES: readonly (readonly [stages: string, rows: readonly object[]])[] = [
  ['dropna n | tail 1 | fields n', [{ n: 3 }]],
  ['fillna n 0 | tail 1 | fields n', [{ n: 0 }]],
  ['fields g | distinct | sort g', [{ g: 'a' }, { g: 'b' }]],
  ['dedup g sort -n | fields n', [{ n: 3 }, { n: 2 }]],
  ['top 1 g', [{ g: 'a', count: 2 }]],
  ['top 1 by n | fields n', [{ n: 3 }]],
  [
    'rare 1 n by g | fields g, n',
    [
      { g: 'a', n: 1 },
      { g: 'b', n: 2 },
    ],
  ],
  ["case when n > 2 then 'hi' otherwise 'lo' as level | top 1 level", [{ level: 'lo', count: 3 }]],
  ['cast n as string | head 1 | fields n', [{ n: '1' }]],
  ['filldown n by g sort n nulls first | tail 1 | fields n', [{ n: 3 }]],
  [
    'head 1 | unpivot g, tags as (k, v) | fields k, v',
    [
      { k: 'g', v: 'a' },
      { k: 'tags', v: 'x,y' },
    ],
  ],
  ["where n = 3 | explode tags sep ',' | fields tags", [{ tags: '가' }, { tags: '나' }]],
  ["head 1 | parse tags as regex '(?<l>.),(?<r>.)' | fields l, r", [{ l: 'x', r: 'y' }]],
  ['head 1 | eval m = \'{"a": {"b": 1}}\' | parse m as json \'a.b\' | fields a_b', [{ a_b: '1' }]],
  ['sample 100% | stats count() as c', [{ c: 4 }]],
  ['sample 2 seed=1 | stats count() as c', [{ c: 2 }]],
  ["assert g in ('a', 'b') | stats count() as c", [{ c: 4 }]],
  ['describe | head 1', [{ column: 'n', type: 'int64' }]],
  [
    'fields n | summary',
    [{ column: 'n', type: 'int64', rows: 4, nulls: 1, distinct: 3, min: '1', max: '3', mean: 2 }],
  ],
];

describe('stages about rows, on a server', function () {
  this.timeout(60_000);
  let forkline: Forkline;
  before(async () => {
    forkline = await sharedForkline();
  });

  for (const [stages, rows] of CASES)
    it(stages, async () => {
      const { status, text, json } = await forkline.query(`${ROWS} | ${stages}`);
      expect(status, text).to.equal(200);
      expect(json.rows).to.deep.equal(rows);
    });

  for (const pushdown of ['off', 'require'])
    it(`a failed assertion fails although a later stage drops every row: ${pushdown}`, async () => {
      const many = 'select i from generate_series(1, 200000) as i';
      const query = `set pushdown = ${pushdown}; ${many} | assert i < 200000 | where i > 999999 | stats count()`;
      const { status, text } = await forkline.query(query);
      expect(status, text).to.equal(422);
      expect(JSON.parse(text)).to.include({ code: 'assertion-failed' });
    });

  // With `count(*) filter (...) over (...)` the stage engine took minutes for so many.
  it('counts some of many rows beside each row', async () => {
    const query = `set pushdown = off; select i from generate_series(1, 200000) as i
      | eventstats count() where i <= 7 as few | stats max(few) as few, count() as n`;
    const { status, json, text } = await forkline.query(query);
    expect(status, text).to.equal(200);
    expect(json.rows).to.deep.equal([{ few: 7, n: 200_000 }]);
  });

  it('a failed assertion is an answer of its own, with the place in the query', async () => {
    const query = `${ROWS} | assert n > 0 message 'n is missing' | head 1`;
    const { status, text } = await forkline.query(query);
    expect(status, text).to.equal(422);
    const problem = JSON.parse(text) as Record<string, unknown>;
    expect(problem).to.include({ code: 'assertion-failed', detail: 'n is missing' });
    expect(problem.stage).to.deep.equal({ index: 1, name: 'assert' });
    expect(problem.position).to.include({ line: 1, column: query.indexOf('n > 0') + 1 });
  });

  it('describes a source of many rows without waiting for them', async () => {
    const { status, text, json } = await forkline.query(
      'select i, pg_sleep(0.01)::text as s from generate_series(1, 100000) as i | describe',
      { signal: AbortSignal.timeout(20_000) },
    );
    expect(status, text).to.equal(200);
    expect(json.rows).to.have.length(2);
  });

  it('rows keep the order of a large source', async () => {
    const { json } = await forkline.query(
      'select i from generate_series(1, 300000) as i | dedup i | tail 3 | sample 3 | assert i > 0',
    );
    expect(json.rows).to.deep.equal([{ i: 299998 }, { i: 299999 }, { i: 300000 }]);
  });
});
