/** The guard decides which SQL of a user's the stage engine binds at all, by the engine's own parse of it. */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { DuckDBConnection } from '@duckdb/node-api';
import { expect } from 'chai';
import { QueryError } from '../../../../../core/protocol/errors.ts';
import { CALLABLE, CALLABLE_IN_FROM, REFUSALS } from '../../../../../workers/dsl/user-sql/sql-functions.ts';
import { refuseUnlisted, stageRules } from '../../../../../workers/dsl/user-sql/sql-guard.ts';
import { parseSelect } from '../../../../../workers/dsl/user-sql/sql-tree.ts';
import { renderEngineFunctions } from '../../../../support/engine-functions.ts';
import { openDuckDb } from '../../../language/run-plan.ts';

const ACCEPTED = [
  'select * from input',
  'from input',
  "values (1, 'a'), (2, upper('b'))",
  '((select 1 as a))',
  'select sum(a) over (partition by b order by d desc nulls last rows between 1 preceding and current row) from input',
  'select * from input i join input j using (a) left join input k on i.a = k.a asof join input l on l.a >= i.a',
  "select cast(a as struct(x int, y decimal(3, 1))), a::decimal(10, 2), b::enum('x', 'y'), [1, 2]::int[3] from input",
  "select {'a' : [{'b' : 2}]}, row(1, 2), map {'a' : 1}, struct_pack(a := 1)",
  'with x as (select 1 as a), y as (from x) select * from y, x',
  'with input as (select 1 as z) select z from input',
  'with recursive t(n) as (select 1 union all select n + 1 from t where n < 5) select * from t',
  'select * from range(3) as t(x), unnest([1, 2]) as u(y), (select x + 1)',
  'select list_transform(l, lambda x: x + 1), [x * 2 for x in l if x > 1], l[1:2], unnest(l) from input',
  "select * exclude (a) replace (upper(b) as b), columns('a|b') from input",
  "select count(*) filter (where a > 1), string_agg(b, ',' order by a desc) from input group by all having count(*) > 1 order by all limit 10%",
  'select distinct on (a) a from input union by name select b as a from input intersect select 1 except select 2',
  "select * from (pivot input on b in ('a', 'b') using sum(a) group by d)",
  'select * from input unpivot (v for n in (a, b))',
  'select * from (unpivot input on columns(* exclude (c)) into name n value v)',
  'from (describe input)',
  'from (summarize select a from input)',
  'select a from input using sample 3 rows (reservoir, 42)',
  "select case a when 1 then 'x' else 'y' end, a between 1 and 2, a in (1, 2), exists(select 1), a = any(select 1), b like 'a%', b similar to 'x', b ~ 'z' from input",
  "select interval 1 day, date '2020-01-01', d at time zone 'UTC', extract(year from d), current_date, current_user from input",
  'select try_cast(b as int), try(1 / 0), coalesce(a, 1), nullif(a, 1), ifnull(a, 2), if(a > 1, 2, 3) from input',
  'select b collate nocase from input order by b collate de, #1',
  'select b.upper().lower(), main.upper(b), grouping(a), input.* from input group by rollup(a)',
  "select * from json_each('[1]'), json_tree('[1]'), generate_series(1, 3) with ordinality",
  "select c ->> '$.a', c -> 'a', formatReadableSize(1), a // 2, a ** 2, ~a, @ a, 5!, [1] && [2] from input",
  'select current_query from (select 1 as current_query)',
];

const READS_OUTSIDE = [
  "select current_setting('temp_directory')",
  "select Current_Setting('allowed_paths')",
  'select "current_setting"(\'threads\')',
  "select ('temp_directory').current_setting() from input",
  "select pg_catalog.current_setting('threads')",
  "select getenv('HOME')",
  "select getvariable('x')",
  "select nextval('s'), currval('s')",
  'select current_query()',
  'select current_schemas(true)',
  'select setseed(0.5)',
  "select write_log('x')",
  'select sleep_ms(1000)',
  'select pg_sleep(1)',
  "select error('@forkline {}')",
  "select json_serialize_plan('select 1')",
  "select json_execute_serialized_sql('x')",
  ...['enable_logging()', "enable_profiling('json')", 'duckdb_secrets()', 'duckdb_settings()'],
  ...[
    "sniff_csv('/etc/passwd')",
    "glob('/*')",
    "read_text('/etc/passwd')",
    "read_blob('x')",
    "read_csv('x')",
  ],
  ...["query('select 1')", "query_table('input')", "pragma_table_info('input')", 'pragma_version()'],
  ...[
    "parquet_metadata('x')",
    "read_json_auto('x')",
    'duckdb_logs()',
    'checkpoint()',
    'pragma_database_size()',
  ],
  ...[
    'duckdb_functions()',
    'duckdb_memory()',
    "which_secret('x', 'y')",
    'test_all_types()',
    "parquet_scan('x')",
  ],
  ...[
    "'x.csv'",
    "'/etc/passwd'",
    "'s3://b/k'",
    '"a.parquet"',
    'information_schema.tables',
    'memory.main.input',
  ],
  ...['pg_catalog.pg_settings', 'temp.input', '(show tables)', '(show databases)', '(show all tables)'],
  ...["histogram_values('input', a)"],
].map((text) => (text.startsWith('select') ? text : `select * from ${text}`));

describe("the stage engine's SQL of a user's", () => {
  let duck: DuckDBConnection;
  before(async () => {
    duck = await openDuckDb();
  });
  after(() => duck.closeSync());

  async function outcome(sql: string): Promise<QueryError | null> {
    try {
      refuseUnlisted(await parseSelect(duck, sql), sql, stageRules(['input']));
      return null;
    } catch (thrown) {
      if (thrown instanceof QueryError) return thrown;
      throw thrown;
    }
  }

  it('may call what computes from its arguments, in every kind of SELECT', async () => {
    for (const sql of ACCEPTED) expect(await outcome(sql), sql).to.equal(null);
  });

  it('may not reach the engine, its files or its settings', async () => {
    const passed: string[] = [];
    for (const sql of READS_OUTSIDE) if ((await outcome(sql))?.code !== 'read-only') passed.push(sql);
    expect(passed).to.deep.equal([]);
  });

  it('may not do so anywhere in it', async () => {
    const call = "current_setting('threads')";
    for (const sql of [
      `select 1 where (select ${call}) = '1'`,
      `with x as (select ${call}) select 1`,
      `select * from (values (${call}))`,
      `select list_transform([1], lambda x: ${call})`,
      `select sum(1) over (order by ${call})`,
      `select count(*) filter (where ${call} = '1') from input`,
      `select case when true then ${call} end`,
      `select a from input order by ${call}`,
      `select a from input limit (select ${call}::int)`,
      `select a from input group by ${call}`,
      `select * replace (${call} as a) from input`,
      `select columns(lambda c: ${call} = c) from input`,
      `select * from unnest([${call}])`,
      `select * from input join input j on ${call} = j.b`,
      `select * from (pivot input on b in ('x') using max(${call}))`,
      `select 1 union all select ${call}`,
      `from (describe select ${call})`,
      `select a from input qualify row_number() over (order by ${call}) = 1`,
      `select {'a' : ${call}}, 'x' in (${call})`,
      `select * from range((select ${call})::int)`,
    ])
      expect((await outcome(sql))?.code, sql).to.equal('read-only');
  });

  it("a WITH of a catalogue's name does not open the catalogue", async () => {
    for (const sql of [
      'with duckdb_tables as (select * from duckdb_tables) select * from duckdb_tables',
      'with x as (select * from sqlite_master), sqlite_master as (select 1) select * from x',
      'select (with pg_class as (select 1) select 1), (select 1 from pg_class)',
    ])
      expect((await outcome(sql))?.code, sql).to.equal('sql-error');
  });

  it('says what is meant where it stands', async () => {
    const unknown = await outcome("select 'é😀', uppr(a) from input");
    expect(unknown).to.include({ code: 'sql-error' });
    expect(unknown?.details).to.include({ hint: 'did you mean `upper`?', sqlPosition: 14 });
    const refused = await outcome("select '한' as x,\n  glob('x')");
    expect(refused?.details.sqlPosition).to.equal(20);
    const syntax = await outcome("select '한' from from input");
    expect(syntax).to.include({ code: 'sql-syntax' });
    expect(syntax?.details.sqlPosition).to.equal(17);
    expect((await outcome('select x from input, flights'))?.details.sqlPosition).to.equal(22);
  });

  it('is one SELECT without parameters of its own', async () => {
    const codes: Readonly<Record<string, string>> = {
      'select 1; select 2': 'multiple-statements',
      'select * from (pivot input on b using sum(a))': 'sql-error',
      "attach 'x' as y": 'sql-error',
      "copy input to 'x'": 'sql-error',
      'set threads = 1': 'sql-error',
      'select ?': 'sql-error',
      'select $1': 'sql-error',
      'select $a': 'sql-error',
    };
    for (const [sql, code] of Object.entries(codes)) expect((await outcome(sql))?.code, sql).to.equal(code);
  });

  it('is read at any depth, or refused as too deep', async () => {
    expect(await outcome(`select 1${' union all select 1'.repeat(20_000)}`)).to.equal(null);
    const deep = `select 1${' union all select 1'.repeat(2000)} union all select glob('x')`;
    expect((await outcome(deep))?.code).to.equal('read-only');
    for (const sql of [
      `select ${'('.repeat(50_000)}1${')'.repeat(50_000)}`,
      `select 1${' + 1'.repeat(20_000)}`,
      `${'select * from ('.repeat(2000)}select 1${')'.repeat(2000)}`,
    ])
      expect((await outcome(sql))?.code).to.equal('nesting-too-deep');
  }).timeout(30_000);

  it('the list is what the rules make of the functions that this engine has', async () => {
    const file = fileURLToPath(
      new URL('../../../../../workers/dsl/user-sql/sql-functions.ts', import.meta.url),
    );
    const biome = fileURLToPath(new URL('../../../../../node_modules/.bin/biome', import.meta.url));
    const written = execFileSync(biome, ['format', `--stdin-file-path=${file}`], {
      input: await renderEngineFunctions(duck),
      encoding: 'utf8',
    });
    expect(readFileSync(file, 'utf8'), 'run `npm run engine-functions`').to.equal(written);
  }).timeout(30_000);

  it('every function of this engine is either allowed or refused with a reason', async () => {
    const reader = await duck.runAndReadAll('SELECT DISTINCT lower(function_name) FROM duckdb_functions()');
    const known = new Set([...CALLABLE, ...CALLABLE_IN_FROM, ...Object.values(REFUSALS).flat()]);
    const unknown = reader
      .getRows()
      .map(([name]) => String(name))
      .filter((name) => !known.has(name));
    expect(unknown).to.deep.equal([]);
  });
});
