/**
 * Connectors tell more of a SQL text than its columns (`Session.facts`), here on real databases: whether its answer may change by
 * itself, and which tables it reads, through views, policies and functions.
 */
import { expect } from 'chai';
import type { Connection, OpenedSession, Session } from '../../connectors/kit/connector.ts';
import { connectionOf } from '../../connectors/registry.ts';
import { Cancellation } from '../../core/process/cancellation.ts';
import type { ConnectionConfig } from '../../core/protocol/connection.ts';
import type { DialectName } from '../../core/protocol/dialect-name.ts';
import type { SqlFacts } from '../../core/protocol/sql-facts.ts';
import { judgeOf } from '../../language/dialects/registry.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';

/** Asks the way the server does: the judge finds the names, the session says what they are. */
class Asked {
  readonly #session: Session;
  readonly #dialect: DialectName;

  constructor(session: Session, dialect: DialectName) {
    this.#session = session;
    this.#dialect = dialect;
  }

  static async open(config: ConnectionConfig, dialect: DialectName): Promise<Asked> {
    const options = { name: 'main', workerId: 'test', connectTimeoutMs: 10_000 };
    const connection: Connection = await connectionOf(config, options);
    const opened: OpenedSession = await connection.open();
    await judgeOf(dialect).load();
    return new Asked(opened.session, dialect);
  }

  async facts(sql: string, values: readonly (string | null)[] = []): Promise<SqlFacts> {
    const names = judgeOf(this.#dialect).namesIn(sql, values);
    const deadlineAt = Date.now() + 20_000;
    const control = { cancellation: new Cancellation(), deadlineAt, dispose: () => {} };
    return this.#session.facts({ queryId: 'q', connection: 'main', deadlineAt, sql, names }, control);
  }

  async volatility(sql: string, values?: readonly (string | null)[]): Promise<string> {
    return (await this.facts(sql, values)).volatility;
  }

  /** Returns the tables' names with their schemas; null when they are not known. */
  async tables(sql: string): Promise<string | null> {
    const { tables } = await this.facts(sql);
    return tables === null ? null : tables.map(({ schema, name }) => `${schema}.${name}`).join(' ');
  }

  end(): Promise<void> {
    return this.#session.end();
  }
}

const SCHEMA = `
  create schema facts; create schema facts_later;
  create table facts.orders (id int, city text, "from" int, placed timestamptz);
  create table facts_later.orders (id int);
  create table facts.lines (id int) partition by range (id);
  create table facts.lines_1 partition of facts.lines for values from (0) to (10);
  create table facts.secret (id int, owner name);
  alter table facts.secret enable row level security;
  create table facts.members (name name);
  create policy mine on facts.secret using (owner in (select name from facts.members where name = current_user));
  create view facts.recent as select * from facts.orders where placed > now() - interval '1 day';
  create view facts.today as select * from facts.orders where placed >= current_date;
  create view facts.read_as_date as select city::date as day from facts.orders;
  create view facts.casts as select id::text as id from facts.orders;
  create view facts.sampled as select * from facts.orders tablesample bernoulli (10);
  create view facts.nested as select count(*) from facts.recent r join facts.lines l using (id);
  create materialized view facts.kept as select random() as x from facts.orders;
  create sequence facts.numbers;
  create function facts.twice(int) returns int language sql immutable as 'select $1 * 2';
  create function facts.largest() returns int language sql stable as 'select max(id) from facts.orders';
  create function facts.smallest() returns int language sql stable begin atomic select min(id) from facts.orders; end;
  create function facts.noisy(int) returns int language sql volatile as 'select $1';
  create function facts.noisy(text) returns text language sql immutable as 'select $1';
  create function facts.of_order(facts.orders) returns int language sql volatile as 'select 1';
  create function facts.loud(int, int) returns int language plpgsql volatile as 'begin return $1 + $2; end';
  create aggregate facts.loud_sum(int) (sfunc = facts.loud, stype = int, initcond = '0');
  create operator facts.@@@ (function = facts.loud, leftarg = int, rightarg = int);
  grant usage on schema facts, facts_later to public;
  grant select on all tables in schema facts, facts_later to public;`;

describe('facts of SQL, PostgreSQL', function () {
  this.timeout(60_000);
  let database: TestDatabase;
  let asked: Asked;

  before(async () => {
    database = await testDatabase();
    await database.admin(
      `${SCHEMA} alter role reader in database test set search_path = facts, facts_later, public`,
    );
    asked = await Asked.open({ kind: 'postgres', url: database.url }, 'postgres');
  });

  after(async () => {
    await asked.end();
    await database.admin(
      'drop schema facts cascade; drop schema facts_later cascade; alter role reader in database test reset search_path',
    );
  });

  const volatilities = {
    immutable: [
      'select 1',
      'select id + 1, upper(city) from orders where id between 1 and 2 order by city limit 10',
      "with a as (select 1 as x) select count(*) from a join orders o on o.id = a.x where city like 'n%'",
      'select twice(id), "from" from orders',
      'select * from kept',
      'select * from casts',
      'values (1), (2)',
      'table orders',
      'select o.city, o.placed from orders o',
      "select date '2024-01-01', placed::date from orders",
    ],
    stable: [
      'select now()',
      'select current_date',
      'select current_user',
      "select 'now'::timestamptz",
      "select date 'Today'",
      'select * from recent',
      'select * from today',
      'select * from nested',
      'select * from read_as_date',
      'select largest()',
      'select smallest()',
      'select * from secret',
      'show timezone',
    ],
    volatile: [
      'select random()',
      'select clock_timestamp()',
      'select gen_random_uuid()',
      'select noisy(1)',
      "select noisy('a')",
      'select o.of_order from orders o',
      'select (o).of_order from orders o',
      'select loud_sum(id) from orders',
      'select 1 operator(facts.@@@) 2',
      'select * from orders tablesample bernoulli (10)',
      'select * from sampled',
      'select * from pg_stat_activity',
      'select count(*) from information_schema.tables',
      'select last_value from numbers',
      'explain select 1',
      'select now(), random()',
    ],
    unknown: ['select * from nowhere', 'select * from other.orders'],
  };
  for (const [expected, texts] of Object.entries(volatilities))
    for (const sql of texts)
      it(`${expected}: ${sql}`, async () => {
        const facts = await asked.facts(sql);
        expect(facts.volatility, JSON.stringify(facts)).to.equal(expected);
        expect(facts.because.length > 0).to.equal(expected !== 'immutable' || facts.tables === null);
      });

  it('a value that is read as a passing moment', async () => {
    expect(await asked.volatility('select $1::date', ['2024-01-01'])).to.equal('immutable');
    expect(await asked.volatility('select $1::date', ['yesterday'])).to.equal('stable');
  });

  it('tables by the search path, and those of views, partitions, policies and bodies', async () => {
    const tables = (sql: string): Promise<string | null> => asked.tables(sql);
    expect(await tables('select 1')).to.equal('');
    expect(await tables('select * from orders')).to.equal('facts.orders');
    expect(await tables('select * from facts_later.orders')).to.equal('facts_later.orders');
    expect(await tables('select * from nested')).to.equal(
      'facts.lines facts.lines_1 facts.nested facts.orders facts.recent',
    );
    expect(await tables('select * from secret')).to.equal('facts.members facts.secret');
    expect(await tables('select smallest()')).to.equal('facts.orders');
    expect(await tables('select * from kept')).to.equal('facts.kept');
    expect(await tables('with lines as (select 1) select * from lines'), 'more rather than fewer').to.equal(
      'facts.lines facts.lines_1',
    );
    expect(await tables('with unknown_name as (select 1) select * from unknown_name')).to.equal('');
  });

  it('tables that cannot be known', async () => {
    const { tables, because } = await asked.facts('select largest()');
    expect(tables).to.equal(null);
    expect(because).to.include('facts.largest() may read any table');
    expect(await asked.tables('select * from nowhere')).to.equal(null);
  });

  it('says why', async () => {
    const { because } = await asked.facts('select * from recent where random() > 0.5');
    expect(because).to.deep.equal(['pg_catalog.now() is STABLE', 'pg_catalog.random() is VOLATILE']);
  });

  it('a text that is no SQL is the error that it is when it runs', async () => {
    const failed = await asked.facts('select from where').catch((thrown) => thrown);
    expect(failed.code).to.equal('sql-syntax');
  });
});
