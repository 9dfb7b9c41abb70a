import { expect } from 'chai';
import { QueryError } from '../../../../../core/protocol/errors.ts';
import { SPARK_JUDGE } from '../../../../../language/dialects/spark/judge.ts';

function verdict(sql: string): string {
  try {
    SPARK_JUDGE.judge(sql, []);
    return 'passes';
  } catch (thrown) {
    if (!(thrown instanceof QueryError)) throw thrown;
    return `${thrown.code} at ${thrown.details.sqlPosition}`;
  }
}

const J = "('java.lang.Math','abs',1)";

describe("Spark's judge", () => {
  const passing = [
    'select 1',
    'with a as (select 1) select * from a;',
    'from range(3) |> where id > 1',
    'values 1, 2',
    'table flights',
    '(select 1) union (select 2)',
    'select * from a join b using (id)',
    'select `using` from t',
    'select \'reflect(1)\', "reflect(1)" from t -- reflect(1)',
    'select reflect from t',
    'select /*+ broadcast(t) */ * from t',
    'select /* a comment */ 1 /* and another */',
    "select r'\\' as a, '\\'' as b, 'it''s' as c",
    "select '$', '{', $1 from t",
    "select '한글 ſ', 'ı' as ı from t",
  ];
  for (const sql of passing) it(`lets pass: ${sql}`, () => expect(verdict(sql)).to.equal('passes'));

  // Most of these ran on Spark 4.2 as more than a query; the others follow from its grammar (docs/decisions/0063).
  const refused: readonly (readonly [string, string])[] = [
    ['', 'empty-query at 1'],
    [' ; ', 'empty-query at 1'],
    ['drop table x', 'read-only at 1'],
    ['`select` 1', 'read-only at 1'],
    ['select 1; drop table x', 'multiple-statements at 9'],
    [`select reflect${J}`, 'read-only at 8'],
    [`select REFLECT /* x */ ${J}`, 'read-only at 8'],
    [`select \`java_method\`${J}`, 'read-only at 8'],
    [`select system.builtin.try_reflect${J}`, 'read-only at 23'],
    [`select reflect\u00a0${J}`, 'read-only at 8'],
    [`select identifier('ref' || 'lect')${J}`, 'read-only at 8'],
    [`select ıdentıfıer('reflect')${J}`, 'read-only at 8'],
    [`select re\${spark.none}flect${J}`, 'read-only at 10'],
    [`select '$\{env:HOME}'`, 'read-only at 9'],
    [`select 1 -- $\{env:HOME}`, 'read-only at 13'],
    ["select transform(a) using 'cat' from t", 'read-only at 21'],
    ["select transform(a) using r'cat' from t", 'read-only at 21'],
    ['select transform(a) using $1 from t', 'read-only at 21'],
    ["select transform(a) uſing 'cat' from t", 'read-only at 21'],
    ["select transform(a) usıng 'cat' from t", 'read-only at 21'],
    ["from t map a using 'cat'", 'read-only at 14'],
    [`select /*+ a('*/') */ reflect${J}, '1'`, 'read-only at 23'],
    [`select /* /*+ */ reflect${J} /* */ -- */`, 'sql-syntax at 8'],
    ['select 1 /* /* */ */', 'sql-syntax at 10'],
    [`select 1 -- x\r, reflect${J}\n, 2`, 'read-only at 17'],
    ["select 'open", 'sql-syntax at 8'],
    ['select `open', 'sql-syntax at 8'],
    ['select 1 /* open', 'sql-syntax at 10'],
    ['select 1) t, (select 2', 'sql-syntax at 9'],
    ['select (1', 'sql-syntax at 8'],
    ['select 😀 from t; select 2', 'multiple-statements at 16'],
  ];
  for (const [sql, wanted] of refused)
    it(`refuses: ${JSON.stringify(sql)}`, () => expect(verdict(sql)).to.equal(wanted));
});
