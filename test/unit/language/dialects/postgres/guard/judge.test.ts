import { expect } from 'chai';
import { QueryError } from '../../../../../../core/protocol/errors.ts';
import type { JudgedSql } from '../../../../../../language/dialects/judge.ts';
import { loadGrammar } from '../../../../../../language/dialects/postgres/guard/grammar.ts';
import { judgeSql } from '../../../../../../language/dialects/postgres/guard/judge.ts';
import {
  MAX_CHAIN,
  MAX_OPERATOR_CHARACTERS,
} from '../../../../../../language/dialects/postgres/guard/limits.ts';

function refusal(sql: string, allowed: readonly string[] = []): QueryError | null {
  try {
    judgeSql(sql, allowed);
    return null;
  } catch (thrown) {
    if (thrown instanceof QueryError) return thrown;
    throw thrown;
  }
}

/** `how schema.name`, with `?` where PostgreSQL's own list does not know the name. */
function inQuestion({ functions }: JudgedSql): string[] {
  return functions.map(({ as, schema, name, known }) => {
    const full = schema === null ? name : `${schema}.${name}`;
    return `${as} ${full}${known ? '' : '?'}`;
  });
}

describe('guard', () => {
  before(loadGrammar);

  for (const sql of [
    'select 1',
    '  -- note\n/* a /* nested */ one */ (SELECT 1)',
    'with a as (select 1) table a',
    "select 'pg_read_file(1)', $$ pg_read_file(1) $$, $t$ set_config('a') $t$ -- pg_read_file(1)",
    "select E'it\\'s pg_read_file(1)'",
    'select pg_read_file from t', // a column of that name
    'select "select" from "pg_ls_dir"',
    "select e'a'\n'\\' set_config(1) '", // the continuation of an escape string
    'select a$b$ from t where pg_size_pretty(1) is not null',
    'select (t).f, t.x, (t.x).y[1].z, (array[t])[1].f, $1.f from t',
    'select t.http_status, t.be_location, t.lo_total, t.date_in, t.crosstab from t',
    'values (1), (2)',
    'show all',
    'explain select 1',
    'explain (analyze, verbose) with a as (select 1) select * from a',
    'select random(), clock_timestamp(), gen_random_uuid(), pg_sleep(1), current_user, extract(year from now())',
    'select sum(a) over (partition by b), percentile_cont(0.5) within group (order by a) from t',
    "select * from t tablesample bernoulli (1), xmltable('a' passing b columns c int), rows from (generate_series(1, 2))",
    "select overlay('a' placing 'b' from 1), position('a' in 'b'), a at time zone 'x', a at local, collation for (a) from t",
  ])
    it(`lets through: ${sql.slice(0, 60)}`, () => expect(refusal(sql)).to.equal(null));

  for (const [sql, name, position] of [
    ["select pg_read_file('/etc/passwd')", 'pg_read_file', 8],
    ["select PG_CATALOG.Pg_Read_File /* x */ ('a')", 'pg_read_file', 8],
    [`select "pg_read_file"('a')`, 'pg_read_file', 8],
    [`select U&"pg\\005fread_file"('x')`, 'pg_read_file', 8],
    [`select U&"pg!005fread_file" uescape '!' ('x')`, 'pg_read_file', 8],
    ["select '😀', lo_import('x')", 'lo_import', 13],
    ["select 'é', \"ü\", lo_import('x')", 'lo_import', 18],
    ["select * from dblink('x', 'y') as t(a int)", 'dblink', 15],
    ["select set_config('statement_timeout', '0', false)", 'set_config', 8],
    ['select pg_advisory_lock(1)', 'pg_advisory_lock', 8],
    ['select pg_try_advisory_lock_shared(1)', 'pg_try_advisory_lock_shared', 8],
    ["select query_to_xml('delete from t', true, true, '')", 'query_to_xml', 8],
    ["select database_to_xml(true, true, '')", 'database_to_xml', 8],
    ["select * from crosstab('select 1') as c(a int)", 'crosstab', 15],
    ['select pg_terminate_backend(1)', 'pg_terminate_backend', 8],
    ["select nextval('s')", 'nextval', 8],
    ['select txid_current()', 'txid_current', 8],
    // Seen as '\\' then code, if one forgets that the piece after the line break is still an escape string.
    ["select E'a'\n'\\'x', pg_ls_dir('.') as \"'\"", 'pg_ls_dir', 20],
    ["select '\\', pg_ls_dir('.')", 'pg_ls_dir', 13],
    // f(x) is written in many places.
    ['select 1 order by pg_notify(a, b)', 'pg_notify', 19],
    ['select count(*) filter (where pg_advisory_lock(1) is null) from t', 'pg_advisory_lock', 31],
    ['select 1 limit (select setseed(0.5)::text::int)', 'setseed', 24],
    ['select * from t, lateral pg_ls_dir(t.a)', 'pg_ls_dir', 26],
    ["select * from rows from (generate_series(1, 2), pg_ls_dir('.')) as x", 'pg_ls_dir', 49],
    ['with a as materialized (select setseed(1)) select 1', 'setseed', 32],
    ['select array[setseed(1)::text], (select row(setseed(1)))', 'setseed', 14],
    ['select case when setseed(1) is null then 1 end', 'setseed', 18],
    ["select json_object('a' : setseed(1)::text)", 'setseed', 26],
    ["select * from json_table('[]', '$' columns (a int default nextval('s') on empty)) x", 'nextval', 59],
    ["select pg_read_file(filename => 'a')", 'pg_read_file', 8],
    ["select pg_read_file(variadic array['a'])", 'pg_read_file', 8],
    ['explain select setseed(1)', 'setseed', 16],
    ['explain analyze select setseed(1)', 'setseed', 24],
    ['table t union all select setseed(1)', 'setseed', 26],
    ['values (setseed(1))', 'setseed', 9],
    // Attribute notation is a call as well.
    ['select (pid).pg_terminate_backend from pg_stat_activity', 'pg_terminate_backend', 9],
    ["select ('select 1'::text).ts_stat", 'ts_stat', 9],
    ['select (0.5::float8).setseed', 'setseed', 9],
    ['select (1::bigint).pg_advisory_lock', 'pg_advisory_lock', 9],
    ['select (1::bigint)."pg_advisory_lock"', 'pg_advisory_lock', 9],
    [`select (1::bigint).U&"pg\\005fadvisory_lock"`, 'pg_advisory_lock', 9],
    ['select (array[1::bigint])[1].pg_advisory_lock', 'pg_advisory_lock', 9],
    ['select $1.pg_advisory_lock', 'pg_advisory_lock', 8],
    ['select $1 /* a */ . -- b\n pg_advisory_lock', 'pg_advisory_lock', 8],
    ['select g.pg_advisory_lock from generate_series(1::bigint, 2) g', 'pg_advisory_lock', 8],
    ['select (t.x).y.pg_read_file from t', 'pg_read_file', 9],
    ['select (select $1).lo_unlink', 'lo_unlink', 8],
    ["select (('x'::text).upper).pg_start_backup", 'pg_start_backup', 10],
    ["select pg_catalog.lower('a').x.y, ('f'::text).pg_read_file", 'pg_read_file', null],
  ] as const)
    it(`refuses ${name} in: ${sql.slice(0, 60)}`, () => {
      const error = refusal(sql);
      if (position === null) {
        expect(error?.code).to.equal('sql-syntax'); // no indirection behind a call without brackets
        return;
      }
      expect(error?.code).to.equal('read-only');
      expect(error?.message).to.include(`${name}()`);
      expect(error?.details.sqlPosition).to.equal(position);
    });

  for (const [sql, said] of [
    ['DELETE FROM t', 'DELETE'],
    ['set a = 1', 'SET'],
    ['do $$ begin end $$', 'DO'],
    ['prepare a as select 1', 'PREPARE'],
    ['commit', 'COMMIT'],
    ['copy t to stdout', 'COPY'],
    ['select 1 into t', 'SELECT INTO'],
    ['select 1 union select 2 into t', 'SELECT INTO'],
    ['with a as (delete from t returning 1) select * from a', 'DELETE'],
    ['with a as (with b as (insert into t values (1) returning 1) select * from b) select 1', 'INSERT'],
    ['select * from (select * from t for update) x', 'FOR UPDATE'],
    ['select * from t for no key update nowait', 'FOR UPDATE'],
    ['(select 1 from t for share) union select 2', 'FOR UPDATE'],
    ['with a as (merge into t using u on true when matched then do nothing returning 1) select 1', 'MERGE'],
    ['explain analyze select 1 into t', 'SELECT INTO'],
    ['explain (analyze) create table t as select 1', 'EXPLAIN of CREATE TABLE AS'],
    ['explain analyze create materialized view t as select 1', 'EXPLAIN of CREATE TABLE AS'],
    ['explain analyze execute p', 'EXPLAIN of EXECUTE'],
    ['explain declare c cursor for select 1', 'EXPLAIN of DECLARE CURSOR'],
    ['explain analyze delete from t', 'EXPLAIN of DELETE'],
    ['explain refresh materialized view t', 'EXPLAIN of REFRESH MATERIALIZED VIEW'],
    ['explain select * from t for update', 'FOR UPDATE'],
    ['select (select 1 from (table t for key share) x)', 'FOR UPDATE'],
  ] as const)
    it(`refuses the statement: ${sql}`, () => {
      const error = refusal(sql);
      expect(error?.code).to.equal('read-only');
      expect(error?.message).to.include(said);
      expect(error?.details.sqlPosition).to.be.above(0);
    });

  for (const [sql, functions] of [
    ['select 1', []],
    ['select lower(a), pg_catalog.upper(a) from t', ['call lower']],
    [
      'select billing.total(a), total(a), "To tal"(a) from t',
      ['call billing.total?', 'call total?', 'call To tal?'],
    ],
    ['select t.total, (t.x).total, s.t.name from t', ['row total?', 'row x?', 'value total?', 'row name']],
    ['select g.total from f() g', ['value total?', 'call f?']],
    ['select f.total from f()', ['value total?', 'call f?']],
    ['select x.total from t x, current_date', ['value total?']],
    ['select shop.pg_catalog.lower(a), shop.billing.total(a) from t', ['call billing.total?']],
    ['select * from t tablesample system_rows (10)', ['call system_rows?']],
    [
      'select pg_new_function(1), pg_catalog.pg_new_function(1)',
      ['call pg_new_function?', 'call pg_catalog.pg_new_function?'],
    ],
  ] as const)
    it(`asks the catalogue about ${functions.length} functions of: ${sql}`, () =>
      expect(inQuestion(judgeSql(sql, []))).to.have.members(functions));

  it('lets the configuration allow a function of a name that is refused as an extension’s, by its schema', () => {
    const allowed = ['web.http_get'];
    expect(refusal('select http_get(1)', allowed)).to.equal(null);
    expect(refusal('select web.http_get(1)', allowed)).to.equal(null);
    expect(refusal('select ext.http_get(1)', allowed)?.code).to.equal('read-only');
    expect(refusal('select set_config(1)', ['web.set_config'])?.code).to.equal('read-only');
    expect(refusal('select web.set_config(1)', ['web.set_config'])).to.equal(null);
  });

  it('tells mistakes in the words of the database, at their place', () => {
    for (const [sql, message, position] of [
      ['selct 1', 'syntax error at or near "selct"', 1],
      ["select '😀' form x", 'syntax error at or near "x"', 17],
      ['select 1 limit 1, 2', 'LIMIT #,# syntax is not supported', 10],
      ["select 'a", 'unterminated quoted string at or near "\'a"', 8],
      ['select', null, null],
      ['select (', 'syntax error at end of input', 9],
    ] as const) {
      const error = refusal(sql);
      expect([error?.message ?? null, error?.details.sqlPosition ?? null]).to.deep.equal([message, position]);
      if (error !== null) expect(error).to.include({ code: 'sql-syntax' });
    }
    expect(refusal(' ; ; -- c')?.code).to.equal('empty-query');
    expect(refusal('')?.code).to.equal('empty-query');
    expect(refusal('select 1 \0')?.details.sqlPosition).to.equal(10);
    expect(refusal('select 1; select 2')).to.include({ code: 'multiple-statements' });
    expect(refusal('select 1; select 2')?.details.sqlPosition).to.equal(18);
    expect(refusal('select 1;;')).to.equal(null);
  });

  it('knows which statements can feed stages', () => {
    const copyable = ['select 1', 'values (1)', 'table t', 'with a as (select 1) select 1', '(select 1)'];
    for (const sql of copyable) expect(judgeSql(sql, []).copyable, sql).to.equal(true);
    for (const sql of ['show all', 'explain select 1'])
      expect(judgeSql(sql, []).copyable, sql).to.equal(false);
  });

  it('refuses what would overrun its parser, and reads a megabyte of other texts', function () {
    this.timeout(60_000);
    const comments = ['/*'.repeat(20_000), '/**/'.repeat(200_000)];
    for (const text of comments) expect(refusal(`select ${text}`)?.code).to.equal('nesting-too-deep');
    const operators = ['+'.repeat(MAX_OPERATOR_CHARACTERS + 1), '+-'.repeat(100_000).replaceAll('--', '')];
    for (const text of operators) expect(refusal(`select ${text} 1`)?.message).to.equal('operator too long');
    const link = MAX_CHAIN + 1;
    for (const text of [
      `select ${'1+'.repeat(link)}1`,
      `select 1${'::int'.repeat(link)}`,
      `select 1${' union select 1'.repeat(link)}`,
      `select a${'[1]'.repeat(link)}`,
      `select (a)${'.b'.repeat(link)}`,
      `select 1${' is null'.repeat(link)}`,
    ])
      expect(refusal(text)?.code, text.slice(0, 30)).to.equal('nesting-too-deep');
    for (const text of [
      `select * from t where id in (${'-123456, '.repeat(80_000)}1)`,
      `select 1 where ${'a = 1 or '.repeat(80_000)}true`,
      `select '${'/*+-'.repeat(200_000)}' -- ${'-'.repeat(100_000)}`,
      `values ${"(1, 'a' || 'b'), ".repeat(40_000)}(1, '')`,
    ])
      expect(refusal(text)).to.equal(null);
  });
});
