/** The stages of dashboards in a database: the form of their SQL, and the reason for what stays in a worker. */
import { expect } from 'chai';
import type { Plan } from '../../../../core/protocol/plan.ts';
import type { DatabaseColumn } from '../../../../core/protocol/types.ts';
import { nativeType } from '../../../../language/dialects/postgres/types.ts';
import { planOf } from '../run-plan.ts';

const TYPES: readonly (readonly [name: string, oid: number])[] = [
  ['d', 1082],
  ['t', 1114],
  ['z', 1184],
  ['s', 25],
  ['n', 20],
  ['f', 701],
  ['v', 1186],
  ['u', 2950],
  ['j', 114],
  ['l', 1009],
];

function columns(...names: readonly string[]): readonly DatabaseColumn[] {
  const chosen = names.length === 0 ? TYPES : TYPES.filter(([name]) => names.includes(name));
  return chosen.map(([name, oid]) => ({ name, type: nativeType(oid) }));
}

function plan(stages: string, described = columns(), connection = 'main'): Plan {
  return planOf(`select * from x | ${stages}`, described, { pushdown: 'auto', connection });
}

function sqlOf(stages: string, described = columns()): string {
  const { sources, worker } = plan(stages, described);
  expect(worker, stages).to.equal(null);
  return sources[0]!.sql;
}

describe('stages of dashboards in a database', () => {
  it('a timechart groups once, then takes the greatest series and every bin from what it has', () => {
    const sql = sqlOf('timechart t span=1d count() as n by s limit=5');
    expect(sql.match(/select \* from x/g)).to.have.length(1);
    expect(sql).to.include('s1 AS MATERIALIZED').and.not.include('WHERE isfinite("source"');
    expect(sql).to.include(
      `date_bin(CAST('1 day' AS interval), "source"."t", CAST('2000-01-03 00:00:00' AS timestamp))`,
    );
    expect(sql).to.include(
      'series AS MATERIALIZED (SELECT "s" FROM s1 WHERE isfinite("t") GROUP BY "s" ORDER BY sum("size") DESC, "s" COLLATE "C" ASC NULLS LAST LIMIT 5)',
    );
    // A join by IS NOT DISTINCT FROM would compare every bin with every group.
    expect(sql).to.include('LEFT JOIN s1 ON s1."t" = ticks.t AND ARRAY[s1."s"] = ARRAY[series."s"]');
  });

  it('bins are counted and made without a zone, and are moments of one again at the end', () => {
    const sql = sqlOf('timechart z span=1mon count() as n');
    expect(sql).to.match(
      /\(generate_series\(\(lo AT TIME ZONE 'UTC'\), .*, CAST\('1 month' AS interval\)\) AT TIME ZONE 'UTC'\) AS t/,
    );
    expect(sqlOf('timechart d span=1w count() as n')).to.match(
      /CAST\(generate_series\(CAST\(lo AS timestamp\), .* AS date\) AS t/,
    );
  });

  it('rows without a time are left out before what could fail for them', () => {
    expect(sqlOf('timechart t span=1h sum(n) as total')).to.include('WHERE isfinite("source"."t")');
  });

  it('months of any number are counted from January 2000, bins of a day of dates are the dates', () => {
    expect(sqlOf('timechart t span=5mon count()')).to.include('- 24001), 5) + 5, 5) AS int4)');
    expect(sqlOf('timechart d span=1d count()')).to.include('SELECT "source"."d" AS "d", count(*)');
  });

  it('a timechart between bounds filters by them, and makes its bins from one to the other', () => {
    const sql = sqlOf("timechart t span=1d count() as n from='2001-01-05' to='2001-02-01'");
    expect(sql).to.match(/WHERE[\s\S]*"t" >= [^\n]*2001-01-05[\s\S]*"t" < [^\n]*2001-02-01/);
    expect(sql).to.match(
      /SELECT coalesce\(CASE WHEN isfinite\([^\n]*min\("t"\)\) AS lo, coalesce\([^\n]*max\("t"\)\) AS hi/,
    );
    expect(sql).to.include('FROM ends WHERE lo <= hi');
    expect(sql).to.match(/WHERE ticks\.t < [^\n]*2001-02-01/);
  });

  it('what may fail reads a column of constants behind a fence: PostgreSQL would compute it before there is a row', () => {
    const early = "where n > 5 | eval c = '' || '' | eval b = cast(c as bool)";
    expect(sqlOf(early)).to.match(/AS "c"[\s\S]*OFFSET 0\n\)[\s\S]*AS bool/);
    expect(sqlOf(early.replace("'' || ''", "s || ''"))).to.not.include('OFFSET 0');
    expect(sqlOf("eval c = 'x' | eval d = c || s")).to.not.include('OFFSET 0');
  });

  it('a timechart of no series makes no bins', () => {
    expect(sqlOf('timechart t span=1ms count() by s limit=0')).to.include(
      'AS many FROM s1 WHERE isfinite("t") AND 1 = 0)',
    );
  });

  it('filldown numbers the rows by the values up to them, and takes the first of a number', () => {
    const sql = sqlOf('filldown n, j by s sort t');
    expect(sql).to.include('count(s1."n") OVER (PARTITION BY s1."s" ORDER BY s1."t" ASC NULLS LAST, ');
    expect(sql).to.include('first_value(s2."n") OVER (PARTITION BY s2."s", s2."count" ORDER BY');
    expect(sql).to.include('AS "_filled"');
  });

  it('lookup joins one row of each key, and fails before a later filter drops the row', () => {
    const sql = sqlOf(
      "lookup (select * from x) s output n as found | where s = 'x' | fields found",
      columns('s', 'n'),
    );
    expect(sql).to.include('(array_agg("source2"."n"))[1]').and.include('count(*) AS "matches"');
    expect(sql).to.match(/min\(\(CASE WHEN .*"matches" > 1 THEN .* END\) COLLATE "C"\) OVER \(\) AS "twice"/);
    expect(sql).to.match(/WHERE s4\."checked"\nOFFSET 0\n\)/);
  });

  it('the values of a pivot are found in the database, and counted where it runs', () => {
    const answers = { 'values-18': { kind: 'values', values: ['7', null], complete: true } } as const;
    const query = 'select * from x | pivot count() splitrow s splitcol n';
    const { sources, worker } = planOf(query, columns(), { pushdown: 'auto', answers });
    expect(worker).to.equal(null);
    expect(sources[0]!.sql).to.include(`FILTER (WHERE ("source"."n" = CAST('7' AS int8)))`);
    expect(sources[0]!.sql).to.match(
      /count\(\*\) FILTER \(WHERE NOT \(coalesce\(.* IN \('7'\), false\) OR .* IS NULL\)\)/,
    );
    expect(sources[0]!.sql).to.include('stale-plan');
  });

  it('summary measures all columns in one row, and makes rows of it', () => {
    const sql = sqlOf('summary', columns('s', 'n', 'u', 'j'));
    expect(sql).to.include(
      `count(DISTINCT (("source"."s" COLLATE pg_catalog."default") COLLATE "C")) AS "distinct_2"`.replace(
        'distinct_2',
        'distinct_1',
      ),
    );
    expect(sql).to.include('min((CAST("source"."u" AS text) COLLATE "C"))').and.include('unnest(ARRAY[');
  });

  it('where only the texts of a summary are written otherwise, what it measures still runs in the database', () => {
    const { sources, worker, stages } = plan('summary', columns('s', 'f'));
    expect(sources[0]!.sql).to.include('count(DISTINCT').and.include('min("source"."f")');
    expect(worker!.sql).to.not.include('count(');
    expect(stages[0]).to.deep.include({
      where: 'worker',
      why: '`f` is float64, whose text PostgreSQL writes otherwise; what is exact of it runs in the database before',
    });
  });

  const reasons: readonly (readonly [stages: string, why: string])[] = [
    ['timechart t span=1d count() by l', '`l` is a list, and PostgreSQL orders lists otherwise'],
    ['timechart t span=1d max(v) as m', '`max` is not exact in PostgreSQL'],
    ['timechart t span=5000y count()', '`bin` is not exact in PostgreSQL'],
    [
      'lookup (select * from x | fields f, n | rename n as found) f',
      '`f` is float64, whose text in an error PostgreSQL writes otherwise',
    ],
    [
      'lookup (select * from x | fields s, l | rename l as found) s',
      '`found` is list<string>, which PostgreSQL does not take out of a group',
    ],
    ['summary', '`v` is interval, whose different, least or greatest values PostgreSQL finds otherwise'],
  ];
  for (const [stages, why] of reasons)
    it(`stays in a worker, and says why: ${stages}`, () => {
      const { stages: placed } = plan(stages);
      expect(placed[0]).to.deep.include({ where: 'worker', why });
    });

  it('a summary of more columns than a statement has stays in a worker', () => {
    const many = Array.from({ length: 400 }, (_, at) => ({ name: `c${at}`, type: nativeType(20) }));
    const { stages } = plan('summary', many);
    expect(stages[0]!.why).to.equal("2400 columns are more than a statement of PostgreSQL's has");
  });
});
