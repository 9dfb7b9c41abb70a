/**
 * Stages that run in Spark, and stages that do not, since Spark computes otherwise or was not shown to compute the same: each row of NOT_PLACED has
 * what differs, and the reason that `explain` gives.
 */
import { expect } from 'chai';
import type { Plan } from '../../../../../core/protocol/plan.ts';
import { planQuery } from '../../../../../language/compile.ts';
import { nativeType, type SparkTypeName, sparkType } from '../../../../../language/dialects/spark/types.ts';
import { JUDGES_NOTHING } from '../../../../../language/source/judged-functions.ts';

const COLUMNS: readonly (readonly [string, SparkTypeName])[] = [
  ['id', 'long'],
  ['i', 'integer'],
  ['f', 'double'],
  ['t', 'string'],
  ['d', 'date'],
  ['at', 'timestamp'],
  ['b', 'boolean'],
];
const DECIMALS = [
  { name: 'n', type: nativeType(sparkType('decimal', { precision: 12, scale: 3 })) },
  { name: 'n38', type: nativeType(sparkType('decimal', { precision: 38, scale: 8 })) },
];

function planned(stages: string, more: readonly (readonly [string, SparkTypeName])[] = []): Plan {
  const columns = [
    ...[...COLUMNS, ...more].map(([name, type]) => ({ name, type: nativeType(sparkType(type)) })),
    ...DECIMALS,
  ];
  const request = {
    ...{ text: `select * from data | ${stages}`, parameters: {}, connection: 'lake' },
    ...{ dialects: { lake: 'spark' as const }, pushdown: 'auto' as const, throughWorker: false },
  };
  const first = planQuery({ ...request, answers: {} }, JUDGES_NOTHING);
  if (first.kind === 'plan') return first.plan;
  const answers = Object.fromEntries(
    first.asks.map(({ key }) => [key, { kind: 'source' as const, columns, parameterTypes: [] }]),
  );
  const second = planQuery({ ...request, answers }, JUDGES_NOTHING);
  if (second.kind !== 'plan') throw new Error(`asks again: ${stages}`);
  return second.plan;
}

/** Stages that run in Spark wholly, with a part of the statement. */
const PLACED: readonly (readonly [stages: string, sql: RegExp])[] = [
  ["where i > 3 and t like 'a%' and t <> 'b'", /LIKE 'a%'/],
  ["where t like 'a\\_b'", /LIKE 'a\\\\_b'/],
  ["where regexp_match(t, '^a.b$')", /RLIKE '\^a\[\^\\\\n\]b\\\\z'/],
  ['eval a = i + 1, b = id % 7, c = n * 2, e = -i | fields a, b, c, e', /nullif/],
  ["eval a = t || '!', b = length(t), c = substr(t, 2, 3), e = trim(t) | fields a, b, c, e", /char_length/],
  ['stats count() as n, sum(i) as s, avg(n) as a, min(t) as l, dc(t) as v by b', /count\(DISTINCT/],
  ['stats median(i) as m, p95(n) as p', /percentile\(CAST/],
  ['stats sum(id) where i > 3 as s', /FILTER \(WHERE/],
  ['stats count() as n by bin(at, 1h) as hour', /timestamp_micros/],
  ["eval y = year(d), w = week(at), m = date_trunc('month', at) | fields y, w, m", /date_trunc\('month'/],
  ['sort -i, t | head 3', /LIMIT CAST\(.* AS int\)$/],
  ['top 3 t', /count/],
  ['eventstats max(i) as most by b', /OVER \(PARTITION BY/],
  ['timechart at span=5m count() as n by t limit=3 fill=0', /explode\(CAST\(sequence\(/],
  ['fields t | distinct', /DISTINCT|GROUP BY/],
  ['stats count() as n', /count\(\*\)/],
];

/** Stages that run in a worker: Spark's value is another for some input. */
const NOT_PLACED: readonly (readonly [stages: string, differs: string, why: RegExp])[] = [
  ['stats sum(f) as s', 'rows have no order, on which the last digits depend', /`sum` is not exact in Spark/],
  ['stats avg(f) as s', 'the same', /`avg` is not exact in Spark/],
  ['stats median(f) as m', 'NaN and infinity are ordered otherwise', /`median` is not exact in Spark/],
  ['stats first(t) as x', 'any row may come first', /`first` is not exact in Spark/],
  ['stats stddev(f) as x', 'digits depend on the order of rows', /`stddev` is not exact in Spark/],
  ['eval x = lower(t)', "Java's rules for capitals", /`lower` is not exact in Spark/],
  ["where t ilike 'a%'", 'the same', /`ilike` is not exact in Spark/],
  ['eval x = reverse(t)', 'a letter and its accent change places', /`reverse` is not exact in Spark/],
  ["where t like 'a\\c'", 'a backslash before a letter fails', /`like` is not exact in Spark/],
  ['where t like t', 'a pattern of a column may end with its escape', /`like` is not exact in Spark/],
  [
    "where regexp_match(t, '\\bа')",
    'boundaries of words know Unicode in Java',
    /`regexp_match` is not exact in Spark/,
  ],
  ['eval x = floor(f)', 'a bigint in Spark', /`floor` is not exact in Spark/],
  ['eval x = round(f, 2)', 'halves are rounded by their digits', /`round` is not exact in Spark/],
  ['eval x = sqrt(f)', 'NaN where it fails', /`sqrt` is not exact in Spark/],
  ['eval x = f * f', 'infinite where it fails', /`\*` is not exact in Spark/],
  ['eval x = n38 * n38', 'digits behind the point are cut', /`\*` is not exact in Spark/],
  [
    'eval x = cast(t as int64)',
    'blanks and signs are read otherwise',
    /the cast from string to int64 is not exact/,
  ],
  ['eval x = cast(f as string)', 'another layout of digits', /the cast from float64 to string is not exact/],
  ['eval x = cast(f as int64)', 'cut off, not rounded', /the cast from float64 to int64 is not exact/],
  [
    'eval x = cast(n as int64)',
    'cut off, not rounded',
    /the cast from decimal\(12,3\) to int64 is not exact/,
  ],
  [
    'eval x = substr(t, -2, 1)',
    'before the first character it counts otherwise',
    /`substr` is not exact in Spark/,
  ],
  ['eval x = d + 1', 'years beyond 9999', /is not exact in Spark/],
  ["eval x = date_trunc('decade', at)", 'there is no such unit', /`date_trunc` is not exact in Spark/],
  [
    'stats count() as n by bin(at, 5mon) as b',
    'months are counted from another one',
    /`bin` is not exact in Spark/,
  ],
  ["eval x = strftime(at, '%Y')", 'other codes', /`strftime` is not exact in Spark/],
  ['eval x = 5m', 'intervals have no type that crosses', /values of type interval stay outside of Spark/],
  ['describe', 'was not tried', /`describe` was not shown to be exact in Spark/],
];

describe('stages in Spark', () => {
  for (const [stages, sql] of PLACED)
    it(`run there: ${stages}`, () => {
      const { worker, sources, stages: shown } = planned(stages);
      expect(shown.map(({ where, why }) => `${where}: ${why}`)).to.deep.equal(
        shown.map(() => 'source: exact in Spark'),
      );
      expect(worker).to.equal(null);
      expect(sources[0]!.sql).to.match(sql);
    });

  for (const [stages, differs, why] of NOT_PLACED)
    it(`do not: ${stages} (${differs})`, () => {
      const { stages: shown } = planned(stages);
      const left = shown.find(({ where }) => where === 'worker');
      expect(left?.why).to.match(why);
    });

  it('run up to the first that does not', () => {
    const { stages, sources } = planned('where i > 3 | eval x = upper(t) | stats count() as n by x');
    expect(stages.map(({ where }) => where)).to.deep.equal(['source', 'worker', 'worker']);
    expect(sources[0]!.sql).to.match(/WHERE \(CAST\(`source`\.`i` AS bigint\) > /);
  });

  it('are none over columns that Spark widens or has no type of ours for, and none around an order', () => {
    expect(planned('where i > 3', [['float', 'float']]).stages[0]!.why).to.equal(
      '`float`: Spark widens a float to other digits',
    );
    expect(planned('where i > 3', [['s', 'struct']]).stages[0]!.why).to.equal(
      '`s`: values of type struct stay outside of Spark',
    );
  });

  it('count rows of which they use no column', () => {
    const { sources } = planned("eval x = upper('a') | stats first(x) as x");
    expect(sources[0]!.sql).to.match(/1 as `row`/i);
  });
});
