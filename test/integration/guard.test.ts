/**
 * Refusals of the guard, on a whole server and a real database in which its role may do everything: a refusal is then the
 * guard's own, and what got past it would be seen in the database (locks, sessions, files, statistics of functions).
 */
import { expect } from 'chai';
import pg from 'pg';
import { GRANTABLE_NAMES } from '../../connectors/postgres/guard/grantable-functions.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { type Answer, FEW_PROCESSES, type Forkline, startForkline } from '../support/forkline.ts';

interface Problem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly hint?: string;
  readonly position?: { readonly line: number; readonly column: number };
}

const problemOf = (answer: Answer): Problem => JSON.parse(answer.text);

const OWN_FUNCTIONS = `
  create schema billing;
  create type billing.point as (x int, y int);
  create table billing.orders (id int, total numeric, place billing.point);
  insert into billing.orders values (1, 12.5, row(3, 4));
  create function billing.net(numeric) returns numeric language sql immutable as 'select $1 * 0.8';
  create function billing.first_total() returns numeric language sql stable as 'select min(total) from billing.orders';
  create function billing.noisy(int) returns int language sql volatile as 'select $1';
  create function billing.trusted(int) returns int language plpgsql volatile as 'begin return $1 + 1; end';
  create function billing.fold(int) returns int language plpgsql immutable as 'begin return $1 + 1; end';
  create function billing.as_owner(int) returns int language sql stable security definer as 'select $1';
  create function billing.with_setting(int) returns int language sql stable set work_mem = '1MB' as 'select $1';
  create function billing.of_row(billing.orders) returns int language plpgsql volatile as 'begin return 7; end';
  create function billing.of_point(billing.point) returns int language plpgsql volatile as 'begin return 8; end';
  create function billing.total(int) returns int language plpgsql volatile as 'begin return 9; end';
  create function billing.lower(billing.point) returns int language plpgsql volatile as 'begin return 10; end';
  create function billing.step(int, int) returns int language plpgsql volatile as 'begin return $1 + $2; end';
  create aggregate billing.loud(int) (sfunc = billing.step, stype = int, initcond = '0');
  create aggregate billing.quiet(int) (sfunc = int4pl, stype = int, initcond = '0');
  drop extension if exists tablefunc, citext, "uuid-ossp", dblink cascade; -- of another suite on this database
  create extension tablefunc schema billing;
  create extension citext schema billing;
  create extension "uuid-ossp" schema billing;
  create extension dblink schema billing;
  alter database test set track_functions = 'all';
  alter database test set search_path = public, billing`;

describe('guard', function () {
  this.timeout(120_000);
  let database: TestDatabase;
  let forkline: Forkline;

  before(async () => {
    database = await testDatabase();
    await database.admin(OWN_FUNCTIONS);
    const strong = { url: database.adminUrl, allowPowerfulRole: true };
    forkline = await startForkline({
      ...FEW_PROCESSES,
      connections: {
        main: strong,
        listed: {
          ...strong,
          allowFunctions: ['billing.trusted', 'billing.loud', 'billing.dblink_get_notify'],
        },
      },
    });
  });

  after(async () => {
    await forkline.stop();
    await database.admin(`drop schema billing cascade;
      alter database test reset track_functions; alter database test reset search_path`);
  });

  const run = (text: string, body: Readonly<Record<string, unknown>> = {}) => forkline.query(text, { body });

  async function expectRefused(
    text: string,
    name: string,
    body: Readonly<Record<string, unknown>> = {},
  ): Promise<void> {
    const problem = problemOf(await run(text, body));
    expect(problem, text).to.include({ status: 403, code: 'read-only' });
    expect(problem.detail, text).to.include(name);
    expect(problem.position, text).to.not.equal(undefined);
  }

  describe('functions called by attribute notation', () => {
    const ATTACKS = [
      [
        'select (pid).pg_terminate_backend as a from pg_stat_activity where pid <> pg_backend_pid()',
        'pg_terminate_backend',
      ],
      ["select (('select set_config(''role'', ''reader'', false)'::text).ts_stat).word as a", 'ts_stat'],
      ['select (0.5::float8).setseed::text as a', 'setseed'],
      ['select (1::bigint).pg_advisory_lock::text as a', 'pg_advisory_lock'],
      ["select ('/etc/passwd'::text).pg_read_file as a", 'pg_read_file'],
      ['select (array[1::bigint])[1]."pg_advisory_lock"::text as a', 'pg_advisory_lock'],
      ['select g.pg_advisory_lock::text as a from generate_series(1::bigint, 1) as g', 'pg_advisory_lock'],
      [`select (1::bigint).U&"pg\\005fadvisory_lock"::text as a`, 'pg_advisory_lock'],
      ['select (1::bigint) /* ( */ . -- )\n pg_advisory_lock::text as a', 'pg_advisory_lock'],
    ] as const;

    const PLACES: readonly (readonly [string, (sql: string) => string])[] = [
      ['SQL alone', (sql) => sql],
      ['stages', (sql) => `${sql} | head 1`],
      ['stages in a worker', (sql) => `set pushdown = off; ${sql} | head 1`],
      ['a join', (sql) => `select '1' as a | join (${sql}) as b on a = b.a`],
      ['a lookup', (sql) => `select '1' as a | lookup (${sql}) a output a as b`],
      ['a union', (sql) => `select '1' as a | union (${sql})`],
      ['a union of another connection', (sql) => `select '1' as a | union (@listed ${sql})`],
      ['a let', (sql) => `let x = (${sql}); x | head 1`],
      ['a let alone', (sql) => `let x = (${sql}); x`],
      ['brackets', (sql) => `((${sql} | head 1) | head 1) | head 1`],
      ['our explain', (sql) => `explain ${sql} | head 1`],
      ['a CTE', (sql) => `with x as materialized (${sql}) select * from x`],
      ['EXPLAIN', (sql) => `explain analyze ${sql}`],
      ['a subquery', (sql) => `select 1 where exists (${sql})`],
    ];

    for (const [place, around] of PLACES)
      it(`are refused in ${place}`, async () => {
        for (const [sql, name] of ATTACKS) await expectRefused(around(sql), name);
      });

    it('are refused for binary formats, explain and with parameters', async () => {
      for (const format of ['arrow', 'parquet', 'csv', 'ndjson'])
        await expectRefused('select (1::bigint).pg_advisory_lock::text', 'pg_advisory_lock', { format });
      await expectRefused('select (:n::bigint).pg_advisory_lock', 'pg_advisory_lock', { params: { n: 1 } });
      await expectRefused('select :n.pg_advisory_lock', 'pg_advisory_lock', { params: { n: 1 } });
      const explained = await forkline.get(
        `/v1/explain?q=${encodeURIComponent('select (1::bigint).pg_advisory_lock')}`,
      );
      expect(problemOf(explained)).to.include({ status: 403, code: 'read-only' });
    });

    it('took no lock and ended no session', async () => {
      const { rows } = await database.admin(
        "select count(*)::int as locks from pg_locks where locktype = 'advisory'",
      );
      expect(rows).to.deep.equal([{ locks: 0 }]);
    });

    it('leave composite fields and columns alone', async () => {
      const sql =
        'select (o.place).x, (o.place).y as y2, o.total, (row(1, 2)).f2, (select (o.place).y) as z from billing.orders o';
      expect((await run(sql)).json.rows).to.deep.equal([{ x: 3, y2: 4, total: 12.5, f2: 2, z: 4 }]);
      const staged = await run(`${sql} | where x = 3 | fields x, z`);
      expect(staged.json.rows).to.deep.equal([{ x: 3, z: 4 }]);
      const keys = await run('select (information_schema._pg_expandarray(array[5, 6])).n');
      expect(keys.json.rows).to.deep.equal([{ n: 1 }, { n: 2 }]);
    });
  });

  describe('functions of the database’s own', () => {
    it('are called when they are IMMUTABLE or STABLE in plain SQL', async () => {
      const sql =
        'select net(10) as a, billing.first_total() as b, (10::numeric).net as c, quiet(id) as d from billing.orders group by 1, 2, 3';
      expect((await run(sql)).json.rows).to.deep.equal([{ a: 8, b: 12.5, c: 8, d: 1 }]);
    });

    for (const [sql, name, why] of [
      ['select noisy(1) as a', 'billing.noisy', 'VOLATILE'],
      ['select billing.trusted(1) as a', 'billing.trusted', 'VOLATILE'],
      ['select fold(1) as a', 'billing.fold', 'plpgsql'],
      ['select (1).fold as a', 'billing.fold', 'plpgsql'],
      ['select as_owner(1) as a', 'billing.as_owner', 'SECURITY DEFINER'],
      ['select with_setting(1) as a', 'billing.with_setting', 'settings'],
      ['select o.of_row as a from billing.orders o', 'billing.of_row', 'VOLATILE'],
      ['select (o.place).of_point as a from billing.orders o', 'billing.of_point', 'VOLATILE'],
      ['select lower(place) as a from billing.orders', 'billing.lower', 'VOLATILE'],
      ['select loud(id) as a from billing.orders', 'billing.loud', 'aggregate'],
      ['select * from (select (o.place).of_point) x, billing.orders o', 'billing.of_point', 'VOLATILE'],
      ["select * from billing.normal_rand(1, 1, 1), billing.crosstab4('select 1')", 'crosstab4', 'string'],
      ["select ('dbname=test'::text).dblink_connect as a", 'billing.dblink_connect', 'VOLATILE'],
      ["select (('select 1'::text).crosstab2).row_name as a", 'billing.crosstab2', 'extension tablefunc'],
    ] as const)
      for (const stages of ['', ' | head 1', ' | head 1'])
        it(`are refused otherwise: ${sql}${stages}`, async () => {
          const problem = problemOf(await run(sql + stages));
          expect(problem).to.include({ status: 403, code: 'read-only' });
          expect(problem.detail).to.include(name).and.to.include(why);
          if (name.startsWith('billing.')) {
            expect(problem.hint).to.include(`"allowFunctions": ["${name}"]`);
            expect(problem.position?.column).to.be.above(7);
          }
        });

    it('are called when the configuration lists them', async () => {
      const listed = { connection: 'listed' };
      expect((await run('select trusted(1) as a', listed)).json.rows).to.deep.equal([{ a: 2 }]);
      expect((await run('select billing.trusted(1) as a | head 1', listed)).json.rows).to.deep.equal([
        { a: 2 },
      ]);
      expect((await run('select loud(id) as a from billing.orders', listed)).json.rows).to.deep.equal([
        { a: 1 },
      ]);
      expect((await run('select * from dblink_get_notify()', listed)).status).to.equal(200);
      await expectRefused("select * from dblink('x') as t(a int)", 'dblink', listed);
      await expectRefused('select fold(1)', 'billing.fold', listed);
    });

    it('are not called while a query is only described, planned or explained', async () => {
      // Lists the functions that the tests above call successfully.
      const called = ['net', 'first_total', 'trusted', 'step', 'dblink_get_notify', '_pg_expandarray'];
      const { rows } = await database.admin(
        'select funcname from pg_stat_user_functions where funcname <> all ($1)',
        [called],
      );
      expect(rows).to.deep.equal([]);
    });

    it('of extensions that only compute are called', async () => {
      const sql =
        "select ('a'::citext = 'A')::text as same, regexp_match('Ab'::citext, 'aB') is not null as found, length(uuid_generate_v4()::text) as n";
      expect((await run(sql)).json.rows).to.deep.equal([{ same: 'true', found: true, n: 36 }]);
    });

    it('do not stand in the way of a column of their name', async () => {
      expect((await run('select o.total from billing.orders o')).json.rows).to.deep.equal([{ total: 12.5 }]);
      expect((await run('select o.total as t from billing.orders o | eval x = t + 1')).status).to.equal(200);
    });
  });

  it('refuses EXPLAIN of what may not run, and whatever writes or locks', async () => {
    for (const sql of [
      'explain analyze select 1 into t',
      'explain (analyze) create table t as select 1',
      'explain analyze create materialized view t as select 1',
      'explain analyze execute p',
      'explain declare c cursor for select 1',
      'explain analyze delete from billing.orders',
      'explain analyze with x as (delete from billing.orders returning 1) select * from x',
      'with x as (delete from billing.orders returning 1) select * from x',
      'with x as (insert into billing.orders values (2) returning 1) select * from x',
      'select 1 as a into t',
      'select * from billing.orders for update',
      'select * from (select * from billing.orders for share) x',
      'explain select * from billing.orders for no key update',
    ])
      expect(problemOf(await run(sql)), sql).to.include({ status: 403, code: 'read-only' });
    for (const sql of [
      'explain select 1',
      'explain (analyze, format json) select * from billing.orders',
      'show work_mem',
    ])
      expect((await run(sql)).status, sql).to.equal(200);
    expect((await database.admin('select to_regclass($1) is null as none', ['t'])).rows).to.deep.equal([
      { none: true },
    ]);
  });

  it('takes `;;` behind a statement for one statement', async () => {
    for (const text of ['select 1 as a;;', 'select 1 as a ; ;\n; -- c', 'select 1 as a;; | head 1'])
      expect((await run(text)).json.rows, text).to.deep.equal([{ a: 1 }]);
    for (const text of ['select 1;; select 2', 'select 1; x', 'select 1;;(select 2)'])
      expect(problemOf(await run(text)).code, text).to.equal('multiple-statements');
  });

  it('says of a mistake in writing what the database would say', async () => {
    const client = new pg.Client({ connectionString: database.adminUrl });
    await client.connect();
    try {
      for (const sql of [
        'select from where',
        'select 1 form t x',
        'select * frm t',
        "select 'ü', 😀 from",
        'select (1',
        'select 1 +',
        'with a as select 1',
        'select 1 limit 1, 2',
        'table',
        'values 1',
        'select $1 order',
        'explain',
        'show',
        'select a b c from t',
        'select case when 1 end else',
        'select "" from t',
        `select U&"\\00zz" from t`,
        'select 1 union',
        'select x from (select 1) as',
        'select 0x, 1_',
        'select * from t tablesample',
        'select count(*) over (range between unbounded following and current row)',
      ]) {
        const said = await client.query({ text: sql, values: [] }).catch((error: pg.DatabaseError) => error);
        if (!(said instanceof pg.DatabaseError)) throw new Error(`the database takes it: ${sql}`);
        const told = problemOf(await run(sql));
        if (told.code === 'syntax') continue; // our own lexer finds that a bracket is not closed
        expect([told.detail, told.code], sql).to.deep.equal([
          said.message,
          said.code === '42601' ? 'sql-syntax' : told.code,
        ]);
        if (said.position === undefined) continue;
        // At the end of the input the last character is shown.
        const column = Math.min(Number(said.position), [...sql].length);
        expect(told.position?.column, sql).to.equal(column);
      }
    } finally {
      await client.end();
    }
  });

  it('lets through what the catalogue’s own views and clients’ introspection call', async () => {
    const views =
      await database.admin(`select quote_ident(schemaname) || '.' || quote_ident(viewname) as name from pg_views
      where schemaname in ('pg_catalog', 'information_schema')`);
    expect(views.rows.length).to.be.above(100);
    const columns =
      await database.admin(`select distinct attname as name from pg_attribute join pg_class on pg_class.oid = attrelid
      where relnamespace in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace) and attnum > 0`);
    const list = columns.rows.map(({ name }) => `t."${name}"`).join(', ');
    // No column of the catalogue has a name that is refused: the database says that the table has none of them.
    expect(problemOf(await run(`select ${list} from billing.orders t`)).code).to.equal('unknown-column');
    expect(
      (await run('select * from pg_stat_activity a where a.pid = pg_backend_pid() | head 1')).status,
    ).to.equal(200);
  });

  it('knows PostgreSQL’s functions that grants take away', async () => {
    const { rows } = await database.admin(
      'select name from unnest($1::text[]) as name where not exists (select from pg_proc where proname = name)',
      [GRANTABLE_NAMES],
    );
    expect(rows).to.deep.equal([]);
  });
});
