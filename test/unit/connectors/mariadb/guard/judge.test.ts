import { expect } from 'chai';
import { judgeSql } from '../../../../../connectors/mariadb/guard/judge.ts';
import { QueryError } from '../../../../../core/protocol/errors.ts';

function refusal(sql: string, allowed: readonly string[] = []): string | null {
  try {
    judgeSql(sql, allowed);
    return null;
  } catch (thrown) {
    if (!(thrown instanceof QueryError)) throw thrown;
    return `${thrown.code} ${thrown.details.sqlPosition ?? '-'}`;
  }
}

const PASSES = [
  'select 1',
  '(select 1) union (select 2)',
  'select count(*), sum(x), `a`.`b` from t where x in (1, 2) and (y) group by (z)',
  'select \'into outfile\', "sleep(1)" from t -- sleep(1)\n',
  'select replace(a, 1, 2), insert(a, 1, 1, 2), t.`into`, t.update from t',
  'with recursive c (n) as (select 1 union all select n + 1 from c where n < 9) select * from c',
  'with a (x, y) as (select 1, 2), b (z) as (select 3) select * from a, b',
  'select @@version, @@session.sql_mode',
  'select date_add(d, interval (1 + 1) day), cast(x as decimal(10, 2)), if(a, b, c) from t',
  'select row_number() over (partition by a order by b), t.a from t use index (i) where exists (select 1)',
  "select json_value(j, '$.a'), st_astext(g), convert(x using utf8mb4) from t",
  'show tables',
  'show full columns from t',
  'show create procedure p',
  'explain select 1',
  'explain format=json select 1',
  'desc t',
  'values (1, 2)',
  "select 'it\\'s', 'a''b' from t",
  'select 1;',
  "select 'a\\' , sleep(1) -- '",
];

const REFUSED: readonly (readonly [string, string])[] = [
  ['', 'empty-query 1'],
  ['/* nothing */', 'empty-query 1'],
  ['insert into t values (1)', 'read-only 1'],
  ['set @a = 1', 'read-only 1'],
  ['do sleep(1)', 'read-only 1'],
  ['call p()', 'read-only 1'],
  ['with a as (select 1) delete from t', 'read-only 22'],
  ['select 1; drop table t', 'multiple-statements 11'],
  ['select 1 INTO OUTFILE "/tmp/x"', 'read-only 10'],
  ['select a from t into dumpfile "/tmp/x"', 'read-only 17'],
  ['select @a', 'read-only 8'],
  ['select @`a`', 'read-only 8'],
  ['select @ a', 'read-only 8'],
  ['select a:=1', 'read-only 9'],
  ['select SLEEP(1)', 'read-only 8'],
  ['select sleep /* a */ (1)', 'read-only 8'],
  ['select `sleep`(1)', 'read-only 8'],
  ['select benchmark(1, 2)', 'read-only 8'],
  ['select last_insert_id(5)', 'read-only 8'],
  ['select nextval(s)', 'read-only 8'],
  ['select previous value for s', 'read-only 8'],
  ['select my_function(1)', 'read-only 8'],
  ['select db.my_function(1)', 'read-only 11'],
  ['select db.count(1)', 'read-only 11'],
  ['select count (x) from t', 'read-only 8'],
  ['select 1 from t for update', 'read-only 17'],
  ['select 1 from t for share', 'read-only 17'],
  ['select 1 from t lock in share mode', 'read-only 17'],
  ['select /*!50000 1 */', 'read-only 8'],
  ['select /*M!100100 1 */', 'read-only 8'],
  ['select 1 /* open', 'sql-syntax 10'],
  ["select 'open", 'sql-syntax 8'],
  ['select --1 as a, sleep(1)', 'read-only 18'],
  ['show processlist', 'read-only 6'],
  ['show full processlist', 'read-only 6'],
  ['show grants', 'read-only 6'],
  ['show master status', 'read-only 6'],
  ['explain update t set a = 1', 'read-only 9'],
  ['explain for connection 5', 'read-only 9'],
  ['analyze select 1', 'read-only 1'],
  ['handler t open', 'read-only 1'],
  ['select * from t procedure analyse()', 'read-only 17'],
];

describe('the guard of MariaDB', () => {
  for (const sql of PASSES) it(`lets pass: ${sql}`, () => expect(refusal(sql)).to.equal(null));
  for (const [sql, why] of REFUSED) it(`refuses: ${sql}`, () => expect(refusal(sql)).to.equal(why));

  it('lets functions pass that the configuration allows', () => {
    expect(refusal('select net(1), `shop`.net(2)', ['Shop.Net'])).to.equal(null);
    expect(refusal('select other.net(1)', ['shop.net'])).to.equal('read-only 14');
    expect(refusal('select sleep(1)', ['shop.sleep'])).to.equal('read-only 8');
  });
});
