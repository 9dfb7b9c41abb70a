/**
 * Connectors tell more of a SQL text than its columns (`Session.facts`), here on real databases: whether its answer may change by
 * itself, and which tables it reads, through views, policies and functions.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { AskedFacts } from '../support/asked-facts.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { writeSqliteFile } from '../support/sqlite-file.ts';

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
  let asked: AskedFacts;

  before(async () => {
    database = await testDatabase();
    await database.admin(
      `${SCHEMA} alter role reader in database test set search_path = facts, facts_later, public`,
    );
    asked = await AskedFacts.open({ kind: 'postgres', url: database.url });
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

const NOTES = `
  create table notes (id integer primary key, body text, day date);
  create table tags (note integer, tag text);
  create view tagged as select n.id, t.tag from notes n join tags t on t.note = n.id;
  create view older as select * from notes where day < date('now', '-1 day');
  create virtual table found using fts5(body);`;

describe('facts of SQL, SQLite', function () {
  this.timeout(60_000);
  let dir: string;
  let asked: AskedFacts;

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'forkline-facts-'));
    await writeSqliteFile(join(dir, 'notes.db'), NOTES);
    asked = await AskedFacts.open({ kind: 'sqlite', path: join(dir, 'notes.db') });
  });

  after(async () => {
    await asked.end();
    rmSync(dir, { recursive: true });
  });

  const volatilities = {
    immutable: [
      'select id + 1, upper(body) from notes order by id limit 3',
      'select count(*) from tagged',
      "select bm25(found) from found where found match 'fox'",
      'with random_notes as (select id from notes) select * from random_notes',
    ],
    stable: [
      "select date('now')",
      'select current_timestamp',
      'select * from older',
      'select sqlite_version()',
    ],
    volatile: [
      'select random()',
      'select hex(randomblob(4)), date()',
      'explain select 1',
      'select * from sqlite_stmt',
    ],
  };
  for (const [expected, texts] of Object.entries(volatilities))
    for (const sql of texts)
      it(`${expected}: ${sql}`, async () => {
        const facts = await asked.facts(sql);
        expect(facts.volatility, JSON.stringify(facts)).to.equal(expected);
        expect(facts.because.length > 0).to.equal(expected !== 'immutable');
      });

  it('tables, those of views too, and those of one statement only', async () => {
    expect(await asked.tables('select * from tagged')).to.equal('main.notes main.tags main.tagged');
    expect(await asked.tables('select count(*) from notes')).to.equal('main.notes');
    expect(await asked.tables('select 1')).to.equal('');
  });

  it('a file is open however long that takes: no network is waited for', async () => {
    const patient = await AskedFacts.open({ kind: 'sqlite', path: join(dir, 'notes.db') }, 1);
    expect(await patient.volatility('select 1')).to.equal('immutable');
    await patient.end();
  });

  it('a statement that is refused is the error that it is when it runs', async () => {
    const failed = await asked.facts('delete from notes').catch((thrown) => thrown);
    expect(failed.code).to.equal('read-only');
    expect(await asked.volatility('select 1')).to.equal('immutable');
  });
});
