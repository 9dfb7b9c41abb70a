import { expect } from 'chai';
import { QueryError } from '../../../workers/errors.ts';
import { guardSql } from '../../../workers/sql/guard.ts';

function refusal(sql: string): QueryError | null {
  try {
    guardSql(sql);
    return null;
  } catch (thrown) {
    if (thrown instanceof QueryError) return thrown;
    throw thrown;
  }
}

describe('guard', () => {
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
  ])
    it(`lets through: ${sql.slice(0, 60)}`, () => expect(refusal(sql)).to.equal(null));

  for (const [sql, name, position] of [
    ["select pg_read_file('/etc/passwd')", 'pg_read_file', 8],
    ["select PG_CATALOG.Pg_Read_File /* x */ ('a')", 'pg_read_file', 19],
    [`select "pg_read_file"('a')`, 'pg_read_file', 8],
    ["select '😀', lo_import('x')", 'lo_import', 13],
    ["select * from dblink('x', 'y') as t(a int)", 'dblink', 15],
    ["select set_config('statement_timeout', '0', false)", 'set_config', 8],
    ['select pg_advisory_lock(1)', 'pg_advisory_lock', 8],
    ['select pg_try_advisory_lock_shared(1)', 'pg_try_advisory_lock_shared', 8],
    ["select query_to_xml('delete from t', true, true, '')", 'query_to_xml', 8],
    ['select pg_terminate_backend(1)', 'pg_terminate_backend', 8],
    // Seen as '\' then code, if one forgets that the piece after the line break is still an escape string.
    ["select E'a'\n'\\'x', pg_ls_dir('.') as \"'\"", 'pg_ls_dir', 20],
    ["select 1pg_ls_dir('.')", 'pg_ls_dir', 9],
    ["select '\\', pg_ls_dir('.')", 'pg_ls_dir', 13],
  ] as const)
    it(`refuses ${name} in: ${sql.slice(0, 60)}`, () => {
      const error = refusal(sql);
      expect(error?.code).to.equal('read-only');
      expect(error?.message).to.include(`${name}()`);
      expect(error?.details.sqlPosition).to.equal(position);
    });

  it('refuses names in unicode escapes, which could hide any of them', () => {
    expect(refusal(`select U&"pg\\005fread_file"('x')`)?.code).to.equal('read-only');
    expect(refusal(`select U&'d\\0061t'`)).to.equal(null);
  });

  for (const sql of [
    'DELETE FROM t',
    'set a = 1',
    'do $$ begin end $$',
    'prepare a as select 1',
    'commit',
    'copy t to stdout',
  ])
    it(`refuses the command: ${sql}`, () => expect(refusal(sql)?.code).to.equal('read-only'));

  it('tells a mistake in writing from a command', () => {
    expect(refusal('selct 1')).to.include({ code: 'sql-syntax', message: 'syntax error at or near "selct"' });
    expect(refusal(' ; select 1')?.code).to.equal('empty-query');
    expect(refusal('select 1 \0')?.details.sqlPosition).to.equal(10);
  });

  it('reads a megabyte of the worst text in linear time', () => {
    const worst = [
      `select E'a' ${'-- '.repeat(300_000)}`,
      `select ${'/*'.repeat(400_000)}`,
      `select ${'$a$ '.repeat(200_000)}`,
    ];
    for (const sql of worst) guardSql(sql); // mocha's own timeout is the assertion
  });
});
