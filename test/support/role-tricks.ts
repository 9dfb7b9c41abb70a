/**
 * Statements that try to step out of the login of a role in free SQL: every way in which PostgreSQL can change who asks, or ask
 * as somebody else. `OTHER` stands for the login of the other role. Each may be refused or answered; no answer may have a row
 * that the login's own row-level security hides.
 */
const CHANGES = [
  'set role OTHER',
  "set role 'OTHER'",
  'set local role OTHER',
  'set session authorization OTHER',
  "set session authorization 'OTHER'",
  'reset role',
  'reset session authorization',
  'reset all',
  'discard all',
  'set row_security = off',
  'alter role current_user bypassrls',
  'grant OTHER to current_user',
  "do $$ begin execute 'set role OTHER'; end $$",
  'begin; set role OTHER; table secrets',
  'commit; set role OTHER; table secrets',
  'rollback; reset session authorization; table secrets',
  'explain analyze table secrets',
  'create temp table stolen as table secrets',
  'copy secrets to stdout',
  "copy (table secrets) to program 'cat'",
  'select * into stolen from secrets',
  'prepare p as table secrets',
  'declare c cursor for table secrets',
  'listen secrets',
  'lock table secrets',
  'create function pg_temp.f() returns text language sql security definer as $$ select note from secrets $$',
];

const READS = [
  'table secrets',
  'select * from secrets',
  'select * from only secrets',
  "select * from secrets where note like '%'",
  "select * from secrets where set_config('role', 'OTHER', false) is not null",
  "select set_config('role', 'OTHER', true) as note union all select note from secrets",
  "with x as materialized (select set_config('role', 'OTHER', false)) select note from secrets, x",
  "select set_config('session_authorization', 'OTHER', false), note from secrets",
  "select set_config('row_security', 'off', false), note from secrets",
  "select pg_catalog.set_config('role', 'OTHER', false), note from secrets",
  `select U&"set\\005fconfig"('role', 'OTHER', false), note from secrets`,
  "select ('role'::text).set_config as note from secrets",
  "select query_to_xml('table secrets', true, true, '')::text as note",
  "select table_to_xml('secrets', true, true, '')::text as note",
  "select schema_to_xml('public', true, true, '')::text as note",
  "select cursor_to_xml('c', 1, true, true, '')::text as note",
  "select (ts_stat('select to_tsvector(note) from secrets')).word as note",
  "select * from dblink('dbname=test user=OTHER', 'table secrets') as t(owner text, note text)",
  "select lo_import('/etc/passwd')::text as note",
  "select pg_read_file('base/1/1259') as note",
  'select note from secrets_of_owner',
  'select leaky(note) as note from secrets',
  'select note from secrets where leaky(note) is not null',
  "select case when note like 'of the other%' then (note::int)::text else note end as note from secrets",
  "select case when note like '%' then 1 / (length(note) - length(note)) end as note from secrets",
  'select s.note from secrets s tablesample system (100)',
  "select most_common_vals::text as note from pg_stats where tablename = 'secrets'",
  "select stavalues1::text as note from pg_statistic where starelid = 'secrets'::regclass",
  'select query as note from pg_stat_activity',
  'select passwd as note from pg_shadow',
  'select rolpassword as note from pg_authid',
  'select current_user::text as note, (select string_agg(note, $1) from secrets)',
  'select max(note) as note from secrets group by grouping sets ((), (owner))',
  'select note from secrets for update',
  'select array_agg(secrets.*)::text as note from secrets',
  'select to_jsonb(secrets)::text as note from secrets',
];

/** The statements against the other login. */
export function roleTricks(other: string): readonly string[] {
  return [...CHANGES, ...READS].map((sql) => sql.replaceAll('OTHER', other));
}
