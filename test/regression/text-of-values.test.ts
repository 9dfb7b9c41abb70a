/**
 * The text of a value is what PostgreSQL's output function writes, whether stages follow or not, wherever they run, and in
 * every format of text: of each built-in type, of some of extensions and users, and of arrays of them.
 */
import { tableFromIPC } from 'apache-arrow';
import { expect } from 'chai';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { type Forkline, sharedForkline } from '../support/forkline.ts';

const SETUP = `
  CREATE SCHEMA texts; GRANT USAGE ON SCHEMA texts TO reader;
  CREATE EXTENSION IF NOT EXISTS citext SCHEMA public;
  CREATE EXTENSION IF NOT EXISTS hstore SCHEMA public;
  CREATE EXTENSION IF NOT EXISTS ltree SCHEMA public;
  CREATE TYPE texts.mood AS ENUM ('ok', 'not, ok');
  CREATE DOMAIN texts.fixed AS char(4);
  CREATE DOMAIN texts.host AS inet;
  CREATE TYPE texts.pair AS (host inet, fixed char(3))`;

/** Carried as text: expressions of values that an array may hold too. */
const TEXTS = [
  ...[
    "'10.0.0.1'::inet",
    "'10.0.0.0/8'::inet",
    "'::1/128'::inet",
    "'10.0.0.1/32'::cidr",
    "'10.1.0.0/16'::cidr",
  ],
  ...["'08:00:2b:01:02:03'::macaddr", "'08:00:2b:01:02:03:04:05'::macaddr8"],
  ...[
    "'ab'::char(4)",
    "''::char(2)",
    '\'a,b "q" \\ {}\'::varchar(20)',
    "'NULL'::text",
    "''::text",
    "' x '::text",
  ],
  ...["'x'::name", `'c'::"char"`, `''::"char"`, `' '::"char"`, `'\\351'::"char"`],
  ...["'1.5'::money", "'-1234567.891'::money", "B'101'", "B'101'::bit(3)", "B'10'::varbit(5)"],
  ...["'<a>1</a>'::xml", `'<?xml version="1.0" encoding="UTF-8"?><a/>'::xml`],
  ...[
    "'a fat cat'::tsvector",
    "'a & b'::tsquery",
    "'$.a'::jsonpath",
    "'pg_class'::regclass",
    "'int4'::regtype",
  ],
  ...["'now'::regproc", "'sum(int4)'::regprocedure", "'pg_catalog'::regnamespace", "'english'::regconfig"],
  ...["'10:00+02'::timetz", "'10:00:00.5-03:30'::timetz"],
  ...['point(1,2)', "'(1,1),(0,0)'::box", "'((0,0),(1,1))'::path", "'{1,2,3}'::line", "'<(0,0),1>'::circle"],
  ...[
    "'[1,5)'::int4range",
    "'empty'::int4range",
    "'[1.50,2.5]'::numrange",
    "'{[1,3),[5,7)}'::int4multirange",
  ],
  ...[`'["2020-01-01 00:00","2020-01-02 00:00")'::tsrange`, "'1/0'::pg_lsn", "'(0,1)'::tid", "'1'::xid"],
  ...["row(1,'a b',null)", "row('10.0.0.1','ab')::texts.pair", "'1 2'::int2vector", "'1 2'::oidvector"],
  ...["'not, ok'::texts.mood", "'ab'::texts.fixed", "'1.2.3.4'::texts.host", "'Ab'::public.citext"],
  ...["'a=>1, b=>NULL'::public.hstore", "'a.b.c'::public.ltree"],
];

const VALUES = [
  ...[
    'true',
    '1::int2',
    '9223372036854775807',
    '4294967295::oid',
    '1.1::float4',
    '16777216::float4',
    '1e15::float8',
  ],
  ...[
    "'NaN'::float8",
    "'-0'::float8",
    "'-Infinity'::float8",
    '42::numeric',
    '12.5::numeric',
    '100::numeric',
    '0::numeric',
  ],
  ...[
    '12.50::numeric(10,2)',
    "'\\x00ff'::bytea",
    "''::bytea",
    "'123e4567-e89b-12d3-a456-426614174000'::uuid",
  ],
  ...["'infinity'::date", "'12020-01-31'::date", "'24:00'::time", "'10:00:00.000001'::time"],
  ...[
    "'2020-01-31 10:00:00.123456'::timestamp",
    "'-infinity'::timestamp",
    "'2020-01-31 10:00+05:30'::timestamptz",
  ],
  ...['{"a": 1,  "b":[2]}', '"x"', 'null'].flatMap((text) => [`'${text}'::json`, `'${text}'::jsonb`]),
];

const INTERVALS = [
  ...[
    '0',
    '1 mon',
    '2 mons',
    '-1 mon',
    '1 year',
    '-1 years',
    '-14 mons 3 days',
    '1 day',
    '-1 day',
    '100:00:00',
  ],
  ...[
    '1 year 2 mons -3 days 04:05:06.7',
    '-1 days -00:00:01',
    '1 mon -1 sec',
    '-1 mon -1 day 1 sec',
    '-00:00:00.000001',
  ],
].map((text) => `'${text}'::interval`);

/** An array that is put together forgets the size of its elements' type. */
const sized = (value: string): boolean => value.includes('numeric(');

/** Types that have an array type of their own; the rest are arrays already, or pseudo-types. */
const withArray = (value: string): boolean => !/vector|^row\(1/.test(value) || value.includes('tsvector');

describe('regression: the text of values', function () {
  this.timeout(180_000);
  let database: TestDatabase;
  let forkline: Forkline;
  before(async () => {
    database = await testDatabase();
    await database.admin(SETUP);
    forkline = await sharedForkline();
  });
  after(async () => {
    await database.admin('DROP SCHEMA texts CASCADE');
  });

  async function textOf(query: string, body: Record<string, unknown>): Promise<string> {
    const { status, text } = await forkline.query(query, { body });
    expect(status, `${query}: ${text}`).to.equal(200);
    return text;
  }

  async function rowsOf(query: string, body: Record<string, unknown> = {}): Promise<unknown[][]> {
    const { rows } = JSON.parse(await textOf(query, { rows: 'arrays', ...body })) as { rows: unknown[][] };
    return rows;
  }

  const select = (values: readonly string[]): string =>
    `select ${values.map((value, at) => `${value} as c${at}`).join(', ')}`;

  async function expectSameEverywhere(values: readonly string[]): Promise<void> {
    const sql = select(values);
    for (const format of ['json', 'ndjson', 'csv']) {
      const shown = (text: string): string =>
        format === 'json' ? JSON.stringify(JSON.parse(text).rows, null, 1) : text;
      const plain = shown(await textOf(sql, { format }));
      for (const pushdown of ['off', 'auto'])
        expect(
          shown(await textOf(`${sql} | where true`, { format, pushdown })),
          `${format}, ${pushdown}`,
        ).to.equal(plain);
    }
  }

  it('is the same with and without stages, in each format', () =>
    expectSameEverywhere([...TEXTS, ...VALUES, ...INTERVALS]));

  it('is the same for elements of arrays', () =>
    expectSameEverywhere(
      [...TEXTS, ...VALUES, ...INTERVALS]
        .filter((value) => withArray(value) && !sized(value))
        .map((value) => `array[${value}, null, ${value}]`),
    ));

  it('is the same for arrays that do not begin at 1', () =>
    expectSameEverywhere([
      ...["'[2:3]={a,NULL}'::text[]", "'[0:0]={10.0.0.1}'::inet[]", "'[-1:0]={ab,abc}'::char(4)[]"],
      ...[
        "'[5:6]={1.5,2}'::numeric(5,2)[]",
        "'{12.50,NULL}'::numeric(10,2)[]",
        '\'[2:2]={"1 mon"}\'::interval[]',
      ],
    ]));

  it('is what the output function writes', async () => {
    const all = TEXTS.filter(withArray);
    const { rows } = await database.admin(
      `select ${all.map((value, at) => `format('%s', ${value}) as c${at}`).join(', ')}`,
    );
    const expected = Object.values(rows[0] as object);
    expect((await rowsOf(`${select(all)} | where true`, { pushdown: 'off' }))[0]).to.deep.equal(expected);
    const lists = await rowsOf(`${select(all.map((value) => `array[${value}]`))} | where true`, {
      pushdown: 'off',
    });
    // The array's own text stands for what is no list here.
    expect(lists[0]!.map((list, at) => (Array.isArray(list) ? list : [expected[at]]))).to.deep.equal(
      expected.map((text) => [text]),
    );
  });

  it('is PostgreSQL’s when it is cast to a string, and when it names a column', async () => {
    const values = [...INTERVALS, ...VALUES.filter((value) => !/bytea|json|float4/.test(value))];
    // A numeric without a size shows no more digits than it has.
    const expected = values.map((value) =>
      value.endsWith('::numeric') ? `trim_scale(${value})::text` : `(${value})::text`,
    );
    const casts = values.map((_, at) => `c${at} = cast(c${at} as string)`).join(', ');
    for (const pushdown of ['off', 'auto'])
      expect(await rowsOf(`${select(values)} | eval ${casts}`, { pushdown }), pushdown).to.deep.equal(
        await rowsOf(select(expected)),
      );
    for (const [value, name] of [
      ['42::numeric', '42'],
      ['12.50::numeric', '12.5'],
      ['2::float8', '2'],
    ])
      expect(
        await rowsOf(`select ${value} as c | pivot count() for c | describe | fields column`),
      ).to.deep.equal([[name]]);
    const summary = await rowsOf('select 42::numeric as n, 2::float8 as f | summary | fields min, max');
    expect(summary).to.deep.equal([
      ['42', '42'],
      ['2', '2'],
    ]);
  });

  it('of intervals is the same in Arrow', async () => {
    const query = select(INTERVALS);
    const arrow = await fetch(`${forkline.url}/v1/query?format=arrow&q=${encodeURIComponent(query)}`);
    const row = tableFromIPC(new Uint8Array(await arrow.arrayBuffer())).get(0)!;
    expect([...row].map(([, text]) => text)).to.deep.equal((await rowsOf(select(INTERVALS)))[0]);
  });
});
