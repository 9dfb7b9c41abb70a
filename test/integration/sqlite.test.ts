/** SQLite files as a source, on a real server: what is read, what is refused, and how it ends. */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { connectionQueries } from '../support/connection-queries.ts';
import { testDatabase } from '../support/database.ts';
import { type Forkline, startForkline } from '../support/forkline.ts';
import { inTime } from '../support/in-time.ts';
import { codeOf, startLongQuery } from '../support/long-query.ts';
import { writeSqliteFile } from '../support/sqlite-file.ts';
import { until } from '../support/until.ts';

const NOTES = `
  create table notes (id integer primary key, city text, title varchar(40), rating real, price decimal(8,2), done boolean,
                      day date, at datetime, clock time, raw blob, extra json, anything);
  insert into notes values
    (1, 'ATL', 'one', 1.5, 10.25, 1, '2024-02-29', '2024-02-29 10:00:00.500', '08:30', x'00ff', '{"a": [1]}', 'text'),
    (2, 'ORD', 'zwei, "2"' || char(10) || '둘', -0.25, 3, 0, '1999-12-31', '1999-12-31T23:59', '23:59:59', x'', 'null', 'more'),
    (9223372036854775807, null, '', 1e300, null, null, null, null, null, null, null, null);
  create table odd (n integer, when_ datetime, flag boolean, amount decimal(5,2), d date, t text);
  insert into odd values (1, '2024-01-01 00:00', 1, 1.5, '2024-01-01', 'a');
  create table long_texts (body text);
  insert into long_texts values (printf('%.*c', 300000, 'x'));
  create view cities as select city, count(*) as n from notes group by city;
  create virtual table found using fts5(body);
  insert into found values ('the quick fox'), ('the slow dog');`;
const RUNAWAY = 'with recursive c(n) as (select 1 union all select n + 1 from c) select count(*) from c';

describe('SQLite files, on a server', function () {
  this.timeout(120_000);
  let dir: string;
  let forkline: Forkline;
  const at = (name: string): string => join(dir, name);

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'forkline-sqlite-'));
    await writeSqliteFile(at('notes.db'), NOTES);
    writeFileSync(at('text.db'), 'this is a text that somebody gave the name of a database');
    mkdirSync(at('folder.db'));
    await writeSqliteFile(at('wal.db'), 'create table t (a integer)');
    writeFileSync(at('wal.db-wal'), 'frames');
    // A program that has locked the file and writes keeps what was there in a journal beside it.
    await writeSqliteFile(at('locked.db'), 'create table t (a integer)');
    writeFileSync(at('locked.db-journal'), 'pages as they were');
    const kinds = ['notes', 'later', 'text', 'folder', 'wal', 'locked', 'changing', 'gone'];
    const files = kinds.map((name) => [name, { kind: 'sqlite', path: at(`${name}.db`) }]);
    await writeSqliteFile(at('changing.db'), 'create table t (a integer); insert into t values (1)');
    forkline = await startForkline({
      connections: { main: { url: (await testDatabase()).url }, ...Object.fromEntries(files) },
      sql: { processes: 1, connectionsPerProcess: 2 },
      limits: { dslRowBytes: 256 * 1024 },
    });
  });
  after(async () => {
    await forkline.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  const { answered, rows, problem } = connectionQueries(() => forkline);

  it('gives every type exactly, in every format', async () => {
    const query = '@notes select * from notes order by id';
    const { json } = await answered(query, { body: { numbers: 'string' } });
    expect(Object.fromEntries(json.columns.map(({ name, type }) => [name, type]))).to.deep.equal({
      ...{
        id: 'int64',
        city: 'string',
        title: 'string',
        rating: 'float64',
        price: 'decimal(8,2)',
        done: 'bool',
      },
      ...{ day: 'date', at: 'timestamp', clock: 'time', raw: 'bytes', extra: 'json', anything: 'string' },
    });
    const [first, second, third] = json.rows;
    expect(first).to.deep.equal({
      ...{ id: '1', city: 'ATL', title: 'one', rating: 1.5, price: '10.25', done: true, day: '2024-02-29' },
      ...{ at: '2024-02-29T10:00:00.5', clock: '08:30:00', raw: 'AP8=', extra: { a: [1] }, anything: 'text' },
    });
    expect(second).to.include({ title: 'zwei, "2"\n둘', price: '3.00', at: '1999-12-31T23:59:00', raw: '' });
    expect(third).to.include({ id: '9223372036854775807', title: '', rating: 1e300, day: null, raw: null });
    const csv = await answered('@notes select id, title, day from notes order by id', { format: 'csv' });
    expect(csv.text).to.equal(
      'id,title,day\r\n1,one,2024-02-29\r\n2,"zwei, ""2""\n둘",1999-12-31\r\n9223372036854775807,"",\r\n',
    );
  });

  it('gives stages the same rows', async () => {
    const query = '@notes select * from notes';
    const plain = await answered(`${query} order by id`, { body: { numbers: 'string' } });
    const staged = await answered(`${query} | sort id`, { body: { numbers: 'string' } });
    expect(staged.json.columns).to.deep.equal(plain.json.columns);
    expect(staged.json.rows).to.deep.equal(plain.json.rows);
    expect(await rows('@notes select * from cities | where n > 0 | stats sum(n) as n')).to.deep.equal([
      { n: 3 },
    ]);
    expect(await rows("@notes select body from found where found match 'fox'")).to.deep.equal([
      { body: 'the quick fox' },
    ]);
    expect(await rows('@notes select count(*) n, avg(rating) > 1 as big from notes')).to.deep.equal([
      { n: 3, big: 1 },
    ]);
    expect(await rows('@notes select * from (values (1, null), (2, null))')).to.deep.equal([
      { column1: 1, column2: null },
      { column1: 2, column2: null },
    ]);
    expect(await rows('@notes select 1 as a where 1 = 0')).to.deep.equal([]);
  });

  it('joins with PostgreSQL, from either side', async () => {
    const expected = await rows(
      "select origin as city, count(*) as n from flights where origin in ('ATL', 'ORD') group by 1 order by 1",
    );
    const fromNotes = `@notes select city from notes | join (select origin from flights) as f on city = f.origin
      | stats count() as n by city | sort city`;
    expect(await rows(fromNotes)).to.deep.equal(expected);
    const fromFlights = `select origin from flights | join (@notes select city from notes) as c on origin = c.city
      | stats count() as n by city | sort city`;
    expect(await rows(fromFlights)).to.deep.equal(expected);
  });

  it('binds values as what they were given as', async () => {
    const params = { n: 1, s: '1', f: 1.5, b: true, z: null };
    const query =
      '@notes select typeof(:n) n, typeof(:s) s, typeof(:f) f, :b + 0 as b, :z is null as z, length(title) > :n as longer';
    expect(await rows(`${query} from notes where id = :n`, params)).to.deep.equal([
      { n: 'integer', s: 'text', f: 'real', b: 1, z: 1, longer: 1 },
    ]);
    expect(
      await rows('@notes select id from notes where city = :c | eval id = id + :n', { c: 'ORD', n: 1 }),
    ).to.deep.equal([{ id: 3 }]);
    const listed = await problem('@notes select id from notes where id in (:ids)', {
      body: { params: { ids: [1, 2] } },
    });
    expect(listed.code).to.equal('bad-parameter');
  });

  it('reads, and does nothing else', async () => {
    const before = readFileSync(at('notes.db'));
    const names = readdirSync(dir);
    const refused = {
      'read-only': [
        'insert into notes (id) values (5)',
        "attach '/etc/passwd' as x",
        'pragma journal_mode = wal',
        'vacuum into "copy.db"',
        'with x as (select 1) insert into notes (id) select 1',
        'with x as (select 1) delete from notes',
        "select * from pragma_table_info('notes')",
        'explain attach "x" as y',
        'create temp table t (a)',
      ],
      'multiple-statements': ['select 1; select 2'],
      'unknown-function': [
        "select load_extension('x')",
        "select readfile('/etc/passwd')",
        "select edit('x')",
      ],
    };
    for (const [code, statements] of Object.entries(refused))
      for (const statement of statements) {
        const found = await problem(`@notes ${statement}`);
        // SQL that the language itself does not accept as a reading statement.
        expect(found.code, statement).to.be.oneOf([code, 'syntax']);
      }
    expect(readFileSync(at('notes.db')).equals(before)).to.equal(true);
    expect(readdirSync(dir)).to.deep.equal(names);
  });

  it('says where a mistake is, in the text as it was sent', async () => {
    const column = await problem("@notes select '둘' as a,\n  nope from notes");
    expect(column).to.include({ code: 'unknown-column' });
    expect(column.position).to.include({ line: 2, column: 3 });
    const staged = await problem('@notes select nope from notes | head 1');
    expect(staged.position).to.include({ line: 1, column: 15 });
    expect(await problem('@notes select from notes')).to.include({ code: 'sql-syntax' });
    expect(await problem('@notes select nope(1)')).to.include({ code: 'unknown-function' });
    expect(await problem('@notes select * from nope')).to.include({ code: 'sql-error' });
    expect((await problem('@notes select * from nope')).detail).to.match(/no such table: nope/);
  });

  it('refuses values that do not fit their column, by name and value', async () => {
    const wrong = ["'x'", '1.5', '9.9e9', "x'00'"];
    for (const [column, value] of [
      ...wrong.map((one) => ['n', one] as const),
      ['when_', '1700000000'],
      ['flag', '2'],
      ['amount', '1.234'],
      ['amount', '12345'],
      ['d', "'2024-02-30'"],
      ['t', "x'00'"],
    ] as const) {
      const sql = `@notes select ${column} from odd union all select ${column} from (select ${value} as ${column})`;
      for (const query of [sql, `${sql} | head 10`]) {
        const found = await forkline.query(query);
        // A union's column is declared as its first part is.
        expect(found.status, `${query}: ${found.text}`).to.equal(422);
        expect(found.text).to.include('"bad-value"').and.include(`column ${column} is`);
      }
    }
  });

  it('stops a query that would never end, by cancel and by deadline, and holds up nobody', async () => {
    const long = await startLongQuery(forkline, `@notes ${RUNAWAY}`, ['sql']);
    expect(await rows('select 1 as one')).to.deep.equal([{ one: 1 }]);
    expect(await rows('@notes select 1 as one')).to.deep.equal([{ one: 1 }]);
    const { json } = await forkline.get('/v1/queries');
    const running = (json.queries as { queryId: string; connection: string }[]).find(
      ({ connection }) => connection === 'notes',
    );
    const gone = await fetch(`${forkline.url}/v1/queries/${running!.queryId}`, { method: 'DELETE' });
    expect(gone.status).to.be.below(300);
    expect(codeOf(await long.answer)).to.equal('cancelled');
    const late = await problem(`@notes ${RUNAWAY}`, { body: { limits: { timeoutMs: 300 } } });
    expect(late.code).to.equal('deadline-exceeded');
    const staged = await problem(`@notes ${RUNAWAY} | head 1`, { body: { limits: { timeoutMs: 300 } } });
    expect(staged.code).to.equal('deadline-exceeded');
    expect(await rows('@notes select count(*) as n from notes')).to.deep.equal([{ n: 3 }]);
  });

  it('ends the thread of a query that SQLite does not stop, and begins another', async () => {
    // A search that goes on inside of one step.
    const stuck = "@notes select instr(zeroblob(20000000), zeroblob(10000000) || x'01') as at";
    for (const query of [stuck, `${stuck} | head 1`]) {
      const late = await problem(query, { body: { limits: { timeoutMs: 300 } } });
      expect(late.code).to.equal('deadline-exceeded');
      expect(await rows('select 1 as one')).to.deep.equal([{ one: 1 }]);
    }
    const again = async () => ((await forkline.query('@notes select 1 as one')).status === 200 ? true : null);
    await until(again, 20_000, 'sessions on the file are there again');
  });

  it('fails what it read while the file was written', async () => {
    const slow = `with recursive c(n) as (select 1 union all select n + 1 from c limit 10000000) select count(*) as n from c, t`;
    const long = await startLongQuery(forkline, `@changing ${slow}`, ['sql']);
    // Again and again: whoever sees the query run does not see when it opens the file.
    const writing = setInterval(() => utimesSync(at('changing.db'), new Date(), new Date()), 50);
    const answer = await long.answer.finally(() => clearInterval(writing));
    expect(answer.text).to.include('the SQLite file was written while it was read');
    expect(codeOf(answer)).to.equal('database-unavailable');
  });

  it('says that a file is gone, or became something else, while sessions have it open', async () => {
    const path = at('gone.db');
    await writeSqliteFile(path, 'create table t (a integer); insert into t values (1)');
    const found = async () => ((await forkline.query('@gone select a from t')).status === 200 ? true : null);
    await until(found, 20_000, 'the file is open');
    for (const [change, detail] of [
      [() => rmSync(path), 'the file does not exist'],
      [() => writeFileSync(path, 'no database any more'), 'the file is no SQLite database'],
    ] as const) {
      change();
      for (const query of ['@gone select a from t', '@gone select a from t | head 1']) {
        const gone = await problem(query);
        expect(gone, query).to.include({ code: 'database-unavailable' });
        expect(gone.detail).to.equal(`the database of connection "gone" is not available: ${detail}`);
      }
    }
    await writeSqliteFile(path, 'create table t (a integer); insert into t values (2)');
    expect(await rows('@gone select a from t')).to.deep.equal([{ a: 2 }]);
  });

  it('keeps limits', async () => {
    const numbers =
      '@notes with recursive c(n) as (select 1 union all select n + 1 from c limit 100000) select n from c';
    const capped = await answered(numbers, { body: { limits: { rows: 10 } } });
    expect(capped.json).to.include({ rowCount: 10, complete: false });
    const all = await answered(numbers);
    expect(all.json.rowCount).to.equal(100_000);
    expect(await rows(`${numbers} | stats sum(n) as s`)).to.deep.equal([{ s: 5_000_050_000 }]);
    expect(await rows(`${numbers} | head 3`)).to.have.length(3);
    for (const [query, code] of [
      ['select body from long_texts', 'result-too-large'],
      ['select body from long_texts | head 1', 'bad-value'],
      ['select hex(zeroblob(500000000))', 'memory-exceeded'],
    ] as const) {
      const found = await problem(`@notes ${query}`);
      expect(found.code, `${query}: ${found.detail}`).to.equal(code);
    }
  });

  it('says what is wrong with a file, and finds one that comes later', async () => {
    const unavailable = async (name: string): Promise<string> => {
      const found = await problem(`@${name} select 1 as one`);
      expect(found.code).to.equal('database-unavailable');
      expect(found.detail).to.not.include(dir);
      return found.detail;
    };
    expect(await unavailable('later')).to.match(
      /connection "later" is not available: the file does not exist/,
    );
    expect(await unavailable('text')).to.match(/the file is no SQLite database/);
    expect(await unavailable('folder')).to.match(/directory/);
    expect(await unavailable('wal')).to.match(/changes that are not in it yet .*-wal/);
    expect(await unavailable('locked')).to.match(/an unfinished change/);
    rmSync(at('locked.db-journal'));
    const unlocked = async () => (await forkline.query('@locked select count(*) as n from t')).status === 200;
    await until(unlocked, 20_000, 'the journal is gone');
    await writeSqliteFile(at('later.db'), 'create table t (a integer); insert into t values (7)');
    const found = async () => {
      const { status, json } = await forkline.query('@later select a from t');
      return status === 200 ? json.rows : null;
    };
    expect(await until(found, 20_000, 'the file is there')).to.deep.equal([{ a: 7 }]);
  });

  it('reads what a file became, also in the format of a WAL', async () => {
    expect(await rows('@changing select a from t')).to.deep.equal([{ a: 1 }]);
    await writeSqliteFile(
      at('changing.db'),
      'create table t (a text, b integer); insert into t values (2, 3)',
    );
    expect(await rows('@changing select a, b from t')).to.deep.equal([{ a: '2', b: 3 }]);
    expect(await rows('@changing select a from t | eval c = a')).to.deep.equal([{ a: '2', c: '2' }]);
    const bytes = readFileSync(at('changing.db'));
    bytes.fill(2, 18, 20);
    writeFileSync(at('changing.db'), bytes);
    expect(await rows('@changing select b from t')).to.deep.equal([{ b: 3 }]);
  });

  it('is explained and completed', async () => {
    const post = async (path: string, body: object) => {
      const headers = { 'Content-Type': 'application/json' };
      const response = await fetch(`${forkline.url}${path}`, {
        method: 'POST',
        headers,
        body: JSON.stringify(body),
      });
      return (await response.json()) as {
        stages: { where: string; why: string }[];
        items: { label: string }[];
      };
    };
    const { stages } = await post('/v1/explain', { query: '@notes select id from notes | head 3' });
    expect(stages[0]).to.include({
      where: 'worker',
      why: 'in SQLite any column may hold values of any type',
    });
    const query = '@notes select * from notes where ';
    const { items } = await inTime(() => post('/v1/complete', { query, position: query.length }));
    expect(items.map(({ label }) => label)).to.include.members(['price', 'anything']);
    const shown = await rows('explain @notes select id from notes | head 3');
    expect(shown.map((row) => row.stage)).to.deep.equal(['source', 'head']);
  });
});
